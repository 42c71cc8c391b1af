package world_test

import (
	"testing"
	"time"

	"crashcart/lab/sim/world"
)

// lull is the longest row of minutes without a write, and what is written in ten seconds.
func lull(values []float64) (longest int, inTen float64) {
	row := 0
	for _, v := range values {
		inTen += v / 6 / float64(len(values))
		if row++; v > 0 {
			row = 0
		}
		longest = max(longest, row)
	}
	return longest, inTen
}

// TestALivingHostNeverWritesLessThanMeasured compares with the measured rows of the guests
// that lived (docs/hangs.md).
func TestALivingHostNeverWritesLessThanMeasured(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Single, Count: 20}, world.Hosts{Fleet: world.Router, Count: 20}, world.Hosts{Fleet: world.Busy, Count: 6})
	a := asker{t, w.View(world.Unknowns{})}
	for _, h := range w.Hosts() {
		// "full, no messages" and "full, a message every 60 s", and what an application adds.
		least, most := 3.0, 12.0
		switch h.Fleet {
		case world.Router:
			least, most = 0.6, 1.8
		case world.Busy:
			least, most = 40, 100
		}
		a.v.At(w.Start().Add(8 * time.Hour))
		_, values := a.writes(a.root(h.ID))
		longest, inTen := lull(values)
		if len(values) < 230 || longest > 0 || inTen < least || inTen > most {
			t.Errorf("%s host %d: %d minutes, %.2f writes in 10 s, %d empty minutes in a row", h.Fleet, h.N, len(values), inTen, longest)
		}
	}
}

// TestAnIdleHostIsNeverOneThatWasNotMeasured has the rows of the idle guests.
func TestAnIdleHostIsNeverOneThatWasNotMeasured(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Idle, Count: 300})
	a := asker{t, w.View(world.Unknowns{})}
	seen := map[string]int{}
	for _, h := range w.Hosts() {
		a.v.At(w.Start().Add(8 * time.Hour))
		_, values := a.writes(a.root(h.ID))
		switch longest, inTen := lull(values); {
		case longest == 0 && inTen > 0.6 && inTen < 1.8:
			seen["full"]++
		case longest >= 1 && longest <= 5 && inTen > 0.1 && inTen < 0.5:
			seen["every five minutes"]++
		case longest >= 7 && longest <= 9 && inTen > 0.3 && inTen < 0.6:
			seen["journald alone"]++
		case longest == len(values):
			seen["never"]++
		default:
			t.Errorf("host %d: %.2f writes in 10 s, %d empty minutes in a row", h.N, inTen, longest)
		}
	}
	for _, row := range []string{"full", "every five minutes", "journald alone", "never"} {
		if seen[row] == 0 {
			t.Errorf("no host is %q: %v", row, seen)
		}
	}
}

// TestAHungHostNeverWritesOnButWhereMeasured looks for the last minute with a write.
func TestAHungHostNeverWritesOnButWhereMeasured(t *testing.T) {
	for _, c := range []struct {
		hang  world.Cause
		until time.Duration // the last write comes at most so long after
	}{
		{world.FrozenRoot, 3 * time.Second}, {world.Memory, 24 * time.Second}, {world.Spin, 0}, {world.NoInterrupts, 0}, {world.PanicNoDump, 0},
	} {
		for variant := range uint64(20) {
			a, w := befallen(t, world.ALBInstance, c.hang, variant+1, 5*time.Hour, 30*time.Minute)
			began := w.Start().Add(6 * time.Hour)
			times, values := a.writes(a.root(id(0)))
			for n := range times {
				if values[n] > 0 && !times[n].Before(began.Add(c.until)) {
					t.Fatalf("%s: %g writes in the minute from %s after it began", c.hang, values[n], times[n].Sub(began))
				}
			}
			if last := times[len(times)-1].Sub(began); last < 25*time.Minute {
				t.Fatalf("the newest published minute is %s after", last)
			}
		}
	}
	a, _ := befallen(t, world.ALBInstance, world.SwapThrash, 1, 5*time.Hour, 30*time.Minute)
	_, values := a.writes(a.root(id(0)))
	if now, before := values[len(values)-1], values[len(values)-60]; now < 5*before {
		t.Errorf("a host that swaps writes %g a minute, and %g before", now, before)
	}
}

// TestAnInitThatRestartsServicesNeverRestsLong stops the user space of hosts with and
// without a journal on their disk.
func TestAnInitThatRestartsServicesNeverRestsLong(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Single, Count: 30})
	var faults []world.Fault
	for n := range 30 {
		faults = append(faults, world.Fault{Cause: world.Stopped, Scope: world.OneHost, Of: n, At: 6 * time.Hour, For: 5 * time.Hour})
	}
	w = with(t, w, faults...)
	a := asker{t, w.View(world.Unknowns{}).At(w.Start().Add(7 * time.Hour))}
	writing := 0
	for _, e := range w.Episodes() {
		_, values := a.writes(a.root(id(e.Host)))
		switch longest, _ := lull(values[len(values)-50:]); {
		case !e.StopsWriting && longest <= 1:
			writing++
		case e.StopsWriting && longest == 50:
		default:
			t.Errorf("host %d, which stops writing: %v, rests for %d minutes", e.Host, e.StopsWriting, longest)
		}
	}
	if writing == 0 || writing == 30 {
		t.Errorf("%d of 30 go on writing", writing)
	}
}

// TestADumpNeverRestsLong looks at the disk of a host that dumps.
func TestADumpNeverRestsLong(t *testing.T) {
	a, _ := befallen(t, world.ALBInstance, world.PanicWithDump, 1, 40*time.Minute, 38*time.Minute)
	_, values := a.writes(a.root(id(0)))
	if longest, _ := lull(values[len(values)-30:]); longest > 0 {
		t.Errorf("it rests for %d minutes: %v", longest, values[len(values)-30:])
	}
}

// TestAPointIsNeverThereTooEarly sweeps the lag.
func TestAPointIsNeverThereTooEarly(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.ALBInstance, Count: 4, Detailed: true})
	for _, lag := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute} {
		a := asker{t, w.View(world.Unknowns{MetricLag: lag})}
		for m := range 50 {
			a.v.At(w.Start().Add(8*time.Hour + time.Duration(m)*7*time.Second))
			times, _ := a.writes(a.root(id(2)))
			idle, _ := a.points("AWS/EBS", "VolumeIdleTime", "VolumeId", a.root(id(2)), "Sum", 60)
			sent, _ := a.points("AWS/EC2", "NetworkOut", "InstanceId", id(2), "Sum", 60)
			for _, newest := range []time.Time{times[len(times)-1], idle[len(idle)-1], sent[len(sent)-1]} {
				if age := a.v.Now().Sub(newest.Add(time.Minute)); age < lag || age > lag+80*time.Second {
					t.Fatalf("with a lag of %s the newest minute ended %s ago", lag, age)
				}
			}
			if len(idle) != len(times) {
				t.Fatalf("%d minutes of writes, and %d of idle time", len(times), len(idle))
			}
		}
	}
}
