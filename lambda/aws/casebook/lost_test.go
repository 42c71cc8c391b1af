package casebook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
)

// wantUnclear checks that a claim's end concludes nothing.
func wantUnclear(t *testing.T, err error, because error) {
	t.Helper()
	if lost, ok := errors.AsType[*cases.LostError](err); ok || err == nil {
		t.Fatalf("the claim ended with %v, want an error that concludes nothing", lost)
	}
	if because != nil && !errors.Is(err, because) {
		t.Errorf("the error %q does not say %q", err, because)
	}
}

// The budget has one slot and so has the group: a claim that took its own for
// somebody else's would find none free.
func TestLostAnswerNeverLosesItsOwnClaim(t *testing.T) {
	for name, faults := range map[string][]fault{
		"final":                            {losing(errOutage)},
		"access taken away":                {losing(errDenied)},
		"throttled after the fact":         {losing(errThrottled)},
		"in progress":                      {losing(errInProgress)},
		"in progress, then in its own way": {losing(errInProgress), failing(errConflict)},
		"a cancellation of the retry":      {losing(errConflict)},
	} {
		for _, dryRun := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/dry run=%v", name, dryRun), func(t *testing.T) {
				b := newBench(t)
				b.api.spoil(faults...)
				r := grouped(request(host, "alarm"), "asg/web", 1)
				r.Budget, r.DryRun = 1, dryRun
				c := b.claim(r)
				if dryRun {
					b.settle(c, cases.StateDryRun)
					return
				}
				if v := b.view(cases.Subject{InstanceID: host}); v.OpenCase != c.ID {
					t.Fatalf("the open case is %q, the claim's %q", v.OpenCase, c.ID)
				}
				b.settle(c, cases.StateRejected)
				if budget, group := b.used("asg/web"); budget != 1 || group != 0 {
					t.Errorf("%d budget and %d group slots are taken after the rejection, want 1 and 0", budget, group)
				}
			})
		}
	}
}

// The first attempt is slow: it commits when the second, which has chosen other
// slots, is on its way. What is given back must be what the first has taken.
func TestLateCommitGivesBackItsOwnSlots(t *testing.T) {
	differed := false
	for i := range 12 {
		b := newBench(t)
		r := grouped(request(hostNumber(i), "alarm"), "asg/web", 3)
		r.Budget = 100
		var late func() error
		b.api.spoil(
			func(forward func() error) error {
				late = forward
				free := "slot#00000" // a neighbour takes one that this attempt has not chosen
				if slices.Contains(b.api.slotsWanted("group#asg/web"), free) {
					free = "slot#00001"
				}
				b.put(attributes{"pk": s("group#asg/web"), "sk": s(free), "nonce": s("a neighbour's"), "lapsesAt": s("2026-03-02T09:00:00.000Z")})
				return errInProgress
			},
			func(forward func() error) error {
				if err := late(); err != nil {
					t.Errorf("the late attempt: %v", err)
				}
				return forward()
			},
		)
		c := b.claim(r)
		b.settle(c, cases.StateRejected)
		if _, group := b.used("asg/web"); group != 1 {
			t.Errorf("%d group slots are taken, want the neighbour's alone", group)
		}
		differed = differed || len(slices.Compact(b.api.slotsWanted("group#asg/web"))) > 1
	}
	if !differed {
		t.Error("the two attempts never chose different slots: nothing was tested")
	}
}

// The commit falls between reading its own case and reading the slots.
func TestOwnSlotIsNeverTakenForSomebodyElses(t *testing.T) {
	b := newBench(t)
	r := grouped(request(host, "alarm"), "asg/web", 1)
	r.Budget, r.Seen = 1, &cases.Seen{}
	b.api.spoil(func(forward func() error) error {
		b.api.onQuery = forward
		return errInProgress
	})
	c := b.claim(r)
	b.settle(c, cases.StateRejected)
	if budget, group := b.used("asg/web"); budget != 1 || group != 0 {
		t.Errorf("%d budget and %d group slots are taken after the rejection, want 1 and 0", budget, group)
	}

	// Somebody else's slot is still somebody else's.
	other := grouped(request(hostNumber(1), "alarm"), "asg/web", 1)
	other.Budget, other.Seen = 1, &cases.Seen{}
	b.wantLost(other, cases.CauseBudget)
}

func TestRetryOfALostAnswerMeetsItsOwnCase(t *testing.T) {
	b := newBench(t)
	lost := 0
	b.wire.lose = func(op string) bool {
		if strings.HasSuffix(op, ".TransactWriteItems") {
			lost++
		}
		return lost == 1 && strings.HasSuffix(op, ".TransactWriteItems")
	}
	r := grouped(request(host, "alarm"), "asg/web", 1)
	r.Budget = 1
	c := b.claim(r)
	if lost < 2 {
		t.Fatalf("%d transactions were sent: the answer was not lost", lost)
	}
	b.settle(c, cases.StateInterrupted)
}

func TestThrottledClaimStillWins(t *testing.T) {
	b := newBench(t)
	throttled := 0
	b.wire.before = func(w http.ResponseWriter, _ string) bool {
		if throttled++; throttled%3 == 0 {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slower"}`))
		return true
	}
	b.claim(request(host, "alarm"))
}

func TestClaimThatWroteNothingConcludesNothing(t *testing.T) {
	for name, cause := range map[string]error{"outage": errOutage, "denied": errDenied} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.api.spoil(failing(cause))
			before := b.items()
			_, err := b.book.Claim(t.Context(), request(host, "alarm"))
			wantUnclear(t, err, cause)
			if got := changed(before, b.items()); len(got) > 0 {
				t.Errorf("it has written %q", got)
			}
			b.claim(request(host, "alarm")) // the next pass
		})
	}
}

func TestUnclearClaimOfASourceKeyThatHasClaimedIsADuplicate(t *testing.T) {
	b := newBench(t)
	first := b.claim(request(host, "alarm"))
	b.api.spoil(failing(errOutage))
	if lost := b.wantLost(request(host, "alarm"), cases.CauseDuplicate); lost.CaseID != first.ID {
		t.Errorf("the duplicate names %q, want %q", lost.CaseID, first.ID)
	}
}

func TestOutageConcludesNothing(t *testing.T) {
	b := newBench(t)
	first := b.claim(request(host, "alarm"))
	seen := request(host, "another alarm")
	seen.Seen = &cases.Seen{}

	b.api.readDown = errOutage // the condition says no, and then nobody says which
	_, err := b.book.Claim(t.Context(), seen)
	wantUnclear(t, err, errOutage)
	_, err = b.book.Claim(t.Context(), request(host, "another alarm"))
	wantUnclear(t, err, errOutage)

	b.api.down = errOutage
	_, err = b.book.Claim(t.Context(), seen)
	wantUnclear(t, err, errOutage)
	if views, err := b.book.Read(t.Context(), []cases.Subject{{InstanceID: host}}); err == nil || views != nil {
		t.Errorf("the table is out and the views are %v (error %v)", views, err)
	}
	if slots, err := b.book.BudgetSlots(t.Context()); err == nil || slots.Taken != nil {
		t.Errorf("the table is out and the budget is %v (error %v)", slots, err)
	}
	b.api.down, b.api.readDown = nil, nil
	if v := b.view(cases.Subject{InstanceID: host}); v.OpenCase != first.ID {
		t.Errorf("after the outage the open case is %q, want %q", v.OpenCase, first.ID)
	}
}

func TestUnprocessedKeysAreNeverTakenForAbsentItems(t *testing.T) {
	b := newBench(t)
	c := b.claim(request(host, "alarm"))
	b.pullLever()
	b.api.leave = 2
	v := b.view(cases.Subject{InstanceID: host, SourceKey: "alarm"})
	if !v.Lever.Pulled || v.OpenCase != c.ID || v.ClaimedBy != c.ID {
		t.Errorf("the view is %+v, want a pulled lever and case %s", v, c.ID)
	}
	three := []cases.Subject{
		{InstanceID: host, SourceKey: "alarm"}, {InstanceID: hostNumber(1), SourceKey: "alarm"}, {InstanceID: hostNumber(2), SourceKey: "alarm"},
	}
	b.api.leave = 1000 // a few at a time are slow, and an answer all the same
	if views, err := b.book.Read(t.Context(), three); err != nil || len(views) != 3 || views[three[0]].OpenCase != c.ID {
		t.Errorf("key by key the views are %v (error %v)", views, err)
	}
	b.api.leave, b.api.refuse = 2, 3
	if views, err := b.book.Read(t.Context(), three); err != nil || views[three[0]].OpenCase != c.ID {
		t.Errorf("after a while the views are %v (error %v)", views, err)
	}
	b.api.leave, b.api.refuse = 0, 1000
	if views, err := b.book.Read(t.Context(), three); err == nil || views != nil {
		t.Errorf("keys stay unprocessed and the views are %v (error %v)", views, err)
	}
}

// A claim that commits, but whose answer does not come within its caller's bound,
// has been won all the same: given up, it would lock the host for two days with
// nothing sent.
func TestAClaimWhoseAnswerIsTooLateIsNeverGivenUp(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	b.api.faults = []fault{func(forward func() error) error {
		if err := forward(); err != nil {
			return err
		}
		<-ctx.Done()
		return ctx.Err()
	}}
	c, err := b.book.Claim(ctx, request(host, "alarm"))
	if err != nil || c.InstanceID != host {
		t.Fatalf("case %+v, error %v", c, err)
	}
}
