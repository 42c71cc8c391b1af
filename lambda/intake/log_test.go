package intake_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/aws/emf/emftest"
	"crashcart/lambda/domain/config"
)

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

func TestANotificationThatFailedNeverGoesUncounted(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	w.fail["Notify"] = errOutage
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	var counted []emftest.Metric
	for line := range strings.Lines(w.logs.String()) {
		got, at, err := emftest.Read([]byte(line))
		if err != nil || !at.Equal(noon) {
			t.Errorf("at %s: %v", at, err)
		}
		for _, m := range got {
			if m.Name == config.MetricUntold {
				counted = append(counted, m)
			}
		}
	}
	want := emftest.Metric{Namespace: config.MetricNamespace, Name: config.MetricUntold, Value: 1, Unit: "Count"}
	if len(counted) != 1 || counted[0] != want {
		t.Errorf("counted %v, want %v in %s", counted, want, w.logs.String())
	}
	w, _ = hung(t, config.ModeAuto)
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	if log := w.logs.String(); strings.Contains(log, config.MetricUntold) {
		t.Errorf("counted without a failure: %s", log)
	}
}

func TestADryRunIsNeverLoggedAsTheRealThing(t *testing.T) {
	for _, c := range []struct {
		mode    config.Mode
		payload string
		want    bool
	}{
		{config.ModeDryRun, please, true},
		{config.ModeManual, please, false},
		{config.ModeAuto, please, false},
		{config.ModeAuto, strings.Replace(please, "{", `{"dryRun":true,`, 1), true},
	} {
		w, _ := hung(t, c.mode)
		if _, err := w.invoke(c.payload); err != nil {
			t.Fatal(err)
		}
		var line struct {
			DryRun *bool `json:"dry-run"`
		}
		if err := json.Unmarshal([]byte(w.logs.String()), &line); err != nil {
			t.Fatal(err)
		}
		if line.DryRun == nil || *line.DryRun != c.want {
			t.Errorf("%s, %s: logged %s", c.mode, c.payload, w.logs.String())
		}
	}
}

// If the function dies while it settles, the log must have said what it did.
func TestAnInterruptNeverGoesUnsaidWhileItsCaseIsSettled(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	said := -1
	w.handler.Book.API = &writing{API: w.handler.Book.API, before: func(_ context.Context, n int) error {
		if n == 2 {
			said = strings.Count(w.logs.String(), `"msg":"decision"`)
		}
		return nil
	}}
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "interrupted", rule: "unresponsive"})
	if said != 1 {
		t.Errorf("%d decisions were logged when the case was settled, want 1", said)
	}
}
