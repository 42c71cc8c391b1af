package sim

import (
	"context"
	"fmt"

	"crashcart/lab/sim/scenario"
	"crashcart/lab/sim/world"
)

// parts is into how many parts the alarms of one world are cut, to be played side by side.
// It does not depend on the machine, so that the result does not either.
const parts = 8

// part is the part that a host belongs to. Hosts of one group belong together, since an
// alarm may name the group.
func part(h world.Host) int {
	if h.Unit >= 0 {
		return h.Unit % parts
	}
	return h.N % parts
}

// Play plays one scenario. The error says what did not hold.
func Play(ctx context.Context, s scenario.Scenario, o Options) error {
	c, err := rules()
	if err != nil {
		return err
	}
	w, err := s.World(o.Rates)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrScenario, err)
	}
	r, err := playAll(ctx, s.Name, scenarioUnits(s, w), c)
	if err != nil {
		return err
	}
	r.HostDays = float64(w.HostDays())
	r.beside(c.Rules)
	if err := r.Print(o.Out); err != nil {
		return err
	}
	p := &printer{out: o.Out}
	p.printf("%s\n", r.Line())
	if r.Total.Wrong > 0 {
		return fmt.Errorf("%w: %d", ErrWrong, r.Total.Wrong)
	}
	return p.err
}

// scenarioUnits are the parts of a scenario's world.
func scenarioUnits(s scenario.Scenario, w *world.World) []unit {
	usual := world.Unknowns{}
	hosts, alarms := w.Hosts(), w.Alarms(usual, s.Alarms...)
	mine := make([][]world.Alarm, parts)
	for _, a := range alarms {
		n := part(hosts[a.Host])
		mine[n] = append(mine[n], a)
	}
	var units []unit
	for n := range parts {
		units = append(units, unit{name: fmt.Sprintf("%s/%d", s.Name, n), play: func(r run) (*Result, error) {
			rec := r.recorderOf(w, usual, func(h world.Host) bool { return part(h) == n })
			rec.play(mine[n])
			return rec.finish()
		}})
	}
	return units
}
