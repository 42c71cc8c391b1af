package intake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/intake"
)

// direct asks for one instance by a direct invoke, and gives its outcome.
func (w *world) direct(id, more string) intake.Outcome {
	w.t.Helper()
	out, err := w.invoke(fmt.Sprintf(`{"instanceIds":[%q],"reason":"it hangs"%s}`, id, more))
	if err != nil {
		w.t.Fatal(err)
	}
	answer := out.(intake.Answer)
	if len(answer.Outcomes) != 1 {
		w.t.Fatalf("%+v", answer)
	}
	return answer.Outcomes[0]
}

// hungMember is a world with one instance that hangs, a
// member of a group of ten.
func hungMember(t *testing.T, mode config.Mode) *world {
	w := newWorld(t, mode)
	w.bystanders(12)
	for i := range 9 {
		w.add(fmt.Sprintf("i-0e0000000000000%02x", i), machine{tag: "auto", group: "web"})
	}
	w.add(webA, machine{tag: "auto", group: "web", silentSince: fellSilent})
	return w
}

func TestAnInterruptedMemberIsKeptAndADryRunNever(t *testing.T) {
	for _, c := range []struct {
		name, more string
		mode       config.Mode
		on         bool
		fail       error
		outcome    cases.Outcome
		kept       bool
	}{
		{"accepted", "", config.ModeAuto, true, nil, cases.OutcomeInterrupted, true},
		{"no answer", "", config.ModeAuto, true, errOutage, cases.OutcomeUnknown, true},
		{"rejected", "", config.ModeAuto, true, apiError{"UnsupportedOperation"}, cases.OutcomeRejected, false},
		{"a dry run", `,"dryRun":true`, config.ModeAuto, true, nil, cases.OutcomeDryRun, false},
		{"a dry run without an answer", `,"dryRun":true`, config.ModeAuto, true, errOutage, cases.OutcomeUnknown, false},
		{"dry-run stack", "", config.ModeDryRun, true, nil, cases.OutcomeDryRun, false},
		{"manual stack", "", config.ModeManual, false, nil, cases.OutcomeInterrupted, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := hungMember(t, c.mode)
			w.fail["SendDiagnosticInterrupt"] = c.fail
			w.handler.Standby.On = c.on
			o := w.direct(webA, c.more)
			if o.Outcome != c.outcome {
				t.Fatalf("%+v", o)
			}
			if kept := slices.Equal(w.standby, []string{webA}); kept != c.kept {
				t.Errorf("put into Standby: %v", w.standby)
			}
			if kept := len(o.Undo) > 0; kept != c.kept {
				t.Errorf("the answer's commands: %q", o.Undo)
			}
			if silent := o.Protected == ""; c.on && silent == c.kept {
				t.Errorf("the answer says %q of the protection", o.Protected)
			}
		})
	}
}

func TestNothingAfterTheSendEverChangesTheOutcome(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	for _, op := range []string{"EnterStandby", "PutObject", "Notify", "dynamodb:UpdateItem"} {
		w.fail[op] = errOutage
	}
	failed := w.deliver(alarm("heartbeat", "StatusCheckFailed", noon, webA))
	if d := w.decisions(); len(failed) != 0 || len(d) != 1 || d[0].Outcome != "interrupted" || w.sent() != 1 {
		t.Errorf("to come again: %v, decided: %+v, sent: %d", failed, d, w.sent())
	}
	for _, said := range []string{"the evidence could not be stored", "not everybody could be told", "no note of its evidence"} {
		if !strings.Contains(w.logs.String(), said) {
			t.Errorf("the log does not say: %s", said)
		}
	}
}

func TestMissingEvidenceIsNeverKeptQuiet(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	if o := w.direct(webA, ""); !strings.HasPrefix(o.Evidence, "s3://evidence/cases/"+o.CaseID) || strings.Contains(o.Evidence, "no screenshot") {
		t.Errorf("stored: %q", o.Evidence)
	}
	w = hungMember(t, config.ModeAuto)
	w.fail["GetConsoleScreenshot"] = apiError{"UnsupportedOperation"}
	if o := w.direct(webA, ""); !strings.Contains(o.Evidence, "no screenshot (unsupported)") {
		t.Errorf("without a screenshot: %q", o.Evidence)
	}
	w = hungMember(t, config.ModeAuto)
	w.fail["PutObject"] = errOutage
	o := w.direct(webA, "")
	if o.Outcome != cases.OutcomeInterrupted || !strings.Contains(o.Evidence, "could not be stored") {
		t.Errorf("without S3: %+v", o)
	}
	if d := w.notified[0]; d.Evidence != o.Evidence {
		t.Errorf("notified: %q", d.Evidence)
	}
}

func TestTheCaseRemembersWhatWasDoneForIt(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	o := w.direct(webA, "")
	if stored, kept := w.caseAttribute(o.CaseID, "evidence"), w.caseAttribute(o.CaseID, "protected"); stored != o.Evidence || kept != o.Protected || stored == "" || kept == "" {
		t.Errorf("evidence %q, protected %q", stored, kept)
	}
}
