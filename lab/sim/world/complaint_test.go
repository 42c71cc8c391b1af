package world_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"crashcart/lab/sim/world"
)

// stuckFor are the seconds that the kernel names in its complaints of one kind.
func stuckFor(text []byte, words string) []int {
	var out []int
	for _, m := range regexp.MustCompile(words).FindAllSubmatch(text, -1) {
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			return nil
		}
		out = append(out, n)
	}
	return out
}

const (
	lockupFor = `soft lockup - CPU#\d+ stuck for (\d+)s!`
	blockedBy = `INFO: task \S+ blocked for more than (\d+) seconds\.`
)

// readable is a host of many whose console shows what happens.
func readable(t *testing.T, w *world.World) world.Host {
	t.Helper()
	for _, h := range w.Hosts() {
		if h.Readable {
			return h
		}
	}
	t.Fatal("no console shows anything")
	return world.Host{}
}

// TestAStormNeverComplainsLikeAHang has storms in every form: nothing in one is stuck for
// four minutes, and what is stuck comes free again.
func TestAStormNeverComplainsLikeAHang(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Single, Count: 6})
	h := readable(t, w)
	const storms = 200
	seen := map[string]int{}
	for variant := range uint64(storms) {
		now := with(t, w, world.Fault{Cause: world.StormThatEnds, Scope: world.OneHost, Of: h.N, At: 6 * time.Hour, For: 15 * time.Minute, Variant: variant + 1})
		text := now.View(world.Unknowns{}).At(w.Start().Add(7 * time.Hour)).Console(h.N)
		locked, blocked := stuckFor(text, lockupFor), stuckFor(text, blockedBy)
		switch {
		case strings.Contains(string(text), "oom-killer"):
			seen["memory"]++
		case len(locked) > 0:
			seen["lockups"]++
			if slices.Max(locked) >= 120 || locked[0] != 26 {
				t.Errorf("variant %d: CPUs are stuck for %v", variant+1, locked)
			}
			if restarts := len(locked) > 4 && slices.Contains(locked[1:], 26); !restarts {
				t.Errorf("variant %d: no CPU comes free: %v", variant+1, locked)
			}
			if slices.Max(locked) > 26 {
				seen["longer lockups"]++
			}
		case len(blocked) > 0:
			seen["hung tasks"]++
			if len(blocked) > 2 || slices.Max(blocked) > 120 {
				t.Errorf("variant %d: tasks are blocked for %v", variant+1, blocked)
			}
			if strings.Contains(string(text), "systemd:1 blocked") {
				seen["init blocked"]++
			}
		default:
			seen["nothing"]++
		}
	}
	for form, least := range map[string]int{"memory": storms / 3, "lockups": storms / 12, "longer lockups": storms / 20, "hung tasks": storms / 12, "init blocked": 2, "nothing": storms / 12} {
		if seen[form] < least {
			t.Errorf("%d of %d storms say %s: %v", seen[form], storms, form, seen)
		}
	}
}

// TestAHungTaskIsNeverBlockedForAnotherTime compares what kernels say with the time that
// has passed. Old kernels say 120 each time. All say it ten times at most, of all tasks
// together: where five are stuck, twice.
func TestAHungTaskIsNeverBlockedForAnotherTime(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Single, Count: 200})
	v := w.View(world.Unknowns{})
	old, all, times := 0, 0, map[int]int{}
	for _, h := range w.Hosts() {
		if !h.Readable {
			continue
		}
		all++
		v = with(t, w, world.Fault{Cause: world.FrozenRoot, Scope: world.OneHost, Of: h.N, At: 6 * time.Hour, For: 5 * time.Hour}).View(world.Unknowns{})
		read := func(after time.Duration) []int {
			return stuckFor(v.At(w.Start().Add(6*time.Hour+after)).Console(h.N), blockedBy)
		}
		if got := read(119 * time.Second); len(got) > 0 {
			t.Errorf("host %d complains too early: %v", h.N, got)
		}
		got := read(8*time.Minute + 4*time.Second)
		if ancient := strings.Contains(string(v.Console(h.N)), "Linux version 4."); ancient {
			old++
			if len(got) < 2 || !slices.Equal(got, []int{120, 120, 120, 120}[:min(4, len(got))]) {
				t.Errorf("the old kernel of host %d says %v", h.N, got)
			}
			continue
		}
		if len(got) < 2 || !slices.Equal(got, []int{120, 241, 362, 483}[:min(4, len(got))]) {
			t.Errorf("the kernel of host %d says %v", h.N, got)
		}
		times[len(read(2*time.Hour))]++
	}
	for _, n := range []int{2, 3, 5, 10} {
		if times[n] < 10 {
			t.Errorf("%d kernels complain %d times: %v", times[n], n, times)
		}
	}
	if len(times) != 4 {
		t.Errorf("kernels complain so many times: %v", times)
	}
	if old < all/10 || old > all*3/10 {
		t.Errorf("%d kernels of %d are old", old, all)
	}
}
