package intake_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"crashcart/lambda/aws/emf/emftest"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/intake"
)

const please = `{"instanceIds":["` + webA + `"],"reason":"checkout hangs","requestedBy":"on call"}`

func TestADirectInvokeIsToldItsOutcomes(t *testing.T) {
	w, _ := hung(t, config.ModeManual)
	out, err := w.invoke(`{"instanceIds":["` + webA + `","` + webB + `"],"reason":"checkout hangs"}`)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Outcomes []map[string]string `json:"outcomes"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if len(answer.Outcomes) != 2 {
		t.Fatalf("outcomes: %s", raw)
	}
	got := slices.Sorted(maps.Keys(answer.Outcomes[0]))
	if want := []string{"caseId", "evidence", "instanceId", "outcome", "protected", "rule", "why"}; !slices.Equal(got, want) {
		t.Errorf("an outcome has the keys %v, want %v", got, want)
	}
	if o := answer.Outcomes[0]; o["outcome"] != "interrupted" || !strings.HasPrefix(o["caseId"], webA+"-") {
		t.Errorf("the first outcome is %v", o)
	}
	if o := answer.Outcomes[1]; o["outcome"] != "refused" || o["rule"] != "known" {
		t.Errorf("the second outcome is %v", o)
	}
}

func TestAMalformedRequestIsToldWhatIsWrong(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	out, err := w.invoke(`{"instanceIds":["` + webA + `"]}`)
	if err != nil {
		t.Fatal(err)
	}
	answer := out.(intake.Answer)
	if len(answer.Ignored) != 1 || answer.Ignored[0].Reason != "malformed" || !strings.Contains(answer.Ignored[0].Detail, "reason") {
		t.Errorf("answer: %+v", answer)
	}
	if w.sent() != 0 {
		t.Error("a malformed request interrupted")
	}
}

func TestADirectInvokeIsNeverPutInTheQueue(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "manual", silentSince: at(11, 57, 0)})
	if _, err := w.invoke(please); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "later", rule: "unresponsive", why: "pinged 5m ago, 6m of silence required"})
	if len(w.queue) != 0 || w.called("SendMessage") != 0 {
		t.Error("a direct invoke was put in the queue")
	}
}

func TestForceIsNeverAbleToSkipMoreThanItsRule(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	m := w.add(webA, machine{tag: "manual", console: consoleUp})
	forced := `{"instanceIds":["` + webA + `"],"reason":"checkout hangs","force":["unresponsive"]}`
	m.tag = ""
	if _, err := w.invoke(forced); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "refused", rule: "opted-in"})
	m.tag = "manual"
	if _, err := w.invoke(forced); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "interrupted", rule: "unresponsive", why: "forced, although: its SSM agent pinged"})
}

func TestADryRunNeverCountsForReal(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	rehearse := strings.Replace(please, "{", `{"dryRun":true,`, 1)
	for range 4 { // more than the budget of an hour
		if _, err := w.invoke(rehearse); err != nil {
			t.Fatal(err)
		}
		w.expect(step{outcome: "dry-run", rule: "unresponsive", why: "none was sent"})
	}
	if w.sent() != 0 {
		t.Fatalf("dry runs sent %d interrupts", w.sent())
	}
	for key := range w.objects {
		if !strings.HasPrefix(key, "dry/") {
			t.Errorf("a dry run left %s", key)
		}
	}
	if _, err := w.invoke(please); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "interrupted", rule: "unresponsive"})
	if _, err := w.invoke(rehearse); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "duplicate", rule: "episode", why: "open"}) // it does not lie either
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

func TestTheBudgetIsNeverOverspent(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	ids := []string{"i-0c1b2c3d4e5f60701", "i-0c1b2c3d4e5f60702", "i-0c1b2c3d4e5f60703", "i-0c1b2c3d4e5f60704", "i-0c1b2c3d4e5f60705"}
	for _, id := range ids {
		w.add(id, machine{tag: "auto", silentSince: at(11, 50, 0), console: consoleUp})
	}
	w.bystanders(len(ids) + 1)
	w.healthy(len(ids))
	w.deliver(alarm("crashcart-many", "heartbeat", at(11, 59, 0), ids...))
	got := map[string]int{}
	for _, d := range w.decisions() {
		got[d.Outcome+" "+d.Rule]++
	}
	if got["interrupted unresponsive"] != 3 || got["refused budget"] != 2 || w.sent() != 3 {
		t.Errorf("outcomes %v and %d interrupts; want 3 interrupted, 2 refused by the budget", got, w.sent())
	}
}

func TestNothingIsSentWhileTheCasebookIsDown(t *testing.T) {
	for _, op := range []string{"dynamodb:BatchGetItem", "dynamodb:TransactWriteItems", "dynamodb:PutItem"} {
		t.Run(op, func(t *testing.T) {
			w := newWorld(t, config.ModeAuto)
			m := w.add(webA, machine{tag: "auto", silentSince: at(11, 50, 0), console: consoleUp})
			if op == "dynamodb:PutItem" { // only "later" needs it
				m.silentSince = at(11, 58, 0)
			}
			w.fail[op] = errOutage
			failed := w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
			d := w.decisions()[0]
			if w.sent() != 0 {
				t.Fatal("an interrupt was sent")
			}
			if lost := d.Outcome != "later" && len(failed) == 0; lost {
				t.Errorf("%s by %s, and the record does not come again: the host is lost", d.Outcome, d.Rule)
			}
			w.fail[op] = nil
			if len(failed) > 0 {
				w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
			}
			w.advance(10 * time.Minute)
			if len(m.interruptedAt) != 1 {
				t.Errorf("%d interrupts once the casebook is back, want 1", len(m.interruptedAt))
			}
		})
	}
}

func TestAnErrorAfterTheClaimNeverBringsTheRecordBack(t *testing.T) {
	for _, op := range []string{"SendDiagnosticInterrupt", "PutObject", "GetConsoleOutput", "GetConsoleScreenshot"} {
		t.Run(op, func(t *testing.T) {
			w, m := hung(t, config.ModeAuto)
			w.fail[op] = errOutage
			if failed := w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA)); len(failed) != 0 {
				t.Errorf("the record comes again: %v", failed)
			}
			want := step{outcome: "interrupted", rule: "unresponsive"}
			if op == "SendDiagnosticInterrupt" {
				want = step{outcome: "unknown", rule: "unresponsive", why: "will not be sent again"}
			}
			w.expect(want)
			if n := w.called("SendDiagnosticInterrupt"); n != 1 {
				t.Errorf("the interrupt was sent %d times", n)
			}
			if op != "SendDiagnosticInterrupt" && len(m.interruptedAt) != 1 {
				t.Errorf("%d interrupts", len(m.interruptedAt))
			}
			w.fail[op] = nil
			w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
			w.expect(step{outcome: "duplicate", rule: "episode"})
		})
	}
}

func TestARejectedInterruptGivesTheInstanceBack(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.fail["SendDiagnosticInterrupt"] = apiError{"UnauthorizedOperation"}
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "rejected", rule: "ec2", why: "UnauthorizedOperation"})
	w.fail["SendDiagnosticInterrupt"] = nil

	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "duplicate", rule: "episode"}) // the same trigger has had its shot
	if _, err := w.invoke(please); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "interrupted", rule: "unresponsive"}) // somebody else's has not
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

func TestTheLookIsTakenBeforeTheInterruptAndKept(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	caseID := w.decisions()[0].CaseID
	console, send := slices.Index(w.calls, "GetConsoleOutput"), slices.Index(w.calls, "SendDiagnosticInterrupt")
	claim := slices.Index(w.calls, "dynamodb:TransactWriteItems")
	if console < 0 || claim < console || send < claim {
		t.Errorf("the order is look %d, claim %d, send %d: %v", console, claim, send, w.calls)
	}
	prefix := "cases/" + caseID + "/before/"
	for _, name := range []string{"console-latest.txt", "console-buffered.txt", "screenshot.jpg", "evidence.json"} {
		if _, ok := w.objects[prefix+name]; !ok {
			t.Errorf("%s%s is missing; there is %v", prefix, name, slices.Sorted(maps.Keys(w.objects)))
		}
	}
	if got := string(w.objects[prefix+"console-latest.txt"]); got != consoleUp {
		t.Errorf("the console is %q", got)
	}
}

// Before a plain alarm's interrupt there are four rounds of calls, the look
// apart: each call here belongs to one of them.
func TestAPlainAlarmNeedsNoOtherCalls(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	got := map[string]int{}
	for _, c := range w.calls[:slices.Index(w.calls, "SendDiagnosticInterrupt")+1] {
		got[c]++
	}
	want := map[string]int{
		"DescribeInstances": 1, "DescribeInstanceStatus": 2, "DescribeInstanceInformation": 2, "dynamodb:BatchGetItem": 1, // 1st and part of the 2nd
		"DescribeInstanceTypes": 1, "DescribeInstanceAttribute": 1, // 2nd, with the budget's Query
		"GetConsoleOutput": 2, "GetConsoleScreenshot": 1, // the look
		"dynamodb:TransactWriteItems": 1, // 3rd
		"SendDiagnosticInterrupt":     1, // 4th
	}
	if !maps.Equal(got, want) {
		t.Errorf("calls up to the interrupt: %v\nwant %v", got, want)
	}
}

func TestABareEventIsNeverLostWhenItCannotBeQueued(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto", silentSince: at(11, 58, 0)})
	w.fail["SendMessage"] = errOutage
	event := alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA)
	if _, err := w.invokeAs("the-same-request", event); err == nil {
		t.Error("the invocation succeeded, so Lambda will not deliver the event again")
	}
	w.fail["SendMessage"] = nil
	if _, err := w.invokeAs("the-same-request", event); err != nil { // Lambda's retry
		t.Error(err)
	}
	if len(w.queue) != 1 {
		t.Errorf("%d targets in the queue, want 1", len(w.queue))
	}
}

func TestOnlyTheRecordThatFailedComesAgain(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.add(webB, machine{tag: "auto", silentSince: at(11, 58, 0)})
	w.fail["SendMessage"] = errOutage
	failed := w.redeliver(
		events.SQSMessage{MessageId: "fires", EventSource: "aws:sqs", Body: alarm("crashcart-a", "heartbeat", at(11, 59, 0), webA)},
		events.SQSMessage{MessageId: "waits", EventSource: "aws:sqs", Body: alarm("crashcart-b", "heartbeat", at(11, 59, 0), webB)},
		events.SQSMessage{MessageId: "noise", EventSource: "aws:sqs", Body: `"hello"`},
	)
	if !slices.Equal(failed, []string{"waits"}) {
		t.Errorf("records that come again: %v, want only the one that could not be put back", failed)
	}
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

// A function that is killed between the claim and the send leaves a case that
// nobody can tell from a sent one.
func TestNoShotIsBegunWithoutTheTimeToFinishIt(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.deadline = 20 * time.Second
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "later", rule: "time", why: "time is nearly over"})
	if w.called("dynamodb:TransactWriteItems") != 0 || len(m.interruptedAt) != 0 {
		t.Error("a shot was begun")
	}
}

func TestADecisionIsOneLogLineAndOneMetric(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	lines := strings.Split(strings.TrimSpace(w.logs.String()), "\n")
	if len(lines) != 1 {
		t.Fatalf("%d lines: %s", len(lines), w.logs.String())
	}
	got, at, err := emftest.Read([]byte(lines[0]))
	of := func(name, dimensions string, value float64, unit string) emftest.Metric {
		return emftest.Metric{Namespace: config.MetricNamespace, Name: name, Dimensions: dimensions, Value: value, Unit: unit}
	}
	want := []emftest.Metric{
		of(config.MetricDecisions, "Outcome=interrupted", 1, "Count"),
		of(config.MetricDecisions, "Outcome=interrupted,Rule=unresponsive", 1, "Count"),
		of(config.MetricTimeToInterrupt, "Outcome=interrupted", 60, "Seconds"),
		of(config.MetricTimeToInterrupt, "Outcome=interrupted,Rule=unresponsive", 60, "Seconds"),
	}
	if err != nil || !at.Equal(noon) || !slices.Equal(got, want) {
		t.Errorf("at %s %v, %v, want\n%v", at, got, err, want)
	}
}

func TestWhatIsIgnoredNeverGoesUncounted(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	w.deliver(`{"hello":"world"}`)
	got, at, err := emftest.Read([]byte(w.logs.String()))
	want := emftest.Metric{Namespace: config.MetricNamespace, Name: config.MetricIgnored, Dimensions: "Reason=unknown-shape", Value: 1, Unit: "Count"}
	if err != nil || !at.Equal(noon) || len(got) != 1 || got[0] != want {
		t.Errorf("at %s %v, %v, want %v", at, got, err, want)
	}
}

// A permission that is missing keeps every target waiting, and nobody would know.
func TestAGuardThatCannotAnswerNeverGoesUncounted(t *testing.T) {
	const counted = `"Unanswered":1`
	w, _ := hung(t, config.ModeAuto)
	w.fail["DescribeInstanceAttribute"] = apiError{"UnauthorizedOperation"}
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "later", rule: "survives"})
	if log := w.logs.String(); !strings.Contains(log, counted) || !strings.Contains(log, `"Dimensions":[[]],"Metrics":[{"Name":"Unanswered","Unit":"Count"}]`) {
		t.Errorf("uncounted: %s", log)
	}
	w, _ = hung(t, config.ModeAuto)
	w.add(webB, machine{tag: "auto"})
	w.deliver(alarm("crashcart-web", "heartbeat", noon, webB)) // it lives, as far as anybody knows
	w.expect(step{outcome: "later", rule: "unresponsive"})
	if log := w.logs.String(); strings.Contains(log, counted) {
		t.Errorf("counted: %s", log)
	}
}
