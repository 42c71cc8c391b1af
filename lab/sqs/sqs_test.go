package sqs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"crashcart/lab/clock"
	"crashcart/lab/sqs"
)

// function is a consumer that remembers what it was given and when.
type function struct {
	mu     sync.Mutex
	clock  clock.Clock
	got    []events.SQSMessage
	at     []time.Time // lab time
	batch  []int
	answer func(events.SQSEvent) (string, error)
}

func (f *function) invoke(_ context.Context, payload []byte) ([]byte, error) {
	var e events.SQSEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batch = append(f.batch, len(e.Records))
	for _, r := range e.Records {
		f.got, f.at = append(f.got, r), append(f.at, f.clock.Now())
	}
	if f.answer == nil {
		return []byte(`{"batchItemFailures":[]}`), nil
	}
	answer, err := f.answer(e)
	return []byte(answer), err
}

func (f *function) bodies() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, m := range f.got {
		out = append(out, m.Body)
	}
	return strings.Join(out, " ")
}

func TestADelayRunsInLabTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewScaled(60)
		q, f := sqs.NewQueue(c, sqs.Config{Name: "intake"}), &function{clock: c}
		m := sqs.Map(q, 2, f.invoke)
		defer m.Close()
		start := c.Now()
		q.Send("late", nil, 5*time.Minute)
		q.Send("soon", nil, 0)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if f.bodies() != "soon late" || len(q.Messages()) != 0 {
			t.Fatalf("delivered %q, left %v", f.bodies(), q.Messages())
		}
		if got := f.at[1].Sub(start); got < 5*time.Minute || got > 5*time.Minute+time.Second {
			t.Errorf("a delay of 5m took %s of lab time", got)
		}
	})
}

func TestWhatWasNotHandledComesBackAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(events.SQSEvent) (string, error)
		want   string // bodies in order of delivery, two rounds
	}{
		"partial failure": {func(e events.SQSEvent) (string, error) {
			for _, r := range e.Records {
				if r.Body == "b" {
					return fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":%q}]}`, r.MessageId), nil
				}
			}
			return `{}`, nil
		}, "a b c b"},
		"function error":   {func(events.SQSEvent) (string, error) { return "", errors.New("unhandled") }, "a b c a b c"},
		"unknown id":       {func(events.SQSEvent) (string, error) { return `{"batchItemFailures":[{"itemIdentifier":"x"}]}`, nil }, "a b c a b c"},
		"badly named id":   {func(events.SQSEvent) (string, error) { return `{"batchItemFailures":[{"id":"x"}]}`, nil }, "a b c a b c"},
		"null is success":  {func(events.SQSEvent) (string, error) { return `null`, nil }, "a b c"},
		"empty is success": {func(events.SQSEvent) (string, error) { return `{"batchItemFailures":[]}`, nil }, "a b c"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clk := clock.NewScaled(60)
				q, f := sqs.NewQueue(clk, sqs.Config{Name: "intake", Visibility: time.Minute}), &function{clock: clk, answer: c.answer}
				for _, body := range []string{"a", "b", "c"} {
					q.Send(body, nil, 0)
				}
				m := sqs.Map(q, 1, f.invoke)
				defer m.Close()
				time.Sleep(1500 * time.Millisecond) // 90 lab seconds: one visibility timeout passes
				synctest.Wait()
				if got := f.bodies(); got != c.want {
					t.Errorf("delivered %q, want %q", got, c.want)
				}
				for i, r := range f.got {
					if want := 1 + i/3; r.Attributes["ApproximateReceiveCount"] != fmt.Sprint(want) {
						t.Errorf("%s: receive count %s, want %d", r.Body, r.Attributes["ApproximateReceiveCount"], want)
					}
				}
			})
		})
	}
}

func TestAPoisonMessageEndsInTheDeadLetterQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewScaled(60)
		dlq := sqs.NewQueue(c, sqs.Config{Name: "dead"})
		q := sqs.NewQueue(c, sqs.Config{Name: "intake", MaxReceive: 3, DeadLetter: dlq})
		f := &function{clock: c, answer: func(events.SQSEvent) (string, error) { return "", errors.New("unhandled") }}
		m := sqs.Map(q, 1, f.invoke)
		defer m.Close()
		id := q.Send("poison", nil, 0)
		time.Sleep(time.Minute)
		synctest.Wait()
		if f.bodies() != "poison poison poison" || len(q.Messages()) != 0 {
			t.Errorf("delivered %q, left %v", f.bodies(), q.Messages())
		}
		if dead := dlq.Messages(); len(dead) != 1 || dead[0].ID != id || dead[0].Body != "poison" {
			t.Errorf("dead letters: %+v", dead)
		}
	})
}

func TestDuplicateDeliversOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewScaled(60)
		q, f := sqs.NewQueue(c, sqs.Config{Name: "intake", Duplicate: true}), &function{clock: c}
		m := sqs.Map(q, 1, f.invoke)
		defer m.Close()
		q.Send("x", nil, 0)
		time.Sleep(time.Minute)
		synctest.Wait()
		if f.bodies() != "x x" || f.got[0].MessageId != f.got[1].MessageId || len(q.Messages()) != 0 {
			t.Errorf("delivered %q", f.bodies())
		}
	})
}

func TestABatchIsAtMostTenAndARecordIsLambdasOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewScaled(60)
		q, f := sqs.NewQueue(c, sqs.Config{Name: "intake"}), &function{clock: c}
		for range 25 {
			q.Send("x", map[string]sqs.Attribute{"instance_id": {DataType: "String", StringValue: "i-0a1b2c3d4e5f60718"}}, 0)
		}
		time.Sleep(time.Second)
		m := sqs.Map(q, 1, f.invoke)
		defer m.Close()
		synctest.Wait()
		if !slices.Equal(f.batch, []int{10, 10, 5}) {
			t.Errorf("batches %v", f.batch)
		}
		r := f.got[0]
		if r.EventSource != "aws:sqs" || r.EventSourceARN != "arn:aws:sqs:eu-central-1:111122223333:intake" || r.AWSRegion != "eu-central-1" ||
			r.ReceiptHandle == "" || r.Md5OfBody == "" || aws.ToString(r.MessageAttributes["instance_id"].StringValue) != "i-0a1b2c3d4e5f60718" {
			t.Errorf("record %+v", r)
		}
		// Sent one lab minute ago: the reader on the wall must see that age.
		if want := fmt.Sprint(time.Now().Add(-time.Minute).UnixMilli()); r.Attributes["SentTimestamp"] != want {
			t.Errorf("SentTimestamp %s, want %s", r.Attributes["SentTimestamp"], want)
		}
	})
}

func TestALaterMessageAgesInLabTimeAndNothingElseOfItChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewScaled(60)
		q, f := sqs.NewQueue(c, sqs.Config{Name: "intake"}), &function{clock: c}
		m := sqs.Map(q, 1, f.invoke)
		defer m.Close()
		at := time.Now().Add(-90 * time.Second).UTC()
		later := fmt.Sprintf(`{"crashcart":"later","trigger":{"at":%q,"alarm":{"changedAt":%q,"name":"a<b>&c"},"sourceKey":"arn|%s","pass":3,"big":12345678901234567890,`+
			`"targets":[{"instance":"i-0a","seen":{"at":%[1]q,"kernel":12.5,"lines":3,"ebs":%[1]q,"still":%[1]q,"screens":["0123456789abcdef"],"stuck":%[1]q}},{"instance":"i-0b"},{"instance":"i-0c","seen":{"at":%[1]q}}]}}`,
			at.Format(time.RFC3339Nano), at.Format(time.RFC3339Nano), at.Format(time.RFC3339Nano))
		other := strings.Replace(later, `"later"`, `"else"`, 1)
		q.Send(later, nil, time.Minute)
		q.Send(other, nil, time.Minute)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(f.got) != 2 || f.got[1].Body != other {
			t.Fatalf("delivered %d; a body of another form arrived as %s", len(f.got), f.got[1].Body)
		}
		var got struct {
			Trigger struct {
				At    time.Time
				Alarm struct {
					ChangedAt time.Time
					Name      string
				}
				SourceKey string
				Pass      int
				Big       json.Number
				Targets   []struct {
					Instance string
					Seen     struct {
						At, EBS, Still, Stuck time.Time
						Kernel                float64
						Lines                 int
						Screens               []string
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(f.got[0].Body), &got); err != nil {
			t.Fatal(err)
		}
		// 90 s old when sent, one lab minute in the queue: 150 s old at delivery,
		// which was one wall-clock second after sending, one before now.
		delivered := time.Now().Add(-time.Second)
		if age := delivered.Sub(got.Trigger.At).Round(time.Second); age != 150*time.Second || !got.Trigger.At.Equal(got.Trigger.Alarm.ChangedAt) {
			t.Errorf("age at delivery %s, want 2m30s", age)
		}
		if got.Trigger.SourceKey != "arn|"+at.Format(time.RFC3339Nano) || got.Trigger.Pass != 3 || got.Trigger.Alarm.Name != "a<b>&c" ||
			got.Trigger.Big.String() != "12345678901234567890" {
			t.Errorf("something else changed: %s", f.got[0].Body)
		}
		all := got.Trigger.Targets
		a, b, last := all[0], all[1], all[2]
		for _, seen := range []time.Time{a.Seen.At, a.Seen.EBS, a.Seen.Still, a.Seen.Stuck, last.Seen.At} {
			if !seen.Equal(got.Trigger.At) {
				t.Errorf("what the passes before saw has another age: %+v", got.Trigger.Targets)
			}
		}
		if a.Seen.Kernel != 12.5 || a.Seen.Lines != 3 || !slices.Equal(a.Seen.Screens, []string{"0123456789abcdef"}) || a.Instance != "i-0a" || !b.Seen.At.IsZero() || !last.Seen.EBS.IsZero() {
			t.Errorf("something else of the targets changed: %+v", got.Trigger.Targets)
		}
	})
}

func client(t *testing.T, q ...*sqs.Queue) (*sdk.Client, string) {
	t.Helper()
	srv := httptest.NewServer(sqs.NewHandler(q...))
	t.Cleanup(srv.Close)
	return sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	}), srv.URL
}

func TestTheSDKCanSend(t *testing.T) {
	q := sqs.NewQueue(clock.NewManual(time.Now()), sqs.Config{Name: "intake"})
	c, url := client(t, q)
	to := aws.String(q.URL(url))
	if _, err := c.SendMessage(t.Context(), &sdk.SendMessageInput{QueueUrl: to, MessageBody: aws.String("one"), DelaySeconds: 60}); err != nil {
		t.Fatal(err)
	}
	out, err := c.SendMessageBatch(t.Context(), &sdk.SendMessageBatchInput{QueueUrl: to, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("1"), MessageBody: aws.String("two")},
		{Id: aws.String("2"), MessageBody: aws.String("three"), DelaySeconds: 901},
	}})
	if err != nil || len(out.Successful) != 1 || len(out.Failed) != 1 || aws.ToString(out.Failed[0].Id) != "2" {
		t.Fatalf("%+v, %v", out, err)
	}
	if got := q.Messages(); len(got) != 2 || got[0].Body != "one" || got[1].Body != "two" {
		t.Errorf("queued %+v", got)
	}
	for name, in := range map[string]*sdk.SendMessageInput{
		"QueueDoesNotExist":     {QueueUrl: aws.String(url + "/111122223333/other"), MessageBody: aws.String("x")},
		"InvalidParameterValue": {QueueUrl: to, MessageBody: aws.String("x"), DelaySeconds: 901},
	} {
		_, err := c.SendMessage(t.Context(), in)
		e, ok := errors.AsType[smithy.APIError](err)
		if !ok || e.ErrorCode() != name && e.ErrorCode() != "AWS.SimpleQueueService.NonExistentQueue" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
