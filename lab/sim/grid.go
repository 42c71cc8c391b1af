package sim

import (
	"fmt"
	"time"

	"crashcart/lab/sim/world"
)

// step is how fine the grid is.
const step = 30 * time.Second

// The grid's moments, from the beginning of a fault.
const (
	begins   = 12 * time.Hour   // of the world, before it
	lasts    = 45 * time.Minute // for longer than anything is looked at
	lookedAt = 36 * time.Minute
	// earlier and later are how far the end of a fault lies from the earliest permit. One
	// that ends more than a ping's period earlier never silences an agent for long enough.
	earlier = 6 * time.Minute
	later   = 10 * time.Minute
)

// scopeOf is how far a cause reaches.
func scopeOf(c world.Cause) world.Scope {
	switch c {
	case world.Egress:
		return world.OneSubnet
	case world.DNS, world.PingPeriod:
		return world.OneVPC
	case world.RoleLost:
		return world.OneProfile
	case world.AZPartition, world.AZEBS:
		return world.OneAZ
	case world.BadDeploy, world.GroupChurn:
		return world.OneGroup
	case world.SSMLate, world.CloudWatchLate:
		return world.WholeRegion
	}
	return world.OneHost
}

// living are the causes that befall living machines.
func living() []world.Cause { return append(world.HostCauses(), world.WiderCauses()...) }

// gridHosts is how many hosts a world of the grid has: enough neighbours for the guard to
// see how often they ping.
const gridHosts = 24

// quietWorld is a world of one fleet in which nothing happens.
func quietWorld(fleet world.Fleet, seed uint64, h world.Hosts) (*world.World, error) {
	h.Fleet, h.Count = fleet, max(h.Count, 1)
	rates := map[world.Cause]float64{}
	for _, c := range world.Causes() {
		rates[c] = 0
	}
	return world.New(world.Config{Seed: seed, Days: 2, Rates: rates, Hosts: []world.Hosts{h}})
}

// grid is every cause in every fleet, at all phases.
func grid(name string, seed uint64, size Size, u world.Unknowns) []unit {
	var units []unit
	for _, fleet := range world.Fleets() {
		for _, cause := range living() {
			if cause == world.PingPeriod {
				units = append(units, periodCell(name, fleet, seed, u, size))
				continue
			}
			units = append(units, gridCell(name, fleet, cause, seed, u, size))
		}
	}
	return units
}

// gridCell plays one cause in one fleet. Two things go round at once: the moment of the
// agent's ping, through its period, and the boundary of the metrics' minutes. For each of
// these the fault ends at every step around the earliest permit.
func gridCell(name string, fleet world.Fleet, cause world.Cause, seed uint64, u world.Unknowns, size Size) unit {
	return unit{name: fmt.Sprintf("%s/%s/%s", name, fleet, cause), play: func(r run) (*Result, error) {
		out := newResult(r.unit)
		phases, ends := step, step
		if size.Coarse {
			phases, ends = 5*step, 6*step
		}
		for _, detailed := range []bool{false, true} {
			quiet, err := quietWorld(fleet, seed, world.Hosts{Count: gridHosts, Period: fiveMinutes, Detailed: detailed})
			if err != nil {
				return nil, err
			}
			boundary := time.Duration(0)
			if detailed {
				boundary = step
			}
			for phase := time.Duration(0); phase < fiveMinutes; phase += phases {
				n := int(phase / step)
				point := gridPoint{
					r: r, u: u, host: n % gridHosts, ends: ends, late: n%4 >= 2,
					at: begins + boundary + time.Duration(3*n%10)*step, variant: uint64(1 + n),
				}
				if !possible(quiet, point.fault(cause, lasts)) {
					return out, nil
				}
				if err := point.play(quiet.Phased(point.host, phase), cause, out); err != nil {
					return nil, err
				}
			}
		}
		return out, nil
	}}
}

// gridPoint is a fault at one phase.
type gridPoint struct {
	r       run
	u       world.Unknowns
	host    int
	at      time.Duration // from the world's start
	ends    time.Duration // between the ends that are played
	late    bool          // the alarm comes shortly before the earliest permit
	variant uint64
}

func (g gridPoint) fault(c world.Cause, lasts time.Duration) world.Fault {
	return world.Fault{Cause: c, Scope: scopeOf(c), Of: g.host, At: g.at, For: lasts, Variant: g.variant}
}

// play plays the fault as if it did not end, and then every end from where that chain of
// passes stood. What the guard sees until a fault ends does not depend on its end.
func (g gridPoint) play(quiet *world.World, cause world.Cause, out *Result) error {
	w, err := quiet.With(g.fault(cause, lasts))
	if err != nil {
		return err
	}
	rec := g.r.recorder(w, g.u)
	fault := w.Start().Add(g.at)
	rec.p.at(fault)
	earliest := g.earliest(rec.p, fault)
	var stations []visit
	rec.p.visited = func(v visit) { stations = append(stations, v) }
	rec.p.until = fault.Add(lookedAt)
	rec.play([]world.Alarm{g.alarm(rec.p, fault, earliest)})
	if err := rec.into(out); err != nil {
		return err
	}
	for end := earliest.Add(-earlier); end.Before(earliest.Add(later)); end = end.Add(g.ends) {
		if longest := cause.Longest(); !end.After(fault) || longest > 0 && end.Sub(fault) > longest {
			continue // a fault never lasts longer than its cause does
		}
		if err := g.playEnd(quiet, cause, stations, end, out); err != nil {
			return err
		}
	}
	return nil
}

// playEnd plays the passes that come after the end of a fault.
func (g gridPoint) playEnd(quiet *world.World, cause world.Cause, stations []visit, end time.Time, out *Result) error {
	w, err := quiet.With(g.fault(cause, end.Sub(quiet.Start().Add(g.at))))
	if err != nil {
		return err
	}
	rec := g.r.recorder(w, g.u)
	rec.p.until = end.Add(lookedAt / 2)
	for _, v := range stations {
		if !v.at.Before(end) {
			rec.p.playFrom(v, rec.see)
			break
		}
	}
	return rec.into(out)
}

// earliest is when a host can be permitted that falls silent at a moment.
func (g gridPoint) earliest(p *player, fault time.Time) time.Time {
	h := p.hosts[g.host]
	rules := p.guard.Config.Rules
	least := rules.Silent
	if h.Fleet == world.Windows {
		least = rules.SilentWindows
	}
	ping, ok := p.lastPing(h.ID)
	if !ok {
		return fault.Add(least)
	}
	return ping.Add(max(least, 2*h.Period+time.Minute))
}

// alarm is one on the host. It comes soon after the fault has begun, or when the host could
// be permitted in a moment.
func (g gridPoint) alarm(p *player, fault, earliest time.Time) world.Alarm {
	a := world.Alarm{At: fault.Add(time.Minute + time.Duration(g.variant%2)*step), Kind: world.CPUAlarm, Host: g.host, Instance: p.hosts[g.host].ID}
	if before := earliest.Add(-time.Minute); g.late && before.After(a.At) {
		a.At = before
	}
	return a
}

// periodCell plays agents that ping seldom: those of all hosts of the network, or only that
// of one. Nothing else happens.
func periodCell(name string, fleet world.Fleet, seed uint64, u world.Unknowns, size Size) unit {
	return unit{name: fmt.Sprintf("%s/%s/%s", name, fleet, world.PingPeriod), play: func(r run) (*Result, error) {
		out := newResult(r.unit)
		quiet, err := quietWorld(fleet, seed, world.Hosts{Count: gridHosts, Period: fiveMinutes})
		if err != nil {
			return nil, err
		}
		alarms := 8
		if size.Coarse {
			alarms = 2
		}
		for n := range alarms {
			scope := world.OneVPC
			if n%2 == 1 {
				scope = world.OneHost
			}
			host := n % gridHosts
			w, err := quiet.With(world.Fault{Cause: world.PingPeriod, Scope: scope, Of: host, At: time.Hour, Variant: uint64(1 + n/2)})
			if err != nil {
				return nil, err
			}
			rec := r.recorder(w, u)
			at := w.Start().Add(begins + time.Duration(n%2)*step)
			rec.play([]world.Alarm{
				{At: at, Kind: world.CPUAlarm, Host: host, Instance: rec.p.hosts[host].ID},
				{At: at.Add(lookedAt + step), Kind: world.CPUAlarm, Host: host, Instance: rec.p.hosts[host].ID},
			})
			if err := rec.into(out); err != nil {
				return nil, err
			}
		}
		return out, nil
	}}
}
