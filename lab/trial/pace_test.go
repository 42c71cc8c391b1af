package trial

import (
	"strings"
	"testing"
	"time"
)

// A guest that wrote back at its own pace would look alive for a quarter of an hour of
// the lab after it hung.
func TestNoTimeOfTheGuestIsSlowerThanTheLabs(t *testing.T) {
	for speed, want := range map[float64][]string{
		1: {
			"vm.dirty_expire_centisecs=3000", "vm.dirty_writeback_centisecs=500", "kernel.hung_task_timeout_secs=120",
			"commit=5", "SyncIntervalSec=300", "WatchdogSec=180",
		},
		30: {
			"vm.dirty_expire_centisecs=100", "vm.dirty_writeback_centisecs=16", "kernel.hung_task_timeout_secs=4",
			"commit=1", "SyncIntervalSec=10", "WatchdogSec=6", "SaveIntervalSec=2",
		},
		1000: {"vm.dirty_expire_centisecs=10", "vm.dirty_writeback_centisecs=10", "commit=1", "SyncIntervalSec=1"},
	} {
		script := paceScript(speed) + "\n" + initScript(speed)
		for _, text := range want {
			if !strings.Contains(script, text+" ") && !strings.Contains(script, text+"\n") && !strings.Contains(script, text+`\n`) {
				t.Errorf("at %v there is no %q in\n%s", speed, text, script)
			}
		}
	}
}

// A hang that begins before the function can know the disk would never be permitted: it
// asks for 30 published minutes (disk-writes), of which the newest come late.
func TestNoHangBeginsBeforeTheDiskIsKnown(t *testing.T) {
	if least := 30*time.Minute + 2*time.Minute; historyTakes < least {
		t.Errorf("hangs begin after %s, not %s", historyTakes, least)
	}
}

func TestNothingIsCountedOutsideOfItsTime(t *testing.T) {
	var samples []Sample
	for second, writes := range []uint64{9, 9, 10, 12, 12, 12, 12, 14, 99} {
		samples = append(samples, Sample{At: time.Duration(second) * time.Second, Writes: writes, Frames: uint64(second)})
	}
	for name, c := range map[string]struct {
		from, to time.Duration
		want     Counted
	}{
		"writes":     {time.Second, 7 * time.Second, Counted{6 * time.Second, 50. / 6, 10, 3 * time.Second, 6 * time.Second}},
		"still":      {3 * time.Second, 6 * time.Second, Counted{Took: 3 * time.Second, Frames: 10, Still: 3 * time.Second}},
		"one sample": {time.Second, 1500 * time.Millisecond, Counted{}},
		"none":       {time.Hour, 2 * time.Hour, Counted{}},
	} {
		if got := counted(samples, c.from, c.to); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
