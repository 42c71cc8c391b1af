package autoscaling_test

import (
	"strings"
	"testing"

	"crashcart/lab/fleet"
	"crashcart/lab/fleet/fleettest"
)

func TestAMachineGoesToStandbyButIsNotTerminated(t *testing.T) {
	const real = "i-0a9b2c3d4e5f60718"
	w := newWorld(t)
	if err := w.fleet.Add(fleet.Spec{ID: real, Type: "m6i.large", Group: "batch", Machine: &fleettest.Machine{}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.terminate(t.Context(), real, false); err == nil || !strings.Contains(err.Error(), "does not terminate machines") {
		t.Errorf("terminated: %v", err)
	}
	if _, err := w.enter(t.Context(), "batch", false, real); err != nil {
		t.Error(err)
	}
	if desired, states := w.members(t, "batch"); desired != 2 || states["InService"] != 2 || states["Standby"] != 1 {
		t.Errorf("desired %d, members %v", desired, states)
	}
}
