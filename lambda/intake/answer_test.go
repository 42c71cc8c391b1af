package intake_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/intake"
)

const please = `{"instanceIds":["` + webA + `"],"reason":"checkout hangs","requestedBy":"on call"}`

func TestADirectInvokeGetsItsOutcomes(t *testing.T) {
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
		Outcomes []map[string]any `json:"outcomes"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	if len(answer.Outcomes) != 2 {
		t.Fatalf("outcomes: %s", raw)
	}
	got := slices.Sorted(maps.Keys(answer.Outcomes[0]))
	if want := []string{"caseId", "evidence", "instanceId", "outcome", "protected", "rule", "vitals", "why"}; !slices.Equal(got, want) {
		t.Errorf("an outcome has the keys %v, want %v", got, want)
	}
	if o := answer.Outcomes[0]; o["outcome"] != "interrupted" || !strings.HasPrefix(fmt.Sprint(o["caseId"]), webA+"-") {
		t.Errorf("the first outcome is %v", o)
	}
	if o := answer.Outcomes[1]; o["outcome"] != "refused" || o["rule"] != "known" || o["vitals"] != nil {
		t.Errorf("the second outcome is %v", o)
	}
}

func TestAMalformedRequestGetsWhatIsWrong(t *testing.T) {
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
	w.expect(step{outcome: "interrupted", rule: "unresponsive", why: "forced, although: nothing shows yet that it hangs: SSM ping 0s ago"})
}

func TestADryRunNeverCountsForReal(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	dryRun := strings.Replace(please, "{", `{"dryRun":true,`, 1)
	for range 4 { // more than the budget of an hour
		if _, err := w.invoke(dryRun); err != nil {
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
	if _, err := w.invoke(dryRun); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "duplicate", rule: "episode", why: "open"}) // it does not lie either
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

func TestNothingIsSentWhileTheCasebookIsDown(t *testing.T) {
	for _, op := range []string{"dynamodb:BatchGetItem", "dynamodb:TransactWriteItems", "dynamodb:PutItem"} {
		t.Run(op, func(t *testing.T) {
			w := newWorld(t, config.ModeAuto)
			m := w.add(webA, machine{tag: "auto", silentSince: fellSilent, console: consoleUp})
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
			w.advance(20 * time.Minute)
			if len(m.interruptedAt) != 1 {
				t.Errorf("%d interrupts once the casebook is back, want 1", len(m.interruptedAt))
			}
		})
	}
}

// Before a plain alarm's interrupt there are five rounds of calls, and besides, the console
// is read early, and the evidence is taken. Each call here belongs to one of them.
func TestAPlainAlarmNeedsNoOtherCalls(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	w.bystanders(12)
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	got := map[string]int{}
	for _, c := range w.calls[:slices.Index(w.calls, "SendDiagnosticInterrupt")+1] {
		got[c]++
	}
	want := map[string]int{
		"DescribeInstances": 2, "DescribeInstanceStatus": 2, "dynamodb:BatchGetItem": 1, // 1st and 2nd
		"DescribeInstanceTypes": 1, "DescribeInstanceAttribute": 1, "DescribeVolumes": 1, "GetMetricData": 1, "DescribeTargetGroups": 1, // 2nd, with the budget's Query
		"DescribeInstanceInformation": 2,                            // 1st, and the neighbours' as the 3rd
		"GetConsoleOutput":            3, "GetConsoleScreenshot": 1, // the latest early, and the evidence
		"dynamodb:TransactWriteItems": 1, // 4th
		"SendDiagnosticInterrupt":     1, // 5th
	}
	if !maps.Equal(got, want) {
		t.Errorf("calls up to the interrupt: %v\nwant %v", got, want)
	}
}

// The outcome's JSON is what callers read; a command line must not see "null".
func TestTheAnswerHasNoEmptyFields(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	o := w.direct(webA, "")
	body, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"undo", "evidence", "protected", "code"} {
		if strings.Contains(string(body), field) {
			t.Errorf("%s", body)
		}
	}
}
