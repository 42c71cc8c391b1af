package world

import "fmt"

// draw draws the faults of the world's days.
func (w *World) draw(c Config) ([]fault, error) {
	for cause, rate := range c.Rates {
		if dataOf(cause) == nil {
			return nil, fmt.Errorf("there is no cause %q", cause)
		} else if rate < 0 {
			return nil, fmt.Errorf("the rate of %s is negative", cause)
		}
	}
	var out []fault
	for n := range causes {
		d := &causes[n]
		if rate := c.rate(d); rate > 0 {
			out = append(out, w.drawCause(d, rate)...)
		}
	}
	hangs, err := w.drawHangs(c)
	return append(out, hangs...), err
}

// rate is how often a cause is drawn.
func (c Config) rate(d *causeData) float64 {
	rate, given := c.Rates[d.cause]
	if !given {
		rate = d.rate
	}
	if c.Times > 0 {
		rate *= c.Times
	}
	return rate
}

// places are what a cause befalls one of: the hosts of each.
func (w *World) places(d *causeData) [][]int32 {
	switch d.unit {
	case perHostDay:
		return each(w.everybody(), func(n int32) []int32 { return []int32{n} })
	case perVPCMonth:
		return each(w.vpcs, func(v *vpc) []int32 { return v.hosts })
	case perProfileMonth:
		return each(w.profiles, func(p *profile) []int32 { return p.hosts })
	case perZoneMonth:
		return each(w.az[:], func(hosts []int32) []int32 { return hosts })
	case perGroupMonth:
		return each(w.groups, func(g *group) []int32 { return g.hosts })
	case perRegionMonth:
		return [][]int32{nil}
	case perVPC: // a network has it from its beginning: see settleVPC
	}
	return nil
}

// each gives the hosts of every place that has some.
func each[T any](places []T, hosts func(T) []int32) [][]int32 {
	var out [][]int32
	for _, p := range places {
		if all := hosts(p); len(all) > 0 {
			out = append(out, all)
		}
	}
	return out
}

// drawCause draws all faults of one cause.
func (w *World) drawCause(d *causeData, rate float64) []fault {
	perSecond := rate / month
	if d.unit == perHostDay {
		perSecond = rate / 1000 / day
	}
	var out []fault
	for n, hosts := range w.places(d) {
		seed := mix(mixText(w.seed, string(d.cause)), uint64(n))
		often := perSecond
		if d.unit == perHostDay {
			often *= d.share(w.hosts[hosts[0]])
		}
		out = append(out, w.drawPlace(d, hosts, seed, often)...)
	}
	return out
}

const (
	// idleShare is how much more often both agents of an idle host are stopped. There is one
	// fleet of idle hosts among sixteen, and half of these faults are to befall one of them.
	idleShare = 15
	// blankShare is how much more often a host dumps whose console shows nothing, so that
	// these are a third of all that dump.
	blankShare = 0.5 * (1 - silentConsoles) / silentConsoles
)

// share is how much more often than others a host is befallen.
func (d *causeData) share(h *host) float64 {
	switch {
	case d.cause == AgentsStopped && h.kind.disk == diskIdle:
		return idleShare
	case d.cause == PanicWithDump && !h.mutters && !h.kind.windows:
		return blankShare
	}
	return 1
}

func (w *World) drawPlace(d *causeData, hosts []int32, seed uint64, perSecond float64) []fault {
	var out []fault
	begins, end := float64(w.start.Unix()), float64(w.end())
	for k := uint64(0); ; k++ {
		begins += wait(mix(seed, 3*k), perSecond)
		if begins >= end {
			return out
		}
		f := fault{data: d, hosts: hosts, from: int64(begins), seed: mix(seed, 3*k+1)}
		if d.scope == OneSubnet && mix(f.seed, 9)%2 == 0 { // or of the whole network
			f.hosts = w.hosts[hosts[below(mix(f.seed, 10), int64(len(hosts)))]].subnet.hosts
		}
		f.to = f.from + d.length(mix(seed, 3*k+2))
		out = append(out, f)
	}
}

// drawHangs draws hangs. A host that was restarted after one may hang again.
func (w *World) drawHangs(c Config) ([]fault, error) {
	kinds := c.Hangs
	if len(kinds) == 0 {
		kinds = Hangs()
	}
	for _, k := range kinds {
		if !k.Hang() {
			return nil, fmt.Errorf("%q is no hang", k)
		}
	}
	if c.HangsPerHostYear < 0 {
		return nil, fmt.Errorf("%v hangs per host and year", c.HangsPerHostYear)
	}
	if c.HangsPerHostYear == 0 {
		return nil, nil
	}
	var out []fault
	for n := range w.hosts {
		seed := mix(w.seed, uint64(n)+9<<20)
		for _, f := range w.drawPlace(&causeData{}, []int32{int32(n)}, seed, c.HangsPerHostYear/(365*day)) {
			f.data = dataOf(kinds[below(mix(f.seed, 1), int64(len(kinds)))])
			f.to = f.from + f.data.length(mix(f.seed, 2))
			if m := len(out); m > 0 && out[m-1].hosts[0] == int32(n) && f.from < out[m-1].to+hour {
				continue
			}
			out = append(out, f)
		}
	}
	return out, nil
}
