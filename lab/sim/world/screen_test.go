package world_test

import (
	"math"
	"testing"
	"time"

	"crashcart/lab/sim/world"
)

// pictures are the pictures on a host's screen, from one moment after 06:00 to another, with
// how often each stands there.
func pictures(w *world.World, host int, from, to, every time.Duration) map[string]int {
	v := w.View(world.Unknowns{})
	out := map[string]int{}
	for after := from; after < to; after += every {
		out[string(v.At(w.Start().Add(6*time.Hour+after)).Screen(host))]++
	}
	return out
}

// common says whether two sets of pictures have one in common.
func common(a, b map[string]int) bool {
	for picture := range a {
		if b[picture] > 0 {
			return true
		}
	}
	return false
}

// TestALivingScreenNeverChangesButForItsCursor looks at hosts that nothing befalls, and at
// some whose voices are gone.
func TestALivingScreenNeverChangesButForItsCursor(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Single, Count: 20}, world.Hosts{Fleet: world.Windows, Count: 20})
	var faults []world.Fault
	for n, c := range []world.Cause{world.AgentsStopped, world.AppDeadlock, world.CutOff, world.WorkEnds, world.DiskFull} {
		faults = append(faults, world.Fault{Cause: c, Scope: world.OneHost, Of: n, At: 6 * time.Hour, For: time.Hour})
	}
	w = with(t, w, faults...)
	blink := 0
	for n := range w.Hosts() {
		seen := pictures(w, n, -time.Hour, 2*time.Hour, 17*time.Second)
		if len(seen) > 2 || seen[""] > 0 {
			t.Fatalf("host %d shows %v", n, seen)
		}
		blink += len(seen) - 1
	}
	if blink < 10 || blink > 30 {
		t.Errorf("the cursors of %d hosts of 40 blink", blink)
	}
}

// TestARestartNeverLooksLikeAHang looks at screens every second, and every minute.
func TestARestartNeverLooksLikeAHang(t *testing.T) {
	still, all := 0, 0
	for _, f := range []world.Fleet{world.Single, world.Windows} {
		for _, c := range []struct {
			cause    world.Cause
			lasts    time.Duration
			from, to time.Duration // in which it shuts down, or boots
		}{
			{world.SlowStop, 40 * time.Minute, 0, 40 * time.Minute},
			{world.SlowBoot, 40 * time.Minute, time.Minute, 40 * time.Minute},
			{world.Reboot, 3 * time.Minute, time.Minute, 3 * time.Minute},
		} {
			w := make1(t, world.Hosts{Fleet: f, Count: 10})
			for n := range w.Hosts() {
				now := with(t, w, world.Fault{Cause: c.cause, Scope: world.OneHost, Of: n, At: 6 * time.Hour, For: c.lasts})
				during := pictures(now, n, c.from, c.to, time.Second)
				before, after := pictures(now, n, -time.Hour, 0, 11*time.Second), pictures(now, n, time.Hour, 2*time.Hour, 11*time.Second)
				if common(before, during) || common(during, after) || common(before, after) || len(after) > 2 {
					t.Fatalf("%s host %d: %s leaves %d pictures, and shows no others", f, n, c.cause, len(after))
				}
				all++
				switch seconds := int((c.to - c.from) / time.Second); len(during) {
				case 1:
					still++
				case seconds:
				default:
					t.Errorf("%s host %d: %s shows %d pictures in %d s", f, n, c.cause, len(during), seconds)
				}
			}
		}
	}
	if share := float64(still) / float64(all); math.Abs(share-world.StillScreens) > world.StillScreens {
		t.Errorf("a share of %.2f shows one picture while it restarts, not %.2f", share, world.StillScreens)
	}
}

// TestTwoBootsNeverLeaveTheSamePrompt restarts a host twice.
func TestTwoBootsNeverLeaveTheSamePrompt(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Single, Count: 1})
	reboot := world.Fault{Cause: world.Reboot, Scope: world.OneHost, At: 6 * time.Hour, For: time.Minute}
	again := reboot
	again.At += time.Hour
	w = with(t, w, reboot, again)
	one, two := pictures(w, 0, 5*time.Minute, time.Hour, time.Second), pictures(w, 0, 65*time.Minute, 2*time.Hour, time.Second)
	if len(one) > 2 || len(two) > 2 || common(one, two) {
		t.Errorf("the boots leave %v and %v", one, two)
	}
}

// TestAHungScreenNeverChangesButByItsKernel looks at hung hosts for an hour.
func TestAHungScreenNeverChangesButByItsKernel(t *testing.T) {
	for _, c := range []struct {
		hang        world.Cause
		least, most int // pictures of a cursor that stands, or blinks
		windows     int
	}{
		{world.FrozenRoot, 2, 22, 2}, // its kernel complains ten times
		{world.Stopped, 1, 2, 2},
		{world.Memory, 2, 4, 2},
		{world.Spin, 100, 400, 2}, // it complains every 24 s
		{world.NoInterrupts, 1, 1, 1},
		{world.PanicNoDump, 1, 1, 1},
	} {
		for _, f := range []world.Fleet{world.Single, world.Windows} {
			least, most := c.least, c.most
			if f == world.Windows {
				least, most = 1, c.windows
			}
			w := make1(t, world.Hosts{Fleet: f, Count: 20})
			for n := range w.Hosts() {
				now := with(t, w, world.Fault{Cause: c.hang, Scope: world.OneHost, Of: n, At: 6 * time.Hour, For: 5 * time.Hour})
				if seen := pictures(now, n, 0, time.Hour, 7*time.Second); len(seen) < least || len(seen) > most {
					t.Errorf("%s host %d: %s shows %d pictures in an hour, not %d to %d", f, n, c.hang, len(seen), least, most)
				}
				if before := pictures(now, n, -time.Hour, 0, 11*time.Second); c.hang == world.PanicNoDump && common(before, pictures(now, n, 0, time.Hour, time.Minute)) {
					t.Errorf("%s host %d does not show its panic", f, n)
				}
			}
		}
	}
}

// TestAHungInitNeverCountsOn has a storm during a shutdown that waits.
func TestAHungInitNeverCountsOn(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Windows, Count: 2})
	w = with(t, w, world.Fault{Cause: world.SlowStop, Scope: world.OneHost, At: 6 * time.Hour, For: time.Hour},
		world.Fault{Cause: world.StormThatEnds, Scope: world.OneHost, At: 6*time.Hour + 10*time.Minute, For: 10 * time.Minute})
	if seen := pictures(w, 0, 10*time.Minute, 20*time.Minute, time.Second); len(seen) != 1 {
		t.Errorf("during a storm the shutdown shows %d pictures", len(seen))
	}
	if seen := pictures(w, 0, 20*time.Minute, 30*time.Minute, time.Second); len(seen) != 600 {
		t.Errorf("after a storm the shutdown shows %d pictures in 600 s", len(seen))
	}
}

// TestADumpNeverShowsAPrompt looks at hosts that dump: most show now and then how far they
// are.
func TestADumpNeverShowsAPrompt(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Single, Count: 60})
	mute := 0
	for n := range w.Hosts() {
		now := with(t, w, world.Fault{Cause: world.PanicWithDump, Scope: world.OneHost, Of: n, At: 6 * time.Hour, For: time.Hour})
		during := pictures(now, n, 0, time.Hour, 7*time.Second)
		if common(during, pictures(now, n, -time.Hour, 0, 11*time.Second)) || common(during, pictures(now, n, 2*time.Hour, 3*time.Hour, 11*time.Second)) {
			t.Errorf("host %d dumps behind a prompt", n)
		}
		if during[""] > 0 {
			t.Errorf("host %d dumps, and its screen is empty", n)
		}
		switch len(during) {
		case 1: // the panic stands there
			mute++
		default:
			if len(during) < 6 || len(during) > 60 {
				t.Errorf("the dump of host %d shows %d pictures", n, len(during))
			}
		}
	}
	if mute == 0 || mute > 15 {
		t.Errorf("%d of 60 dumps show one picture", mute)
	}
}

// TestAHostThatDoesNotRunNeverShowsAPicture looks at a group that exchanges its members.
func TestAHostThatDoesNotRunNeverShowsAPicture(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Group6, Count: 6})
	w = with(t, w, world.Fault{Cause: world.GroupChurn, Scope: world.OneGroup, At: 6 * time.Hour, For: 30 * time.Minute, Variant: 2})
	a := asker{t, w.View(world.Unknowns{})}
	gone := 0
	for n := range 6 {
		for m := range time.Duration(120) {
			a.at(w, 6*time.Hour+m*30*time.Second)
			if runs := a.instance(id(n)).State.Name == "running"; runs != (len(a.v.Screen(n)) > 0) {
				t.Fatalf("host %d runs: %v; its screen is %q", n, runs, a.v.Screen(n))
			} else if !runs {
				gone++
			}
		}
	}
	if gone == 0 {
		t.Error("every host runs all the time")
	}
}
