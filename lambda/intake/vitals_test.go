package intake_test

import (
	"strings"
	"testing"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/domain/vitals"
	"crashcart/lambda/intake"
)

// says is a vital's word in a list; "missing" if it is not there.
func says(seen []vitals.Vital, name vitals.Name) string {
	for _, v := range seen {
		if v.Name == name {
			return string(v.Says)
		}
	}
	return "missing"
}

// What decided must be in the answer, in the log, in what people are notified of, and in
// the case: everywhere the same.
func TestWhatWasSeenIsNeverLeftUnsaid(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	out, err := w.invoke(please)
	if err != nil {
		t.Fatal(err)
	}
	o := out.(intake.Answer).Outcomes[0]
	if o.Outcome != "interrupted" || says(o.Vitals, vitals.SSMPing) != "dead" || says(o.Vitals, vitals.TargetHealth) != "nothing" {
		t.Errorf("the answer is %+v", o)
	}
	r, err := w.handler.Book.CaseByID(t.Context(), o.CaseID)
	if err != nil {
		t.Fatal(err)
	}
	for place, seen := range map[string][]vitals.Vital{"case": r.Vitals, "notification": w.notified[0].Vitals} {
		if len(seen) != len(o.Vitals) || seen[0].Saw != o.Vitals[0].Saw || !seen[0].Since.Equal(o.Vitals[0].Since) {
			t.Errorf("the %s has %+v, the answer %+v", place, seen, o.Vitals)
		}
	}
	if !strings.Contains(w.logs.String(), `"vitals":"ssm-ping=dead heartbeat=`) {
		t.Errorf("the log does not say it: %s", w.logs.String())
	}
}

// A target that is later is where somebody asks why.
func TestWhatIsWaitedForIsNeverLeftUnsaid(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto"})
	event := alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA)
	o := w.handler.Explain(t.Context(), trigger.Decode([]byte(event), trigger.Invocation{At: w.now}))[0]
	if o.Outcome != "later" || says(o.Vitals, vitals.SSMPing) == "dead" || len(o.Vitals) == 0 {
		t.Errorf("explained as %+v", o)
	}
	w.deliver(event)
	if !strings.Contains(w.logs.String(), `"vitals":"ssm-ping=`) {
		t.Errorf("the log does not say it: %s", w.logs.String())
	}
}

func TestNoVitalsAreEverMadeUpOfAnInstanceThatIsNotThere(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	out, err := w.invoke(please) // nobody has made webA
	if err != nil {
		t.Fatal(err)
	}
	if o := out.(intake.Answer).Outcomes[0]; o.Rule != "known" || len(o.Vitals) != 0 {
		t.Errorf("the answer is %+v", o)
	}
	event := alarm("crashcart-web", "heartbeat", at(11, 59, 0), webB)
	w.add(webB, machine{tag: "auto"})
	w.fail["DescribeInstances"] = apiError{"RequestLimitExceeded"}
	w.deliver(event)
	for _, o := range w.handler.Explain(t.Context(), trigger.Decode([]byte(event), trigger.Invocation{At: w.now})) {
		if len(o.Vitals) != 0 {
			t.Errorf("explained as %+v", o)
		}
	}
	if strings.Contains(w.logs.String(), "vitals") {
		t.Errorf("logged: %s", w.logs.String())
	}
}

// Nothing that AWS says may forge a field of the log, or steer a terminal.
func TestWhatAVitalSawIsNeverHostile(t *testing.T) {
	const evil = "\x1b[2J\n\u202e" + `","outcome":"interrupted`
	w, _ := hung(t, config.ModeAuto)
	w.fail["GetMetricData"] = apiError{evil}
	out, err := w.invoke(please)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range out.(intake.Answer).Outcomes[0].Vitals {
		if strings.ContainsAny(v.Saw, "\x1b\n\u202e") {
			t.Errorf("%s saw %q", v.Name, v.Saw)
		}
		if v.Name == vitals.DiskWrites && (v.Says != vitals.Unknown || !strings.HasPrefix(v.Saw, "no answer: ")) {
			t.Errorf("the disk says %+v", v)
		}
	}
}
