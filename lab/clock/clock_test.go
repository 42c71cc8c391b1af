package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/clock"
)

func TestScaledTimeRunsAtItsSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewScaled(60)
		lab := c.Now()
		time.Sleep(10 * time.Second)
		if got := c.Now().Sub(lab); got != 10*time.Minute {
			t.Errorf("10 s on the wall were %s in the lab, want 10m", got)
		}
		wall := time.Now()
		if err := clock.Sleep(t.Context(), c, 5*time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(wall); got != 5*time.Second {
			t.Errorf("5 lab minutes took %s on the wall, want 5s", got)
		}
	})
}

func TestReportKeepsAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewScaled(60)
		ping := c.Now()
		time.Sleep(6 * time.Second)
		if got := time.Since(c.Report(ping)); got != 6*time.Minute {
			t.Errorf("a ping of 6 lab minutes ago is reported as %s old", got)
		}
		if got := time.Until(c.Report(c.Now().Add(time.Hour))); got != time.Hour {
			t.Errorf("an event in one lab hour is reported as %s ahead", got)
		}
	})
}

func TestManualTimeStandsStillUntilAdvanced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
		c := clock.NewManual(start)
		late, soon := c.After(2*time.Minute), c.After(time.Minute)
		time.Sleep(time.Hour)
		if len(late)+len(soon) != 0 || !c.Now().Equal(start) || c.Waiting() != 2 {
			t.Fatal("the clock moved by itself")
		}
		c.Advance(time.Minute)
		if len(soon) != 1 || len(late) != 0 || c.Waiting() != 1 {
			t.Errorf("after a minute: soon %d, late %d", len(soon), len(late))
		}
		if got := <-soon; !got.Equal(start.Add(time.Minute)) {
			t.Errorf("woken with %s", got)
		}
		if got := time.Since(c.Report(start)); got != time.Minute {
			t.Errorf("reported age %s, want 1m", got)
		}
		if len(c.After(0)) != 1 {
			t.Error("After(0) does not fire at once")
		}
	})
}

func TestSleepEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := clock.Sleep(ctx, clock.NewManual(time.Now()), time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}
