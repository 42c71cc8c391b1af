package elb_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"crashcart/lab/fleet"
	"crashcart/lab/fleet/fleettest"
)

func TestAMachineIsUnhealthyWhenItsAgentIsSilent(t *testing.T) {
	const real = "i-0d1b2c3d4e5f60718"
	w := newWorld(t)
	m := &fleettest.Machine{}
	m.See(fleet.Vitals{LastPing: w.clock.Now()})
	if err := errors.Join(w.fleet.Add(fleet.Spec{ID: real, Type: "m6i.large", Machine: m}), w.groups.Register("web", time.Hour, real)); err != nil {
		t.Fatal(err)
	}
	if got := w.health(t, "web")[real]; !strings.HasPrefix(got, "healthy") {
		t.Errorf("pinging: %s", got)
	}
	w.clock.Advance(7 * time.Minute)
	if got := w.health(t, "web")[real]; got != "unhealthy Target.Timeout" {
		t.Errorf("silent: %s", got)
	}
}
