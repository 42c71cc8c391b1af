package followup_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
)

// Most surveys are over within seconds, and a large dump takes an hour.
func TestACommandIsAskedForOftenAtFirstAndThenEachMinute(t *testing.T) {
	w, id := crashed(t)
	w.at(10 * time.Minute)
	w.disk.takes = 12 * time.Minute
	w.advanceUntil(id, func(c cases.Collecting) bool { return c.Files.Signed > 0 })
	var waits []int
	for w.record(id).Followup.Collect.Command != "" && len(waits) < 100 {
		before := w.polled
		a := w.advance(id)
		if w.polled-before > 1 {
			t.Errorf("it was asked for %d times at once", w.polled-before)
		}
		if a.WaitSeconds > 0 {
			waits = append(waits, a.WaitSeconds)
		}
		w.at(w.clock().Sub(dawn) + time.Duration(a.WaitSeconds)*time.Second)
	}
	early, later := 0, 0
	for i, s := range waits {
		switch {
		case s == 15 && later == 0:
			early++
		case s == 60:
			later++
		default:
			t.Errorf("wait %d is of %d s", i, s)
		}
	}
	if early < 7 || early > 9 || later < 9 || later > 11 {
		t.Errorf("%d short waits and %d of a minute, in twelve minutes: %v", early, later, waits)
	}
}

// A second delivery of the same step must not ask Systems Manager again.
func TestACommandIsNeverAskedForTwiceInAMoment(t *testing.T) {
	w, id := crashed(t)
	w.advanceUntil(id, func(c cases.Collecting) bool { return c.Command != "" })
	w.polled = 0
	for range 5 {
		w.advance(id)
	}
	if w.polled > 0 {
		t.Errorf("it was asked for %d times", w.polled)
	}
}
