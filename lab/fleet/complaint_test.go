package fleet_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lab/fleet"
)

var complaint = regexp.MustCompile(`INFO: task (\S+):\d+ blocked for more than (\d+) seconds\.\r\n`)

// complaints are those on a guest's console: how many seconds, in the order of the console.
func complaints(t *testing.T, f *fleet.Fleet) (seconds []string) {
	t.Helper()
	for _, m := range complaint.FindAllStringSubmatch(console(t, f), -1) {
		seconds = append(seconds, m[2])
	}
	return seconds
}

func TestAFrozenKernelComplainsTenTimesAndThenNeverAgain(t *testing.T) {
	f, c := one(t, fleet.Spec{Age: time.Hour})
	must(t, f.Hang(id, fleet.Frozen, 0))
	c.Advance(2 * time.Minute)
	if got := complaints(t, f); len(got) != 0 {
		t.Errorf("after two minutes it complains of %s seconds: no task was stuck for so long at a check", got)
	}
	c.Advance(2*time.Minute + 2*time.Second)
	if got := complaints(t, f); !slices.Equal(got, []string{"120", "120"}) {
		t.Errorf("after four minutes it complains of %s", got)
	}
	c.Advance(time.Hour)
	want := []string{"120", "120", "241", "241", "362", "362", "483", "483", "604", "604"}
	if got := complaints(t, f); !slices.Equal(got, want) {
		t.Errorf("after an hour it complains of %s, want %s", got, want)
	}
	if text := console(t, f); !strings.Contains(text, "[ 37") || strings.Contains(text, "{{") {
		t.Errorf("it was up for an hour, and ends with %q", tail(text))
	}
}

func TestAnInterruptedKernelNeverGoesOnComplaining(t *testing.T) {
	f, c := one(t, fleet.Spec{DumpTakes: time.Hour})
	must(t, f.Hang(id, fleet.Frozen, 5*time.Minute))
	before := len(complaints(t, f))
	must(t, f.Interrupt(id))
	c.Advance(30 * time.Minute)
	if after := len(complaints(t, f)); before == 0 || after != before {
		t.Errorf("%d complaints before the interrupt, %d after it", before, after)
	}
}

func TestOnlyAKernelWhoseTasksWaitForADiskComplains(t *testing.T) {
	for name, s := range map[string]struct {
		spec fleet.Spec
		kind fleet.HangKind
	}{
		"it takes no interrupts":  {fleet.Spec{}, fleet.Dead},
		"its tasks are stopped":   {fleet.Spec{}, fleet.InitOnly},
		"a Windows has no kernel": {fleet.Spec{Platform: "windows"}, fleet.Frozen},
	} {
		f, c := one(t, s.spec)
		must(t, f.Hang(id, s.kind, 0))
		c.Advance(time.Hour)
		if got := complaints(t, f); len(got) != 0 {
			t.Errorf("%s, and it complains of %s", name, got)
		}
	}
}
