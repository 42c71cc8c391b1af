package casebook_test

import (
	"slices"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

func TestProvenRejectionGivesBackAllButTheBudget(t *testing.T) {
	b := newBench(t)
	former := b.claim(request(host, "old alarm"))
	b.settle(former, cases.StateInterrupted)
	b.closeByHand(former)

	b.at(7 * time.Hour)
	c := b.claim(grouped(request(host, "alarm"), "asg/web", 1))
	if got := b.openCases("open"); !slices.Equal(got, []string{c.ID}) {
		t.Fatalf("the index of open cases has %q, want %q", got, c.ID)
	}
	if err := b.book.Settle(t.Context(), c, cases.StateRejected, "UnsupportedOperation"); err != nil {
		t.Fatal(err)
	}
	v := b.view(cases.Subject{InstanceID: host, SourceKey: "alarm"})
	if v.OpenCase != "" || !v.LastClaim.Equal(dawn.Truncate(time.Millisecond)) || v.ClaimedBy != c.ID {
		t.Errorf("the view is %+v, want no open case and the last claim of %s", v, dawn)
	}
	if budget, group := b.used("asg/web"); budget != 1 || group != 0 {
		t.Errorf("%d budget and %d group slots are taken, want 1 and 0", budget, group)
	}
	if got := b.openCases("open"); len(got) > 0 {
		t.Errorf("the index of open cases still has %q", got)
	}
	it := b.items()["case#"+c.ID+" case"]
	if text(it, "caseState") != "rejected" || text(it, "errorCode") != "UnsupportedOperation" {
		t.Errorf("the case is %q with code %q", text(it, "caseState"), text(it, "errorCode"))
	}
	b.wantLost(request(host, "alarm"), cases.CauseDuplicate) // the source key has claimed
	b.claim(grouped(request(host, "another alarm"), "asg/web", 1))
}

func TestFirstClaimEverIsForgottenWhenRejected(t *testing.T) {
	b := newBench(t)
	b.settle(b.claim(request(host, "alarm")), cases.StateRejected)
	if v := b.view(cases.Subject{InstanceID: host}); !v.LastClaim.IsZero() || v.OpenCase != "" {
		t.Errorf("the view is %+v, want that of an instance never claimed", v)
	}
	b.claim(request(host, "another alarm"))
}

func TestSentInterruptNeverGivesAnythingBack(t *testing.T) {
	for _, state := range []cases.State{cases.StateInterrupted, cases.StateUnknown} {
		t.Run(string(state), func(t *testing.T) {
			b := newBench(t)
			c := b.claim(grouped(request(host, "alarm"), "asg/web", 1))
			before := b.items()
			b.settle(c, state)
			if got := changed(before, b.items()); !slices.Equal(got, []string{"case#" + c.ID + " case"}) {
				t.Errorf("settling has changed %q, want the case alone", got)
			}
			if got := b.openCases("open"); !slices.Equal(got, []string{c.ID}) {
				t.Errorf("the index of open cases has %q, want %q", got, c.ID)
			}
			b.wantLost(request(host, "another alarm"), cases.CauseOpen)
			b.wantLost(grouped(request(hostNumber(1), "alarm"), "asg/web", 1), cases.CauseGroup)
		})
	}
}

// A function that was frozen for two days wakes up and settles: everything but
// its own case belongs to somebody else by then.
func TestSettlingTouchesOnlyWhatIsStillOurs(t *testing.T) {
	b := newBench(t)
	old := b.claim(grouped(request(host, "alarm"), "asg/web", 1))
	b.at(config.OpenFor + time.Millisecond)
	current := b.claim(grouped(request(host, "another alarm"), "asg/web", 1))
	before := b.items()

	b.settle(old, cases.StateRejected)
	if got := changed(before, b.items()); !slices.Equal(got, []string{"case#" + old.ID + " case"}) {
		t.Errorf("settling the old case has changed %q", got)
	}
	if v := b.view(cases.Subject{InstanceID: host}); v.OpenCase != current.ID {
		t.Errorf("the open case is %q, want %q", v.OpenCase, current.ID)
	}
}

func TestSettlingNeverReopensAClosedCase(t *testing.T) {
	b := newBench(t)
	c := b.claim(request(host, "alarm"))
	b.closeByHand(c)
	before := b.items()
	for _, state := range []cases.State{cases.StateInterrupted, cases.StateRejected} {
		if err := b.book.Settle(t.Context(), c, state, ""); err == nil {
			t.Errorf("settling the closed case as %s went through", state)
		}
	}
	if got := changed(before, b.items()); len(got) > 0 {
		t.Errorf("settling a closed case has changed %q", got)
	}
}

func TestCaseThatNobodyClaimedNeverSettles(t *testing.T) {
	b := newBench(t)
	c := b.claim(request(host, "alarm"))
	before := b.items()
	for _, forged := range []cases.Case{{}, {ID: c.ID, InstanceID: host}} {
		if err := b.book.Settle(t.Context(), forged, cases.StateRejected, ""); err == nil {
			t.Errorf("settling %+v went through", forged)
		}
	}
	if got := changed(before, b.items()); len(got) > 0 {
		t.Errorf("settling what nobody claimed has changed %q", got)
	}
}

func TestSettlingOutlivesConflictsAndLostAnswers(t *testing.T) {
	for name, faults := range map[string][]fault{
		"conflicts":    {failing(errConflict), failing(errConflict), failing(errInProgress)},
		"throttling":   {failing(errThrottled), failing(errThrottled)},
		"lost answers": {losing(errOutage), losing(errInProgress)},
	} {
		for _, state := range []cases.State{cases.StateInterrupted, cases.StateRejected, cases.StateDryRun} {
			t.Run(name+"/"+string(state), func(t *testing.T) {
				b := newBench(t)
				r := grouped(request(host, "alarm"), "asg/web", 1)
				r.DryRun = state == cases.StateDryRun
				c := b.claim(r)
				b.api.spoil(faults...)
				b.settle(c, state)
				open := len(b.openCases("open")) + len(b.openCases("dry#open"))
				if (open == 1) != (state == cases.StateInterrupted) {
					t.Errorf("%d cases are open", open)
				}
			})
		}
	}
}

func TestSettlingInAnOutageIsAnError(t *testing.T) {
	b := newBench(t)
	c := b.claim(request(host, "alarm"))
	b.api.down = errOutage
	if err := b.book.Settle(t.Context(), c, cases.StateInterrupted, ""); err == nil {
		t.Error("settling went through without a table")
	}
}
