package casebook_test

import (
	"slices"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

func TestAWithdrawnClaimLeavesNothingBehind(t *testing.T) {
	for name, wrap := range map[string]func(cases.Request) cases.Request{
		"real": func(r cases.Request) cases.Request { return r }, "dryRun": dryRun,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			former := b.claim(request(host, "old alarm"))
			b.settle(former, cases.StateInterrupted)
			b.closeByHand(former)

			b.at(7 * time.Hour)
			r := wrap(grouped(request(host, "alarm"), "asg/web", 1))
			r.Budget = 1
			subject := cases.Subject{InstanceID: host, SourceKey: "alarm", DryRun: r.DryRun}
			seen := b.view(subject)
			first := b.claim(r)
			b.settle(first, cases.StateWithdrawn)

			if _, still := b.items()[caseKeyOf(first)]; still {
				t.Error("the case is still there")
			}
			if v := b.view(subject); v != seen {
				t.Errorf("the view is %+v, want that from before: %+v", v, seen)
			}
			if budget, group := b.used("asg/web"); budget != 0 || group != 0 {
				t.Errorf("%d budget and %d group slots are still taken", budget, group)
			}
			if open := append(b.openCases("open"), b.openCases("dry#open")...); len(open) > 0 {
				t.Errorf("the index of open cases has %q", open)
			}
			// The very same trigger, in the one slot there is.
			if again := b.claim(r); again.ID != first.ID {
				t.Errorf("the next claim is case %s, want %s", again.ID, first.ID)
			}
			// An answer that comes late must not undo what came after it.
			held := b.items()
			if err := b.book.Settle(t.Context(), first, cases.StateWithdrawn, ""); err == nil {
				t.Error("the first claim was withdrawn a second time, though the case is the second claim's")
			}
			if got := changed(held, b.items()); len(got) > 0 {
				t.Errorf("withdrawing the first claim again has changed %q of the second", got)
			}
		})
	}
}

// caseKeyOf is the key of a case in bench.items.
func caseKeyOf(c cases.Case) string {
	if c.DryRun {
		return "dry#case#" + c.ID + " case"
	}
	return "case#" + c.ID + " case"
}

func TestWithdrawingTwiceWithdrawsOnce(t *testing.T) {
	b := newBench(t)
	before := b.items()
	c := b.claim(grouped(request(host, "alarm"), "asg/web", 1))
	b.settle(c, cases.StateWithdrawn)
	after := b.items()
	b.settle(c, cases.StateWithdrawn)
	if got := changed(after, b.items()); len(got) > 0 {
		t.Errorf("the second time has changed %q", got)
	}
	if got := changed(before, after); !slices.Equal(got, []string{"instance#" + host + " instance"}) {
		t.Errorf("withdrawing has left %q, want the instance's item without a claim alone", got)
	}
}

func TestWithdrawingOutlivesConflictsAndLostAnswers(t *testing.T) {
	for name, faults := range map[string][]fault{
		"conflicts":    {failing(errConflict), failing(errConflict), failing(errInProgress)},
		"throttling":   {failing(errThrottled), failing(errThrottled)},
		"lost answers": {losing(errOutage), losing(errInProgress)},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			r := grouped(request(host, "alarm"), "asg/web", 1)
			r.Budget = 1
			c := b.claim(r)
			b.api.spoil(faults...)
			b.settle(c, cases.StateWithdrawn)
			b.claim(r)
		})
	}
}

// A function that was frozen wakes up and withdraws: what has gone to somebody
// else by then, or was sent after all, must stay.
func TestWithdrawingNeverTouchesWhatIsSomebodyElses(t *testing.T) {
	b := newBench(t)
	old := b.claim(grouped(request(host, "alarm"), "asg/web", 1))
	b.at(config.OpenFor + time.Millisecond)
	current := b.claim(grouped(request(host, "another alarm"), "asg/web", 1))
	before := b.items()
	b.settle(old, cases.StateWithdrawn)
	for _, key := range changed(before, b.items()) {
		it, still := before[key]
		if mine := text(it, "caseId") == old.ID || text(it, "openCase") == old.ID; !still || !mine {
			t.Errorf("withdrawing the old claim has changed %s: %v", key, it)
		}
	}
	if v := b.view(cases.Subject{InstanceID: host}); v.OpenCase != current.ID {
		t.Errorf("the open case is %q, want %q", v.OpenCase, current.ID)
	}
	if _, group := b.used("asg/web"); group != 1 {
		t.Errorf("%d group slots are taken, want that of the current case", group)
	}
}

func TestACaseThatWasSentIsNeverWithdrawn(t *testing.T) {
	for _, state := range []cases.State{cases.StateInterrupted, cases.StateUnknown, cases.StateRejected} {
		b := newBench(t)
		c := b.claim(request(host, "alarm"))
		b.settle(c, state)
		before := b.items()
		if err := b.book.Settle(t.Context(), c, cases.StateWithdrawn, ""); err == nil {
			t.Errorf("a case that is %s was withdrawn", state)
		}
		if got := changed(before, b.items()); len(got) > 0 {
			t.Errorf("withdrawing a case that is %s has changed %q", state, got)
		}
	}
}

func TestADryRunThatDiedNeverBlocksTheNextForLong(t *testing.T) {
	const lapse = 5 * time.Minute
	b := newBench(t)
	died := dryRun(grouped(request(host, "a dry run"), "asg/web", 1))
	died.Budget, died.Cooldown = 1, 0
	b.claim(died) // and is never settled
	next := died
	next.Origin.SourceKey = "another dry run"
	b.at(lapse)
	b.wantLost(next, cases.CauseGroup)
	next.GroupLimit = 2
	b.wantLost(next, cases.CauseBudget)
	next.Budget = 2
	b.wantLost(next, cases.CauseOpen)

	next.Budget, next.GroupLimit = 1, 1
	b.at(lapse + time.Millisecond)
	b.claim(next)
}

// The same host was claimed by another attempt between a dry run's lapse and
// its settling.
func TestADryRunThatWakesUpLateNeverGivesAwayTheNext(t *testing.T) {
	b := newBench(t)
	first := dryRun(grouped(request(host, "a dry run"), "asg/web", 1))
	first.Budget, first.Cooldown = 1, 0
	slow := b.claim(first)
	b.at(5*time.Minute + time.Millisecond)
	second := first
	second.Origin.SourceKey = "another dry run"
	b.claim(second)
	before := b.items()
	b.settle(slow, cases.StateDryRun)
	if got := changed(before, b.items()); !slices.Equal(got, []string{caseKeyOf(slow)}) {
		t.Errorf("settling the first has changed %q", got)
	}
	third := first
	third.Origin.SourceKey = "a third dry run"
	b.wantLost(third, cases.CauseGroup)
	third.GroupLimit = 2
	b.wantLost(third, cases.CauseBudget)
}

// The instance's item carries the nonce of the attempt that holds it. Its case's
// id alone does not show it: the same trigger may have claimed again.
func TestASettlingNeverGivesBackWhatTheSameTriggerHasClaimedAgain(t *testing.T) {
	for _, state := range []cases.State{cases.StateRejected, cases.StateWithdrawn} {
		b := newBench(t)
		c := b.claim(request(host, "alarm"))
		b.rewrite("instance#"+host+" instance", "nonce", "of another attempt")
		before := b.items()
		b.settle(c, state)
		if got := changed(before, b.items()); slices.Contains(got, "instance#"+host+" instance") {
			t.Errorf("%s: the instance was given back though another attempt holds it", state)
		}
	}
	b := newBench(t)
	c := b.claim(dryRun(request(host, "alarm")))
	b.rewrite("dry#instance#"+host+" instance", "nonce", "of another attempt")
	b.settle(c, cases.StateDryRun)
	if _, still := b.items()["dry#instance#"+host+" instance"]; !still {
		t.Error("a dry run has forgotten an instance that another attempt holds")
	}
}

// rewrite changes one attribute of an item behind the casebook's back.
func (b *bench) rewrite(key, name, value string) {
	b.t.Helper()
	it, ok := b.items()[key]
	if !ok {
		b.t.Fatalf("there is no item %s", key)
	}
	it[name] = s(value)
	b.put(it)
}
