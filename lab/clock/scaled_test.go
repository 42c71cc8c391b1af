package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/clock"
)

func TestAClockThatRunsFasterWakesWhatWaitsForItsTimeAndNothingEarlier(t *testing.T) {
	c := clock.NewScaled(1)
	start := c.Now()
	soon, late := c.After(time.Hour), c.After(1000*time.Hour)
	c.Run(3600 * 10)
	select {
	case at := <-soon:
		if age := at.Sub(start); age < time.Hour {
			t.Errorf("it was woken after %s of lab time", age)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("what waits for an hour waits for an hour on the wall")
	}
	c.Run(1)
	select {
	case <-late:
		t.Error("what waits for later was woken, too")
	default:
	}
}

func TestAClockNeverJumpsWhenItsSpeedChanges(t *testing.T) {
	c := clock.NewScaled(100)
	for _, speed := range []float64{1000, 1, 50} {
		before := c.Now()
		c.Run(speed)
		if after := c.Now(); after.Before(before) || after.Sub(before) > time.Minute {
			t.Errorf("at %.0f it goes from %s to %s", speed, before, after)
		}
	}
	at := c.Now().Add(-time.Hour)
	if age := time.Since(c.Report(at)); age < time.Hour || age > time.Hour+time.Minute {
		t.Errorf("what is an hour old is reported as %s old", age)
	}
}

func TestNoMomentOfTheWallIsTakenForAnotherInTheLab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewScaled(60)
		type moment struct{ wall, lab time.Time }
		var seen []moment
		for _, speed := range []float64{60, 1000, 1} {
			c.Run(speed)
			for range 2 {
				seen = append(seen, moment{time.Now(), c.Now()})
				time.Sleep(time.Second)
			}
		}
		seen = append(seen, moment{seen[0].wall.Add(-time.Hour), seen[0].lab.Add(-time.Hour)})
		for _, m := range seen {
			if got := c.Lab(m.wall); got.Sub(m.lab).Abs() > time.Microsecond {
				t.Errorf("%s on the wall was %s in the lab, not %s", m.wall, m.lab, got)
			}
		}
	})
}
