package fleet_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
	"crashcart/lab/fleet/fleettest"
)

// counted is a fleet with a real guest whose counters are read, in a bubble of synctest.
type counted struct {
	*fleet.Fleet
	clock   *clock.Manual
	machine *fleettest.Counted
}

func newCounted(t *testing.T) counted {
	t.Helper()
	c := counted{clock: clock.NewManual(noon), machine: &fleettest.Counted{}}
	c.Fleet = fleet.New(c.clock)
	must(t, c.Add(fleet.Spec{ID: id, Type: "m6i.large", Machine: c.machine}))
	synctest.Wait()
	return c
}

// pass lets time go by, with so many writes every five seconds.
func (c counted) pass(d time.Duration, writes uint64) {
	for ; d > 0; d -= 5 * time.Second {
		c.machine.Count(writes, 100*writes)
		c.clock.Advance(5 * time.Second)
		synctest.Wait()
	}
}

func (c counted) minute(t *testing.T, ago time.Duration) (writes int, sent float64, known bool) {
	t.Helper()
	track, ok := c.Track(id)
	if !ok {
		t.Fatal("no track")
	}
	from := c.clock.Now().Add(-ago)
	to := from.Add(time.Minute)
	return track.Writes(fleet.VolumeOf(id), from, to), track.Sent(from, to), track.Runs(from, to)
}

func TestARealGuestsWritesAreThoseThatItsHypervisorCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounted(t)
		defer c.Close()
		c.pass(5*time.Minute, 3)
		c.pass(5*time.Minute, 0)
		for ago, want := range map[time.Duration]int{8 * time.Minute: 36, 5 * time.Minute: 0, 2 * time.Minute: 0} {
			if writes, sent, known := c.minute(t, ago); !known || writes != want || sent != float64(100*want) {
				t.Errorf("%s ago: %d writes, %.0f bytes, known %v", ago, writes, sent, known)
			}
		}
	})
}

func TestWhatNobodyReadIsUnknownAndNeverStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounted(t)
		defer c.Close()
		c.pass(3*time.Minute, 3)
		c.machine.Lose(errors.New("QEMU does not answer"))
		c.pass(time.Minute, 3)
		c.machine.Lose(nil)
		c.pass(2*time.Minute, 3)
		c.machine.ResetCounters()
		c.pass(2*time.Minute, 3)
		for name, ago := range map[string]time.Duration{
			"before the first reading": 9 * time.Minute, "without an answer": 5 * time.Minute,
			"across a restart of the hypervisor": 2*time.Minute + 30*time.Second, "not over yet": 30 * time.Second,
		} {
			if _, _, known := c.minute(t, ago); known {
				t.Errorf("%s: known", name)
			}
		}
		if writes, _, known := c.minute(t, 7*time.Minute); !known || writes != 36 {
			t.Errorf("%d writes, %v", writes, known)
		}
	})
}

func TestNothingReadsOnWhenTheFleetIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
		c := newCounted(t)
		c.pass(time.Minute, 1)
		c.Close()
	})
	synctest.Test(t, func(t *testing.T) {
		c := newCounted(t)
		must(t, c.Vanish(id))
		c.clock.Advance(5 * time.Second)
		synctest.Wait()
	})
}
