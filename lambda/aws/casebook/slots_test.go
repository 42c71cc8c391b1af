package casebook_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// racers claims n instances at once, with eight books, and counts who won.
func (b *bench) racers(n int, wanted cases.Cause, r func(instance string) cases.Request) (won []cases.Case) {
	b.t.Helper()
	books := make([]*casebook.Book, 8)
	for i := range books {
		books[i] = b.another()
	}
	won, lost := race(b.t, n, func(i int) (cases.Case, error) {
		return books[i%len(books)].Claim(b.t.Context(), r(hostNumber(i)))
	})
	for _, err := range lost {
		if l, ok := errors.AsType[*cases.LostError](err); !ok || l.Cause != wanted {
			b.t.Errorf("a loser got %v, want %s", err, wanted)
		}
	}
	return won
}

func TestBudgetIsNeverOverspentNorRefusedWhileASlotIsFree(t *testing.T) {
	b := newBench(t)
	won := b.racers(24, cases.CauseBudget, func(i string) cases.Request { return request(i, "alarm") })
	if len(won) != 3 {
		t.Fatalf("%d claims won, want the budget's 3", len(won))
	}
	for _, c := range won { // neither a rejection nor a closed case gives budget back
		b.settle(c, cases.StateRejected)
	}
	b.at(cases.BudgetWindow)
	b.wantLost(request(hostNumber(100), "alarm"), cases.CauseBudget)
	if budget, _ := b.used("none"); budget != 3 {
		t.Errorf("%d slots are taken after exactly an hour, want 3", budget)
	}

	b.at(cases.BudgetWindow + time.Millisecond)
	if budget, _ := b.used("none"); budget != 0 {
		t.Errorf("%d slots are taken after more than an hour, want none", budget)
	}
	won = b.racers(24, cases.CauseBudget, func(i string) cases.Request {
		r := request(i, "second alarm")
		r.Cooldown = 0
		return r
	})
	if len(won) != 3 {
		t.Errorf("%d claims won after the slots have lapsed, want 3", len(won))
	}
}

func TestWindowSlidesSlotBySlot(t *testing.T) {
	b := newBench(t)
	for i := range 3 {
		b.at(time.Duration(i) * 20 * time.Minute)
		b.claim(request(hostNumber(i), "alarm"))
	}
	slots, err := b.book.BudgetSlots(t.Context())
	if next := dawn.Add(time.Hour).Truncate(time.Millisecond); err != nil || !slots.NextFree().Equal(next) {
		t.Errorf("the next slot is free at %s, want %s (error %v)", slots.NextFree(), next, err)
	}
	b.at(61 * time.Minute)
	b.claim(request(hostNumber(3), "alarm"))
	b.wantLost(request(hostNumber(4), "alarm"), cases.CauseBudget)
}

func TestGroupNeverHasMoreOpenCasesThanItsShare(t *testing.T) {
	b := newBench(t)
	inGroup := func(i string) cases.Request {
		r := grouped(request(i, "alarm"), "asg/web", 2)
		r.Budget = 100
		return r
	}
	won := b.racers(16, cases.CauseGroup, inGroup)
	if len(won) != 2 {
		t.Fatalf("%d claims of the group won, want 2", len(won))
	}
	other := inGroup(hostNumber(50))
	other.Group = "asg/db"
	b.claim(other)

	b.at(config.OpenFor) // long after the budget's slots have lapsed
	b.wantLost(inGroup(hostNumber(100)), cases.CauseGroup)
	b.at(config.OpenFor + time.Millisecond)
	b.claim(inGroup(hostNumber(100)))
}

// A group may shrink while its cases are open. All racers have read the same
// slots, which they may do at most once together.
func TestSlotsBeyondAShrunkLimitStillCount(t *testing.T) {
	for name, taken := range map[string][]int{"beyond": {2}, "beyond and below": {1, 3}, "all of it": {2, 3, 4}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			limit := len(taken) + 1
			if name == "all of it" {
				limit = 2
			}
			for _, k := range taken {
				b.put(attributes{
					"pk": s("group#asg/web"), "sk": s(fmt.Sprintf("slot#%05d", k)), "nonce": s("somebody's"),
					"lapsesAt": s(dawn.Add(time.Hour).Format("2006-01-02T15:04:05.000Z")),
				})
			}
			group, err := b.book.GroupSlots(t.Context(), "asg/web")
			if err != nil {
				t.Fatal(err)
			}
			seen := &cases.Seen{Group: group}
			won := b.racers(16, cases.CauseGroup, func(i string) cases.Request {
				r := grouped(request(i, "alarm"), "asg/web", limit)
				r.Budget, r.Seen = 100, seen
				return r
			})
			if want := max(0, limit-len(taken)); len(won) != want {
				t.Errorf("%d claims won with %d of %d slots taken, want %d", len(won), len(taken), limit, want)
			}
		})
	}
}

func TestStaleSightOfTheSlotsNeverDecides(t *testing.T) {
	b := newBench(t)
	empty := &cases.Seen{}
	won := b.racers(12, cases.CauseBudget, func(i string) cases.Request {
		r := request(i, "alarm")
		r.Seen = empty
		return r
	})
	if len(won) != 3 {
		t.Errorf("%d claims won, want 3", len(won))
	}
	b.at(cases.BudgetWindow) // to the millisecond: the slots are still taken
	r := request(hostNumber(100), "alarm")
	r.Seen = empty
	b.wantLost(r, cases.CauseBudget)
}

func TestSightOfFreeSlotsSavesTheClaimARound(t *testing.T) {
	b := newBench(t)
	b.api.readDown = errOutage // the claim must not read at all
	r := grouped(request(host, "alarm"), "asg/web", 1)
	r.Seen = &cases.Seen{}
	b.claim(r)
}

func TestNoSlotIsOverlookedOnALaterPage(t *testing.T) {
	b := newBench(t)
	for i := range 5 {
		r := request(hostNumber(i), "alarm")
		r.Budget = 5
		b.claim(r)
	}
	b.api.pageSize = 2
	if budget, _ := b.used("none"); budget != 5 {
		t.Errorf("%d slots were read, want all 5", budget)
	}
	full := request(hostNumber(9), "alarm")
	full.Budget = 5
	b.wantLost(full, cases.CauseBudget)

	b.api.badPage = 3
	if slots, err := b.book.BudgetSlots(t.Context()); err == nil || slots.Taken != nil {
		t.Errorf("a page that failed left %d slots and the error %v", slots.Used(), err)
	}
	full.Budget = 100
	if _, err := b.book.Claim(t.Context(), full); err == nil || errors.As(err, new(*cases.LostError)) {
		t.Errorf("the claim that could not read the slots ended with %v", err)
	}
}
