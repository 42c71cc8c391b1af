package sim

import (
	"fmt"
	"time"

	"crashcart/lab/sim/world"
)

// The pairs' moments: five phases at which the second of two faults begins, from the
// beginning of the first, and how long either of them lasts.
var (
	pairPhases  = [...]time.Duration{-11 * time.Minute, -4*time.Minute - step, 0, 5*time.Minute + step, 12 * time.Minute}
	pairLengths = [...]time.Duration{7 * time.Minute, 13 * time.Minute, 18 * time.Minute, 27 * time.Minute}
)

// among is of how many fleets one has a pair at a phase. Another phase is in others.
func (s Size) among() int {
	if s.Coarse {
		return len(world.Fleets())
	}
	return 2
}

// pairs are any two causes that overlap on one host, at five phases.
func pairs(name string, seed uint64, size Size, u world.Unknowns) []unit {
	var units []unit
	for f, fleet := range world.Fleets() {
		for n, first := range living() {
			if len(living()[n+1:]) == 0 {
				continue
			}
			units = append(units, unit{name: fmt.Sprintf("%s/%s/%s", name, fleet, first), play: func(r run) (*Result, error) {
				out := newResult(r.unit)
				quiet, err := quietWorld(fleet, seed, world.Hosts{Count: gridHosts, Period: fiveMinutes, Detailed: n%2 == 1})
				if err != nil {
					return nil, err
				}
				for m, second := range living()[n+1:] {
					for phase := range pairPhases {
						if (n+m+phase+f)%size.among() != 0 {
							continue // each pair at each phase, in one of so many fleets
						}
						pair := pairPoint{r: r, u: u, causes: [2]world.Cause{first, second}, nth: 7*n + 3*m + phase, phase: phase}
						if err := pair.play(quiet, out); err != nil {
							return nil, err
						}
					}
				}
				return out, nil
			}})
		}
	}
	return units
}

// pairPoint is two faults at one phase.
type pairPoint struct {
	r      run
	u      world.Unknowns
	causes [2]world.Cause
	nth    int // what is different from pair to pair goes round by it
	phase  int
}

func (g pairPoint) play(quiet *world.World, out *Result) error {
	host := g.nth % gridHosts
	second := begins + pairPhases[g.phase]
	faults := []world.Fault{
		{At: begins, For: pairLengths[g.nth%len(pairLengths)]},
		{At: second, For: pairLengths[(g.nth/2+g.phase)%len(pairLengths)]},
	}
	if shortest := max(pairPhases[g.phase], -pairPhases[g.phase]) + time.Minute; pairPhases[g.phase] > 0 { // they overlap
		faults[0].For = max(faults[0].For, shortest)
	} else {
		faults[1].For = max(faults[1].For, shortest)
	}
	for n := range faults {
		f := &faults[n]
		f.Cause, f.Scope, f.Of, f.Variant = g.causes[n], scopeOf(g.causes[n]), host, uint64(1+g.nth+n) //nolint:gosec // small
		if f.Cause == world.PingPeriod {
			f.At, f.For = time.Hour, 0
		}
		if longest := f.Cause.Longest(); longest > 0 {
			f.For = min(f.For, longest)
		}
		if !possible(quiet, *f) {
			return nil
		}
	}
	w, err := quiet.Phased(host, time.Duration(g.nth%10)*step).With(faults...)
	if err != nil {
		return err
	}
	rec := g.r.recorder(w, g.u)
	rec.play([]world.Alarm{{
		At:   w.Start().Add(max(begins, second) + time.Duration(1+g.nth%5)*time.Minute + time.Duration(g.nth%2)*step),
		Kind: world.CPUAlarm, Host: host, Instance: rec.p.hosts[host].ID,
	}})
	return rec.into(out)
}

// possible says whether a fault can befall anything of a world: only a host in a group has
// one.
func possible(quiet *world.World, f world.Fault) bool {
	return f.Scope != world.OneGroup || quiet.Hosts()[f.Of].Unit >= 0
}
