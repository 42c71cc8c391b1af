package intake_test

import (
	"testing"
	"time"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/trigger"
)

// bookWalks are about what the casebook and the queue answer.
func bookWalks() []ruleWalk {
	return []ruleWalk{
		{
			cases.RuleEpisode, "the casebook has an open case of the instance", silentHost,
			claimed(3*time.Minute, "", webA), cases.OutcomeDuplicate, "of this instance was opened 3m ago and is still open",
		},
		{
			cases.RuleEpisode, "the casebook has a case that this trigger has opened", silentHost,
			func(w *world) {
				sourceKey := sourceKeyOf(w.t, heartbeat)
				w.closeCase(w.claim(8*time.Hour, cases.Request{InstanceID: webA, Origin: cases.Origin{SourceKey: sourceKey, Kind: "alarm"}}))
			},
			cases.OutcomeDuplicate, "this very trigger has opened case " + webA,
		},
		{
			cases.RuleLever, "the casebook has a lever", silentHost,
			func(w *world) { w.pull("patch day", "ops") }, cases.OutcomeRefused, "stopped 0s ago by ops (patch day)",
		},
		{
			cases.RuleFresh, "the queue delivers it half an hour later", silentHost,
			func(w *world) { w.now = at(12, 29, 0) }, cases.OutcomeRefused, "the trigger is 30m old",
		},
		{
			cases.RuleQuiet, "the casebook has the mark of a dump", together(silentHost, console(nothingKnown)),
			func(w *world) { w.mark(25 * time.Minute) }, cases.OutcomeRefused, "its console showed a dump 25m ago",
		},
		{
			cases.RuleCooldown, "the casebook has a closed case of the instance, three hours old", silentHost,
			func(w *world) {
				w.closeCase(w.claim(3*time.Hour, cases.Request{InstanceID: webA, Origin: cases.Origin{SourceKey: "of the morning", Kind: "alarm"}}))
			},
			cases.OutcomeRefused, "interrupted 3h ago, 6h required",
		},
		{
			cases.RuleBudget, "the casebook has three interrupts of the last hour", silentHost,
			claimed(20*time.Minute, "", host(20), host(21), host(22)), cases.OutcomeRefused, "3 of 3 interrupts an hour are used up; the next is free in 40m",
		},
	}
}

// claimed opens cases in the casebook, so long ago, each by a trigger of its own.
func claimed(ago time.Duration, group string, ids ...string) func(*world) {
	return func(w *world) {
		for _, id := range ids {
			w.claim(ago, cases.Request{
				InstanceID: id, Group: group, Origin: cases.Origin{SourceKey: "another trigger of " + id, Kind: "alarm"},
			})
		}
	}
}

// claim opens a case as it would have been opened that long ago.
func (w *world) claim(ago time.Duration, r cases.Request) cases.Case {
	w.t.Helper()
	now := w.handler.Book.Now
	w.handler.Book.Now = func() time.Time { return now().Add(-ago) }
	defer func() { w.handler.Book.Now = now }()
	r.Cooldown, r.Budget, r.GroupLimit = w.handler.Config.Rules.Cooldown, w.handler.Config.Rules.Budget, 2
	c, err := w.handler.Book.Claim(w.t.Context(), r)
	if err == nil {
		err = w.handler.Book.Settle(w.t.Context(), c, cases.StateInterrupted, "")
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// mark marks a dump of webA that was seen so long ago.
func (w *world) mark(ago time.Duration) {
	w.t.Helper()
	if err := w.handler.Book.MarkDump(w.t.Context(), webA, w.now.Add(-ago)); err != nil {
		w.t.Fatal(err)
	}
}

// closeCase closes a case, so that its instance may have another.
func (w *world) closeCase(c cases.Case) {
	w.t.Helper()
	if _, err := w.handler.Book.CloseCase(w.t.Context(), casebook.Closing{CaseID: c.ID, Reason: "seen to", By: "ops"}); err != nil {
		w.t.Fatal(err)
	}
}

// pull pulls the lever.
func (w *world) pull(reason, by string) {
	w.t.Helper()
	if _, err := w.handler.Book.Pull(w.t.Context(), casebook.Pulling{Reason: reason, By: by}); err != nil {
		w.t.Fatal(err)
	}
}

// sourceKeyOf is the source key of an event's trigger.
func sourceKeyOf(t *testing.T, event string) string {
	t.Helper()
	for _, rec := range trigger.Decode([]byte(event), trigger.Invocation{At: noon}).Records {
		if rec.Trigger != nil {
			return rec.Trigger.SourceKey
		}
	}
	t.Fatal("no trigger: " + event)
	return ""
}
