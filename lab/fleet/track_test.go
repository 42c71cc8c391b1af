package fleet_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
)

// noon is a moment that is not at the beginning of a minute.
var noon = time.Date(2026, 11, 22, 12, 0, 23, 0, time.UTC)

// lived has one guest of each of many ids, all alike.
func lived(t *testing.T, s fleet.Spec, n int) (*fleet.Fleet, *clock.Manual, []string) {
	t.Helper()
	c := clock.NewManual(noon)
	f, ids := fleet.New(c), make([]string, n)
	for i := range ids {
		one := s
		ids[i] = fmt.Sprintf("i-0%016x", i*7919+1)
		one.ID, one.Type = ids[i], "m6i.large"
		must(t, f.Add(one))
	}
	return f, c, ids
}

// minutes counts the writes to a guest's root in so many minutes before a time.
func minutes(t *testing.T, f *fleet.Fleet, id string, before time.Time, n int) []int {
	t.Helper()
	track, ok := f.Track(id)
	if !ok {
		t.Fatalf("no %s", id)
	}
	out := make([]int, n)
	for i := range out {
		from := before.Add(time.Duration(i-n) * time.Minute)
		out[i] = track.Writes(fleet.VolumeOf(id), from, from.Add(time.Minute))
	}
	return out
}

func median(values []int) int {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func TestALivingHostIsNeverStillAndNeverUnlikeItself(t *testing.T) {
	f, c, ids := lived(t, fleet.Spec{}, 40)
	for _, id := range ids {
		all := minutes(t, f, id, c.Now(), 240)
		m := median(all)
		if m < 30 || m > 50 {
			t.Errorf("%s: some %d writes a minute", id, m)
		}
		for i, n := range all {
			if n < (m+1)/2 || n > 3*m {
				t.Errorf("%s: %d writes in minute %d, with a median of %d", id, n, i, m)
			}
		}
	}
}

func TestHistoryIsTheSameHoweverItIsCut(t *testing.T) {
	for _, disk := range []fleet.Disk{fleet.DiskBusy, fleet.DiskSeldom} {
		f, c, ids := lived(t, fleet.Spec{Habits: fleet.Habits{Disk: disk}}, 3)
		for _, id := range ids {
			track, _ := f.Track(id)
			sum, from := 0, c.Now().Add(-time.Hour)
			for at := from; at.Before(c.Now()); at = at.Add(7 * time.Second) {
				end := at.Add(7 * time.Second)
				if end.After(c.Now()) {
					end = c.Now()
				}
				sum += track.Writes(fleet.VolumeOf(id), at, end)
			}
			if whole := track.Writes(fleet.VolumeOf(id), from, c.Now()); whole != sum || whole == 0 {
				t.Errorf("disk %d of %s: %d writes in one piece, %d in many", disk, id, whole, sum)
			}
			c.Advance(time.Hour)
			later, _ := f.Track(id)
			if n := later.Writes(fleet.VolumeOf(id), from, from.Add(time.Hour)); n != sum {
				t.Errorf("an hour later it is another history: %d, not %d", n, sum)
			}
			c.Advance(-time.Hour)
		}
	}
}

func TestAHungHostNeverWritesAMinuteLater(t *testing.T) {
	for _, kind := range []fleet.HangKind{fleet.Frozen, fleet.Dead} {
		f, c, ids := lived(t, fleet.Spec{}, 60)
		outlived := 0
		for _, id := range ids {
			must(t, f.Hang(id, kind, 20*time.Minute))
			track, _ := f.Track(id)
			hung := c.Now().Add(-20 * time.Minute)
			if n := track.Writes(fleet.VolumeOf(id), hung.Add(-time.Minute), hung); n == 0 {
				t.Errorf("%s wrote nothing before", id)
			}
			if n := track.Writes(fleet.VolumeOf(id), hung.Add(time.Minute), c.Now()); n != 0 {
				t.Errorf("kind %d: %s wrote %d times", kind, id, n)
			}
			if track.Writes(fleet.VolumeOf(id), hung.Add(20*time.Second), hung.Add(time.Minute)) > 0 {
				outlived++
			}
			if beats := track.Beats(hung, c.Now()); len(beats) > 0 {
				t.Errorf("%s beats at %s", id, beats[0])
			}
			if sent := track.Sent(hung, c.Now()); sent > 5000 || kind == fleet.Dead && sent > 0 {
				t.Errorf("kind %d: %s sent %.0f bytes", kind, id, sent)
			}
		}
		if frozen := kind == fleet.Frozen; frozen != (outlived > 0) {
			t.Errorf("kind %d: %d hosts wrote something back", kind, outlived)
		}
	}
}

func TestAHangThatWritesIsNeverStill(t *testing.T) {
	f, c, ids := lived(t, fleet.Spec{}, 10)
	for _, id := range ids {
		before := median(minutes(t, f, id, c.Now(), 60))
		must(t, f.Hang(id, fleet.Thrashing, 20*time.Minute))
		for _, n := range minutes(t, f, id, c.Now(), 19) {
			if n < 3*before {
				t.Errorf("%s thrashes with %d writes a minute, %d before", id, n, before)
			}
		}
		must(t, f.Hang(id, fleet.InitOnly, 20*time.Minute))
		for _, n := range minutes(t, f, id, c.Now(), 19) {
			if n == 0 || n > before {
				t.Errorf("init of %s writes %d times a minute, %d before", id, n, before)
			}
		}
	}
}

func TestABootAndADumpWriteAsMeasured(t *testing.T) {
	f, c, ids := lived(t, fleet.Spec{Age: time.Second, Habits: fleet.Habits{Disk: fleet.DiskIdle}}, 20)
	for _, id := range ids {
		launched := c.Now().Add(-time.Second)
		track, _ := f.Track(id)
		if n := track.Writes(fleet.VolumeOf(id), launched, launched.Add(time.Minute)); n < 65 || n > 90 {
			t.Errorf("a boot of %s writes %d times", id, n)
		}
		if n := track.Writes(fleet.VolumeOf(id), launched.Add(time.Minute), launched.Add(time.Hour)); n != 0 {
			t.Errorf("an idle host writes %d times", n)
		}
	}
	c.Advance(time.Hour)
	for _, id := range ids {
		must(t, f.Hang(id, fleet.Frozen, 10*time.Minute))
		must(t, f.Interrupt(id))
		track, _ := f.Track(id)
		if n := track.Writes(fleet.VolumeOf(id), c.Now(), c.Now().Add(16*time.Second)); n < 69 || n > 139 {
			t.Errorf("a dump of %s writes %d times", id, n)
		}
	}
}

func TestALongDumpIsNeverStillForLong(t *testing.T) {
	f, c, ids := lived(t, fleet.Spec{DumpTakes: time.Hour}, 1)
	must(t, f.Hang(ids[0], fleet.Frozen, 10*time.Minute))
	must(t, f.Interrupt(ids[0]))
	for i, n := range minutes(t, f, ids[0], c.Now().Add(59*time.Minute), 59) {
		if n == 0 {
			t.Errorf("minute %d of the dump is still", i)
		}
	}
}

func TestADumpToInstanceStorageWritesToNoVolume(t *testing.T) {
	f, c, ids := lived(t, fleet.Spec{DumpTakes: time.Hour, DumpAway: true}, 1)
	must(t, f.Crash(ids[0], 0))
	for i, n := range minutes(t, f, ids[0], c.Now().Add(59*time.Minute), 59) {
		if n != 0 {
			t.Errorf("minute %d of the dump has %d writes", i, n)
		}
	}
}

func TestAHostThatWritesEveryFiveMinutesIsStillFor270Seconds(t *testing.T) {
	f, c, ids := lived(t, fleet.Spec{Habits: fleet.Habits{Disk: fleet.DiskSeldom}}, 10)
	for _, id := range ids {
		track, _ := f.Track(id)
		longest, last := time.Duration(0), c.Now().Add(-2*time.Hour)
		for at := last; at.Before(c.Now()); at = at.Add(time.Second) {
			if track.Writes(fleet.VolumeOf(id), at, at.Add(time.Second)) > 0 {
				longest, last = max(longest, at.Sub(last)), at
			}
		}
		if longest != 270*time.Second {
			t.Errorf("%s is still for %s", id, longest)
		}
	}
}

func TestWhatIsSilencedIsNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		silence     func(*fleet.Fleet, string, time.Duration) error
		pings, beat bool
	}{
		"the agent":     {(*fleet.Fleet).StopAgent, false, true},
		"the heartbeat": {(*fleet.Fleet).StopHeartbeat, true, false},
		"the way out":   {(*fleet.Fleet).CutOff, false, false},
	} {
		f, at, ids := lived(t, fleet.Spec{}, 5)
		for _, id := range ids {
			must(t, c.silence(f, id, 20*time.Minute))
			track, _ := f.Track(id)
			from := at.Now().Add(-19 * time.Minute)
			if got := len(track.Beats(from, at.Now())); c.beat != (got >= 18) || !c.beat && got > 0 {
				t.Errorf("%s: %d beats", name, got)
			}
			v, err := f.Get(id)
			must(t, err)
			if got := at.Now().Sub(v.Agent.LastPing); c.pings != (got <= 5*time.Minute) {
				t.Errorf("%s: the last ping is %s old", name, got)
			}
			if v.Status.Instance != "ok" || slices.Contains(minutes(t, f, id, at.Now(), 19), 0) || track.Sent(from, at.Now()) < 1<<20 {
				t.Errorf("%s: the host does not live on", name)
			}
		}
	}
}

func TestAnAgentPingsAsOftenAsItIsToldTo(t *testing.T) {
	for _, every := range []time.Duration{5 * time.Minute, 10 * time.Minute, time.Hour} {
		f, c, ids := lived(t, fleet.Spec{Habits: fleet.Habits{PingEvery: every}}, 30)
		oldest := time.Duration(0)
		for _, id := range ids {
			for range 7 {
				v, err := f.Get(id)
				must(t, err)
				oldest = max(oldest, c.Now().Sub(v.Agent.LastPing))
				c.Advance(every / 7)
			}
		}
		if oldest >= every || oldest < every*3/4 {
			t.Errorf("every %s: up to %s old", every, oldest)
		}
	}
	for _, every := range []time.Duration{time.Minute, 61 * time.Minute} {
		err := fleet.New(clock.NewManual(noon)).Add(fleet.Spec{ID: id, Type: "m6i.large", Habits: fleet.Habits{PingEvery: every}})
		if err == nil {
			t.Errorf("an agent pings every %s", every)
		}
	}
}

func TestAVolumeIsNeverOfTwoUnlessItIsMultiAttach(t *testing.T) {
	f := fleet.New(clock.NewManual(noon))
	add := func(id string, volumes ...fleet.Volume) error {
		return f.Add(fleet.Spec{ID: id, Type: "m6i.large", Habits: fleet.Habits{Volumes: volumes}})
	}
	shared := fleet.Volume{ID: "vol-0000000000000000a", MultiAttach: true}
	must(t, add(id, fleet.Volume{ID: fleet.VolumeOf(id)}, shared))
	must(t, add(other, fleet.Volume{ID: fleet.VolumeOf(other)}, shared))
	if err := add("i-0c00000000000000c", fleet.Volume{ID: fleet.VolumeOf(id)}); err == nil {
		t.Error("two guests have one volume")
	}
	both := f.Attached(shared.ID)
	if len(both) != 2 {
		t.Fatalf("%d guests have it", len(both))
	}
	must(t, f.Hang(id, fleet.Dead, 20*time.Minute))
	both = f.Attached(shared.ID)
	from, to := noon.Add(-15*time.Minute), noon
	if a, b := both[0].Writes(shared.ID, from, to), both[1].Writes(shared.ID, from, to); a != 0 || b == 0 {
		t.Errorf("the hung one writes %d times, the other one %d times", a, b)
	}
	if n := both[1].Writes(fleet.VolumeOf(id), from, to); n != 0 {
		t.Errorf("a guest writes %d times to the volume of another", n)
	}
}

func TestNothingIsCountedOfWhatDoesNotRun(t *testing.T) {
	f, c, ids := lived(t, fleet.Spec{Age: 10 * time.Minute}, 1)
	must(t, f.Stop(ids[0]))
	c.Advance(10 * time.Minute)
	track, _ := f.Track(ids[0])
	for name, at := range map[string]time.Duration{"before its launch": -21 * time.Minute, "while it is off": -5 * time.Minute} {
		from := c.Now().Add(at)
		if track.Runs(from, from.Add(time.Minute)) || track.Writes(fleet.VolumeOf(ids[0]), from, from.Add(time.Minute)) > 0 {
			t.Errorf("%s it is counted", name)
		}
	}
	if from := c.Now().Add(-15 * time.Minute); !track.Runs(from, from.Add(time.Minute)) {
		t.Error("it ran, and was not counted")
	}
}
