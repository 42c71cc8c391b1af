package intake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/aws/send"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
)

func TestNothingIsEverFollowedThatWasNotSent(t *testing.T) {
	for _, c := range []struct {
		name, more string
		mode       config.Mode
		fail       error
		outcome    cases.Outcome
		followed   bool
	}{
		{"accepted", "", config.ModeAuto, nil, cases.OutcomeInterrupted, true},
		{"no answer", "", config.ModeAuto, errOutage, cases.OutcomeUnknown, true},
		{"rejected", "", config.ModeAuto, apiError{"UnsupportedOperation"}, cases.OutcomeRejected, false},
		{"a dry run", `,"dryRun":true`, config.ModeAuto, nil, cases.OutcomeDryRun, false},
		{"a dry run without an answer", `,"dryRun":true`, config.ModeAuto, errOutage, cases.OutcomeUnknown, false},
		{"a dry run that EC2 rejects", `,"dryRun":true`, config.ModeAuto, apiError{"UnsupportedOperation"}, cases.OutcomeRejected, false},
		{"dry-run stack", "", config.ModeDryRun, nil, cases.OutcomeDryRun, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := hungMember(t, c.mode)
			w.fail["SendDiagnosticInterrupt"] = c.fail
			o := w.direct(webA, c.more)
			var want []string
			if c.followed {
				want = []string{config.FollowMessage(o.CaseID)}
			}
			if o.Outcome != c.outcome || !slices.Equal(w.followed, want) || w.called("Follow") != len(want) {
				t.Errorf("%s, followed %q, want %q", o.Outcome, w.followed, want)
			}
		})
	}
}

func TestARefusalIsNeverFollowed(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	const living = "i-0c1b2c3d4e5f60720"
	w.add(webB, machine{}) // it has no tag
	w.add(living, machine{tag: "auto"})
	w.deliver(alarm("other", "StatusCheckFailed", noon, webB, living))
	w.direct(living, "")
	w.pull("database migration", "ana")
	w.direct(webA, "")
	if w.called("Follow") != 0 || w.called("SendDiagnosticInterrupt") != 0 {
		t.Errorf("followed %q", w.followed)
	}
}

// A send that never left is undone. A case of it would wait for a crash that cannot come.
func TestAWithdrawnClaimIsNeverFollowed(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	w.handler.Live = void{}
	if o := w.direct(webA, ""); o.Outcome != cases.OutcomeLater || w.called("Follow") != 0 {
		t.Errorf("%+v, followed %q", o, w.followed)
	}
}

// void is a sender whose time is over.
type void struct{}

func (void) Send(context.Context, guard.Permit) send.Result {
	return send.Result{Kind: send.Void, Why: "there was no time left for it"}
}

func TestAnInterruptIsNeverFollowedTwice(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	for range 3 { // the same hang, by three alarms, and each of them twice
		w.deliver(alarm("heartbeat", "StatusCheckFailed", noon, webA), alarm("other", "StatusCheckFailed", noon, webA))
	}
	if w.sent() != 1 || len(w.followed) != 1 {
		t.Errorf("%d sent, followed %q", w.sent(), w.followed)
	}
}

func TestADeadFollowupNeverChangesAnything(t *testing.T) {
	quiet, dead := hungMember(t, config.ModeAuto), hungMember(t, config.ModeAuto)
	dead.fail["Follow"] = errOutage
	want, got := quiet.direct(webA, ""), dead.direct(webA, "")
	if got.Outcome != cases.OutcomeInterrupted || dead.stateOf(got.CaseID) != string(cases.StateInterrupted) || dead.sent() != 1 ||
		!slices.Equal(dead.standby, quiet.standby) || len(dead.objects) != len(quiet.objects) || len(dead.notified) != 1 {
		t.Errorf("%+v, put into Standby %v, %d objects, notified %+v", got, dead.standby, len(dead.objects), dead.notified)
	}
	for _, same := range [][2]string{
		{got.Rule, want.Rule},
		{got.Protected, want.Protected},
		{got.Why, want.Why},
		{strings.ReplaceAll(got.Evidence, got.CaseID, ""), strings.ReplaceAll(want.Evidence, want.CaseID, "")},
		{dead.caseAttribute(got.CaseID, "protected"), want.Protected},
	} {
		if same[0] != same[1] || same[0] == "" {
			t.Errorf("with a dead queue %q, else %q", same[0], same[1])
		}
	}
	if log := dead.logs.String(); !strings.Contains(log, "could not be handed to the follow-up") || !strings.Contains(log, fmt.Sprintf(`"caseId":%q`, got.CaseID)) {
		t.Errorf("the log does not say so: %s", log)
	}
	if strings.Contains(quiet.logs.String(), "follow-up") {
		t.Errorf("the log complains of a queue that works: %s", quiet.logs.String())
	}
}

// The follow-up settles a case that it finds claimed as one with a lost result.
func TestACaseIsNeverFollowedBeforeItIsSettled(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	found := ""
	w.onFollow = func(_ context.Context, body string) {
		var message struct{ CaseID string }
		if err := json.Unmarshal([]byte(body), &message); err != nil {
			t.Error(err)
		}
		found = w.stateOf(message.CaseID)
	}
	w.direct(webA, "")
	if found != string(cases.StateInterrupted) {
		t.Errorf("the follow-up finds it %q", found)
	}
}

func TestACaseThatCannotBeSettledIsFollowedAllTheSame(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	w.handler.Book.API = &writing{API: w.handler.Book.API, before: func(_ context.Context, n int) error {
		if n > 1 { // after the claim
			return errOutage
		}
		return nil
	}}
	o := w.direct(webA, "")
	if o.Outcome != cases.OutcomeInterrupted || !slices.Equal(w.followed, []string{config.FollowMessage(o.CaseID)}) {
		t.Errorf("%+v, followed %q", o, w.followed)
	}
}

func TestAFollowupThatHangsNeverHasLongerThanItsBound(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	w.onFollow = func(ctx context.Context, _ string) {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > 2*time.Second {
			t.Errorf("it has until %s", deadline)
		}
	}
	if o := w.direct(webA, ""); o.Outcome != cases.OutcomeInterrupted || len(w.followed) != 1 {
		t.Errorf("%+v, followed %q", o, w.followed)
	}
}
