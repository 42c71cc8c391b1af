package followup_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/followup"
)

const someCase = hostID + "-0123456789abcdef"

// refused are events that the follow-up must not take for one of its own.
var refused = []string{
	``, `null`, `true`, `[]`, `{}`, `"sweep"`, `{"sweep":false}`, `{"sweep":1}`, `{"sweep":"true"}`, `{"Sweep":true}`, `{"SWEEP":true}`,
	`{"sweep":true,"sweep":true}`, `{"sweep":true,"advance":{"caseId":"` + someCase + `"}}`, `{"sweep":true} x`, `{"sweep":true}{}`, `{"sweep":true`,
	`{"count":true}`, `{"caseId":"` + someCase + `"}`,
	`{"advance":null}`, `{"advance":"` + someCase + `"}`, `{"advance":{}}`, `{"advance":{"caseid":"` + someCase + `"}}`, `{"advance":{"caseId":7}}`,
	`{"advance":{"caseId":""}}`, `{"advance":{"caseId":"i-0a1b2c3d4e5f60718"}}`, `{"advance":{"caseId":"../../other-0123456789abcdef"}}`,
	`{"advance":{"caseId":"` + hostID + `-0123456789ABCDEF"}}`, `{"advance":{"caseId":"` + someCase + `0"}}`,
	`{"advance":{"caseId":"` + someCase + `","done":true}}`, `{"advance":{"caseId":"` + someCase + `","caseId":"` + someCase + `"}}`,
	`{"finish":{}}`, `{"finish":{"caseId":"` + someCase + `","finding":"dumped"}}`, `{"finish":{"caseId":"` + someCase + `","failure":"no"}}`,
	`{"finish":{"caseId":"` + someCase + `","failure":{"Error":1}}}`, `{"finish":{"caseId":"` + someCase + `","failure":{"error":"x"}}}`,
	`{"Records":[]}`, `{"Records":{}}`, `{"Records":[1]}`, `{"records":[]}`, `{"Records":[{"messageId":"1","body":"{}"}]}`,
	`{"Records":[{"messageId":"1","eventSource":"aws:sns","body":"{}"}]}`, `{"Records":[{"messageId":"","eventSource":"aws:sqs","body":"{}"}]}`,
	`{"instanceIds":["i-0a1b2c3d4e5f60718"],"reason":"hangs"}`,
	`{"version":"0","source":"aws.events","detail-type":"Scheduled Event","detail":{}}`,
}

func TestAnyOtherEventIsRefusedAndNothingIsAsked(t *testing.T) {
	w := newWorld(t)
	for _, event := range refused {
		if _, err := w.invoke(w.gate.arm(t.Context(), beforeEffect, 0), event); !errors.Is(err, followup.ErrEvent) {
			t.Errorf("%s: %v", event, err)
		}
		if w.gate.disarm(); w.gate.calls != [3]int{} {
			t.Errorf("%s: it calls something", event)
		}
	}
}

func TestWhatIsRefusedNeverFillsTheLog(t *testing.T) {
	w := newWorld(t)
	_, err := w.invoke(t.Context(), `{"sweep":"`+strings.Repeat("\\n", 100_000)+`"}`)
	if err == nil || len(err.Error()) > 1000 {
		t.Errorf("%v", err)
	}
}

// queued is a batch of the follow-up's queue.
func queued(bodies ...string) string {
	var records []string
	for i, body := range bodies {
		records = append(records, fmt.Sprintf(`{"messageId":"m%d","receiptHandle":"h","body":%q,"attributes":{},"messageAttributes":{},`+
			`"md5OfBody":"x","eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:eu-central-1:111122223333:crashcart-followup","awsRegion":"eu-central-1"}`, i, body))
	}
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}

func again(t *testing.T, answer any, err error) (ids []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range answer.(events.SQSEventResponse).BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return ids
}

func TestAMessageStartsItsCaseOnceHoweverOftenItComes(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		answer, err := w.invoke(t.Context(), queued(config.FollowMessage(someCase)))
		if ids := again(t, answer, err); len(ids) > 0 {
			t.Errorf("%q must come again", ids)
		}
	}
	if w.runs[someCase] == nil || len(w.runs) != 1 {
		t.Errorf("started %v", w.runs)
	}
}

// Otherwise one bad message would keep a whole batch from being followed, or be lost.
func TestAMessageThatCannotBeReadNeverKeepsAnotherFromItsCase(t *testing.T) {
	w := newWorld(t)
	other := "i-0a1b2c3d4e5f60719-0123456789abcdef"
	w.noStart[other] = errors.New("ThrottlingException: rate exceeded")
	answer, err := w.invoke(t.Context(), queued(`{"caseId":"x"}`, config.FollowMessage(other), config.FollowMessage(someCase), `hello`))
	if got := strings.Join(again(t, answer, err), " "); got != "m0 m1 m3" {
		t.Errorf("%s must come again", got)
	}
	if w.runs[someCase] == nil || len(w.runs) != 1 {
		t.Errorf("started %v", w.runs)
	}
}

func FuzzEvent(f *testing.F) {
	for _, event := range refused {
		f.Add(event)
	}
	f.Add(advanceEvent(someCase))
	f.Add(finishEvent(someCase, `,"failure":{"Error":"States.Timeout","Cause":"late"}`))
	f.Add(config.SweepEvent)
	f.Add(queued(config.FollowMessage(someCase)))
	f.Fuzz(func(t *testing.T, event string) {
		w := newWorld(t)
		// Whatever comes, it is refused or answered.
		if answer, err := w.invoke(t.Context(), event); err == nil && answer == nil {
			t.Errorf("%q has no answer", event)
		}
	})
}
