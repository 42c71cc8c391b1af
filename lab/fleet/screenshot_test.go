package fleet_test

import (
	"bytes"
	"testing"
	"time"

	"crashcart/lab/fleet"
)

// screenshots are those of a guest at some passes, a minute apart.
func screenshots(t *testing.T, s fleet.Spec, trouble func(*fleet.Fleet) error) [][]byte {
	t.Helper()
	f, c := one(t, s)
	if trouble != nil {
		must(t, trouble(f))
	}
	pictures := make([][]byte, 4)
	for i := range pictures {
		picture, err := f.Screenshot(id)
		must(t, err)
		pictures[i] = picture
		c.Advance(61 * time.Second)
	}
	return pictures
}

func TestTheScreenOfAHungGuestNeverChanges(t *testing.T) {
	for name, s := range map[string]struct {
		platform string
		kind     fleet.HangKind
	}{
		"a Linux whose tasks are stopped":      {"", fleet.InitOnly},
		"a Linux that takes no interrupts":     {"", fleet.Dead},
		"a Windows with a frozen disk":         {"windows", fleet.Frozen},
		"a Windows that takes no interrupts":   {"windows", fleet.Dead},
		"a Windows that swaps itself to death": {"windows", fleet.Thrashing},
	} {
		all := screenshots(t, fleet.Spec{Platform: s.platform}, func(f *fleet.Fleet) error { return f.Hang(id, s.kind, 0) })
		for _, picture := range all {
			if !bytes.Equal(picture, all[0]) {
				t.Errorf("%s: the screen changes", name)
			}
		}
	}
}

func TestTheScreenOfAGuestThatGoesOnNeverStandsStill(t *testing.T) {
	for name, s := range map[string]struct {
		spec    fleet.Spec
		trouble func(*fleet.Fleet) error
	}{
		"a Windows that lives": {fleet.Spec{Platform: "windows"}, nil},
		"a Windows that boots": {fleet.Spec{Platform: "windows", Age: time.Second, BootTakes: time.Hour}, nil},
		"a Windows that dumps": {fleet.Spec{Platform: "windows", DumpTakes: time.Hour}, func(f *fleet.Fleet) error { return f.Interrupt(id) }},
		"a Linux that boots":   {fleet.Spec{Age: time.Second, BootTakes: 10 * time.Minute}, nil},
	} {
		all := screenshots(t, s.spec, s.trouble)
		for i, picture := range all[1:] {
			if bytes.Equal(picture, all[i]) {
				t.Errorf("%s: the screen does not change in pass %d", name, i+1)
			}
		}
	}
}
