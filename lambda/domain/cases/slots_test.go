package cases_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
)

// occupied is a set of slots of which these are taken, each for a minute longer than the
// one before.
func occupied(numbers ...int) cases.Slots {
	s := cases.Slots{Taken: map[int]time.Time{}}
	for i, n := range numbers {
		s.Taken[n] = noon.Add(time.Duration(i) * time.Minute)
	}
	return s
}

func TestNoMoreSlotsAreTakenThanThereAre(t *testing.T) {
	for _, c := range []struct {
		name  string
		taken cases.Slots
		limit int
		free  []int // for start 0, 1, 2 and so on
	}{
		{"nothing taken", occupied(), 3, []int{0, 1, 2, 0}},
		{"never asked for", cases.Slots{}, 2, []int{0, 1, 0}},
		{"one taken", occupied(1), 3, []int{0, 2, 0}},
		{"all taken", occupied(0, 1, 2), 3, []int{-1, -1}},
		{"no slots at all", occupied(), 0, []int{-1}},
		{"the limit has shrunk to what is taken", occupied(3, 4), 2, []int{-1, -1}},
		{"the limit has shrunk: one is left, the lowest", occupied(1, 4), 3, []int{0, 0, 0}},
		{"all racers choose among the lowest", occupied(4), 3, []int{0, 1, 0, 1}},
	} {
		for start, want := range c.free {
			if got := c.taken.Free(uint64(start), c.limit); got != want {
				t.Errorf("%s: start %d takes %d, want %d", c.name, start, got, want)
			}
		}
	}
}

func TestTheNextFreeSlotIsTheFirstToLapse(t *testing.T) {
	if s := occupied(5, 0, 2); s.Used() != 3 || !s.NextFree().Equal(noon) {
		t.Errorf("%d are used, the next is free at %s", s.Used(), s.NextFree())
	}
	if s := (cases.Slots{}); s.Used() != 0 || !s.NextFree().IsZero() {
		t.Errorf("of no slots %d are used, the next is free at %s", s.Used(), s.NextFree())
	}
}
