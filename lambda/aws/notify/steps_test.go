package notify_test

import (
	"strings"
	"testing"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/guard"
)

// rules are all that a refusal can name: the guard's, and those that intake has when
// it was no rule of the guard that decided.
func rules() []string {
	out := []string{"named", "time"}
	for _, r := range guard.Rules() {
		out = append(out, r.Name())
	}
	return out
}

func TestNoRuleIsEverWithoutANextStep(t *testing.T) {
	w := newWorld()
	w.notify(t, refused(host, "no-such-rule"))
	otherwise := strings.Join(w.notes[0].Content.NextSteps, "\n")
	if otherwise == "" {
		t.Error("a rule without words of its own has no next step")
	}
	for _, rule := range rules() {
		w := newWorld()
		w.notify(t, refused(host, rule))
		steps := strings.Join(w.notes[0].Content.NextSteps, "\n")
		if steps == "" || steps == otherwise && rule != "time" && rule != "episode" && rule != "fresh" {
			t.Errorf("%s has no words of its own: %s", rule, steps)
		}
		for _, problem := range problems(w.notes[0]) {
			t.Errorf("%s: %s", rule, problem)
		}
	}
}

// A message about many must not have somebody act on the one that came first.
func TestAStepIsNeverAboutOneOfMany(t *testing.T) {
	for _, rule := range []string{"lever", "region", "budget", "group"} {
		w := newWorld()
		d := with(refused(host, rule), func(d *notify.Decision) { d.Group = "asg/web"; d.CaseID = caseID })
		w.notify(t, d, with(d, func(d *notify.Decision) { d.InstanceID = host2 }))
		n := w.notes[0]
		if len(n.Content.NextSteps) == 0 || strings.Contains(strings.Join(n.Content.NextSteps, " "), "i-") ||
			n.Metadata.AdditionalContext["instanceId"] != "" || n.Metadata.AdditionalContext["caseId"] != "" {
			t.Errorf("%s: %s", rule, n.raw)
		}
	}
}

// Where nothing may be done to a machine, no command may be at hand that does it.
func TestNobodyIsEverLedToRuinADump(t *testing.T) {
	w := newWorld()
	for _, d := range []notify.Decision{
		sent(1, "interrupted"), sent(2, "unknown"), refused(host, "quiet"), refused(host, "known"), refused(host, "supported"),
		refused(host, "running"), refused(host, "host-ok"), refused(host, "region"), refused(host, "group"), refused(host, "budget"), refused(host, "lever"),
	} {
		w.notes = nil
		w.notify(t, d)
		for _, s := range w.notes[0].Content.NextSteps {
			for _, harm := range []string{"crashcart interrupt", "lambda invoke", "reboot-instances", "stop-instances", "terminate"} {
				if strings.Contains(s, harm) {
					t.Errorf("%s, %s: %s", d.Outcome, d.Rule, s)
				}
			}
		}
	}
	for _, outcome := range []string{"interrupted", "unknown"} {
		w.notes = nil
		w.notify(t, sent(3, outcome))
		n := w.notes[0]
		if !strings.Contains(n.Content.Title, "leave it alone") || !strings.HasPrefix(n.Content.NextSteps[0], "Do not reboot, stop or replace it") ||
			!strings.Contains(n.raw, "crashcart case "+sent(3, "").CaseID) {
			t.Errorf("%s: %s", outcome, n.raw)
		}
	}
}

// A dry run has changed nothing, and nobody must be kept from their
// machine by it.
func TestADryRunNeverReadsLikeAnInterrupt(t *testing.T) {
	for _, outcome := range []string{"dry-run", "rejected", "unknown", "failed"} {
		w := newWorld()
		w.notify(t, dryRun(with(sent(1, outcome), func(d *notify.Decision) { d.Undo = []string{"aws autoscaling exit-standby"} })))
		n := w.notes[0]
		if strings.Contains(n.raw, "leave it alone") || strings.Contains(n.raw, "Do not") || strings.Contains(n.raw, "exit-standby") ||
			!strings.HasPrefix(n.Content.NextSteps[0], "Nothing was sent") {
			t.Errorf("%s: %s", outcome, n.raw)
		}
	}
}

func TestWhatIsNotKnownIsNeverLeftBlankInACommand(t *testing.T) {
	for _, rule := range rules() {
		for _, d := range []notify.Decision{refused("", rule), with(refused("not an id", rule), func(d *notify.Decision) { d.Outcome = "held" })} {
			w := newWorld()
			w.notifier.Region = ""
			w.notify(t, d)
			for _, s := range w.notes[0].Content.NextSteps {
				if strings.ContainsAny(s, "{}") || strings.Contains(s, "  ") || strings.HasSuffix(s, ":") {
					t.Errorf("%s: %q", rule, s)
				}
			}
		}
	}
}

func TestAListOfInstancesIsNeverEmpty(t *testing.T) {
	w := newWorld()
	web := notify.Decision{Target: "target group web", Outcome: cases.OutcomeRefused, Rule: cases.RuleLever, Why: "all interrupts were stopped"}
	w.notify(t, web, with(web, func(d *notify.Decision) { d.Target = "target group api" }))
	if d := w.notes[0].Content.Description; strings.Contains(d, "Instances") || !strings.Contains(d, "\nCount: 2 now") {
		t.Errorf("description %q", d)
	}
}
