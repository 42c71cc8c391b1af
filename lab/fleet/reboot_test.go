package fleet_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lab/fleet"
)

const (
	shutdownLine = "unloaded kdump kernel"
	aws          = 4 * time.Minute // until a guest that was asked is reset
)

func TestAGuestThatIsUpRestartsInOrder(t *testing.T) {
	f, c := one(t, fleet.Spec{})
	must(t, f.Reboot(id))
	if v := view(t, f); v.Phase != "shutting down" || v.State != "running" {
		t.Errorf("%s, %s", v.Phase, v.State)
	}
	c.Advance(time.Minute)
	v, text := view(t, f), console(t, f)
	if strings.Contains(text, "unattended-upgrades") {
		t.Error("the console blames an update")
	}
	if v.Phase != "up" || len(v.Dumps) != 0 || !strings.Contains(text, shutdownLine) {
		t.Errorf("%s, dumps %v", v.Phase, v.Dumps)
	}
	c.Advance(aws)
	if v := view(t, f); v.Phase != "up" || strings.Count(console(t, f), "Linux version") != strings.Count(text, "Linux version") {
		t.Error("it was reset although it had restarted")
	}
}

func TestAHungGuestIsResetAfterFourMinutes(t *testing.T) {
	for _, kind := range []fleet.HangKind{fleet.Frozen, fleet.Dead} {
		f, c := one(t, fleet.Spec{})
		must(t, f.Hang(id, kind, 10*time.Minute))
		must(t, f.Reboot(id))
		c.Advance(aws - time.Second)
		must(t, f.SetTag(id, "was", "read"))
		if p := view(t, f).Phase; p == "up" || p == "booting" {
			t.Errorf("it is %s before its time", p)
		}
		c.Advance(5 * time.Second)
		if p := view(t, f).Phase; p != "booting" {
			t.Errorf("it is %s after its time", p)
		}
		c.Advance(time.Minute)
		if p := view(t, f).Phase; p != "up" || strings.Contains(console(t, f), shutdownLine) {
			t.Errorf("it is %s", p)
		}
		must(t, f.Hang(id, kind, 0)) // the reset is done, and not repeated
		c.Advance(time.Hour)
		if p := view(t, f).Phase; p == "up" {
			t.Error("a later hang was ended by an earlier request")
		}
	}
}

func TestARebootDestroysADumpThatTakesLonger(t *testing.T) {
	for takes, dumps := range map[time.Duration]int{time.Minute: 1, 10 * time.Minute: 0} {
		f, c := one(t, fleet.Spec{DumpTakes: takes})
		must(t, f.Hang(id, fleet.Frozen, 10*time.Minute))
		must(t, f.Reboot(id))
		c.Advance(30 * time.Second)
		must(t, f.Interrupt(id))
		c.Advance(aws + time.Minute)
		if v := view(t, f); len(v.Dumps) != dumps || v.Phase != "up" {
			t.Errorf("a dump of %s: %v, %s", takes, v.Dumps, v.Phase)
		}
	}
}

func TestAnInterruptOfAGuestThatAwaitsItsResetHasItsOwnTime(t *testing.T) {
	f, c := one(t, fleet.Spec{Kernel: fleet.IgnoresNMI})
	must(t, f.Hang(id, fleet.Frozen, 10*time.Minute))
	must(t, f.Reboot(id))
	must(t, f.Interrupt(id))
	c.Advance(time.Second)
	if text := console(t, f); !strings.Contains(text, "Dazed and confused") || strings.Contains(text, "[   -") || strings.Contains(text, "[-") {
		t.Errorf("%q", text[max(0, len(text)-200):])
	}
	c.Advance(aws + time.Minute)
	if p := view(t, f).Phase; p != "up" {
		t.Errorf("it is %s", p)
	}
}

func TestAGuestThatHangsOnItsWayDownIsReset(t *testing.T) {
	f, c := one(t, fleet.Spec{})
	must(t, f.Reboot(id))
	must(t, f.Hang(id, fleet.Frozen, 0))
	c.Advance(aws - time.Second)
	if p := view(t, f).Phase; p != "frozen" {
		t.Errorf("it is %s", p)
	}
	c.Advance(time.Minute)
	if p := view(t, f).Phase; p != "up" {
		t.Errorf("it is %s", p)
	}
}

func TestAGuestThatBootsHearsNothingAndIsReset(t *testing.T) {
	f, c := one(t, fleet.Spec{Age: time.Second})
	must(t, f.Reboot(id))
	c.Advance(aws)
	if p := view(t, f).Phase; p != "shutting down" {
		t.Errorf("it is %s", p)
	}
	c.Advance(time.Minute)
	if p := view(t, f).Phase; p != "up" {
		t.Errorf("it is %s", p)
	}
}

func TestWhatDoesNotRunIsNotRebooted(t *testing.T) {
	f, c := one(t, fleet.Spec{})
	must(t, f.Stop(id))
	must(t, f.Reboot(id))
	c.Advance(time.Hour)
	if v := view(t, f); v.State != "stopped" || v.Phase != "off" {
		t.Errorf("%s, %s", v.State, v.Phase)
	}
}
