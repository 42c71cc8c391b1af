package world

import (
	"fmt"
	"slices"
	"time"
)

// Fault is something that befalls the hosts of a scope. Both times count from the world's
// start.
type Fault struct {
	Cause Cause
	Scope Scope
	// Of is the number of the host whose subnet, group and so on it befalls: see Hosts. The
	// zero value is the first host, and so the first subnet, VPC and zone. For a group the
	// first host that has one counts.
	Of int
	At time.Duration
	// For is how long it lasts. Zero is what the cause has by itself.
	For time.Duration
	// Variant chooses between the forms of a cause. Zero leaves it to the seed.
	Variant uint64
}

// fault is one with its hosts.
type fault struct {
	data     *causeData
	hosts    []int32
	from, to int64 // to is from where the cause has a length of its own
	seed     uint64
}

// resolved finds the hosts of faults.
func (w *World) resolved(faults []Fault) ([]fault, error) {
	out := make([]fault, 0, len(faults))
	for n, f := range faults {
		one, err := w.resolve(f, mix(w.seed, uint64(n)+7<<20)) //nolint:gosec // positive
		if err != nil {
			return nil, fmt.Errorf("fault %d: %w", n, err)
		}
		out = append(out, one)
	}
	return out, nil
}

func (w *World) resolve(f Fault, seed uint64) (fault, error) {
	d := dataOf(f.Cause)
	switch {
	case d == nil:
		return fault{}, fmt.Errorf("there is no cause %q", f.Cause)
	case f.At < 0 || f.For < 0:
		return fault{}, fmt.Errorf("%s at %s for %s: neither can be negative", f.Cause, f.At, f.For)
	case d.unit == perRegionMonth && f.Scope != WholeRegion:
		return fault{}, fmt.Errorf("%s befalls the region and no %s", f.Cause, f.Scope)
	}
	hosts, err := w.within(f.Scope, f.Of)
	if err != nil {
		return fault{}, err
	}
	if f.Variant != 0 {
		seed = mix(f.Variant, uint64(len(f.Cause)))
	}
	out := fault{data: d, hosts: hosts, from: w.start.Unix() + seconds(f.At), seed: seed}
	out.to = out.from + seconds(f.For)
	if f.For == 0 {
		out.to = out.from + d.length(mix(seed, 1))
		if d.cause == PingPeriod {
			out.to = w.end()
		}
	}
	return out, nil
}

// length draws how long a fault lasts.
func (d *causeData) length(draw uint64) int64 {
	if d.cause == Egress && part(mix(draw, 1)) < 0.5 { // half of them 5 to 15 min
		return spread(draw, 5*minute, 15*minute)
	}
	return spread(draw, seconds(d.least), seconds(d.most))
}

func (w *World) end() int64 { return w.start.Unix() + int64(w.days)*day }

// within gives the hosts of the scope that a host is in.
func (w *World) within(s Scope, of int) ([]int32, error) {
	if of < 0 || of >= len(w.hosts) {
		return nil, fmt.Errorf("there is no host %d, but %d of them", of, len(w.hosts))
	}
	h := w.hosts[of]
	switch s {
	case OneHost:
		return []int32{h.n}, nil
	case OneSubnet:
		return h.subnet.hosts, nil
	case OneVPC:
		return h.vpc.hosts, nil
	case OneAZ:
		return w.az[h.zone], nil
	case OneProfile:
		return h.profile.hosts, nil
	case OneGroup:
		for _, g := range w.hosts[of:] {
			if g.group != nil {
				return g.group.hosts, nil
			}
		}
		return nil, fmt.Errorf("no host from %d on is in a group", of)
	case WholeRegion:
		all := make([]int32, len(w.hosts))
		for n := range all {
			all[n] = int32(n) //nolint:gosec // few
		}
		return all, nil
	}
	return nil, fmt.Errorf("there is no scope %q", s)
}

// draw draws the faults of the world's days.
func (w *World) draw(c Config) ([]fault, error) {
	times := c.Times
	if times == 0 {
		times = 1
	}
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
		rate, given := c.Rates[d.cause]
		if !given {
			rate = d.rate
		}
		if rate *= times; rate > 0 {
			out = append(out, w.drawCause(d, rate)...)
		}
	}
	hangs, err := w.drawHangs(c)
	return append(out, hangs...), err
}

// places are what a cause befalls one of: for each the hosts, and a number.
func (w *World) places(d *causeData) [][]int32 {
	var out [][]int32
	switch d.unit {
	case perHostDay:
		for n := range w.hosts {
			out = append(out, []int32{int32(n)}) //nolint:gosec // few
		}
	case perVPCMonth, perVPC:
		for _, v := range w.vpcs {
			out = append(out, v.hosts)
		}
	case perProfileMonth:
		for _, p := range w.profiles {
			out = append(out, p.hosts)
		}
	case perZoneMonth:
		for _, hosts := range w.az {
			if len(hosts) > 0 {
				out = append(out, hosts)
			}
		}
	case perGroupMonth:
		for _, g := range w.groups {
			out = append(out, g.hosts)
		}
	case perRegionMonth:
		out = append(out, nil)
	}
	return out
}

// drawCause draws all faults of one cause.
func (w *World) drawCause(d *causeData, rate float64) []fault {
	if d.unit == perVPC { // a network has it from its beginning: see settleVPC
		return nil
	}
	perSecond := rate / month
	if d.unit == perHostDay {
		perSecond = rate / 1000 / day
	}
	var out []fault
	for n, hosts := range w.places(d) {
		seed := mix(mixText(w.seed, string(d.cause)), uint64(n)) //nolint:gosec // positive
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
		seed := mix(w.seed, uint64(n)+9<<20)                                                                 //nolint:gosec // positive
		for _, f := range w.drawPlace(&causeData{}, []int32{int32(n)}, seed, c.HangsPerHostYear/(365*day)) { //nolint:gosec // few
			f.data = dataOf(kinds[below(mix(f.seed, 1), int64(len(kinds)))])
			f.to = f.from + f.data.length(mix(f.seed, 2))
			if m := len(out); m > 0 && out[m-1].hosts[0] == int32(n) && f.from < out[m-1].to+hour { //nolint:gosec // few
				continue
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// befall gives every host its life.
func (w *World) befall(faults []fault) {
	slices.SortStableFunc(faults, func(a, b fault) int { return int(a.from - b.from) })
	lives := map[int32][]interval{}
	var services []interval
	for _, f := range faults {
		e := Episode{Cause: f.data.cause, From: at(f.from), To: at(f.to)}
		if f.data.unit == perRegionMonth {
			services = append(services, interval{from: f.from, to: f.to, cause: f.data.cause, seed: f.seed})
			w.episodes = append(w.episodes, e)
			continue
		}
		for nth, n := range f.hosts {
			p := plan{h: w.hosts[n], cause: f.data.cause, from: f.from, to: f.to, own: mix(f.seed, uint64(n)+1), shared: f.seed, nth: nth} //nolint:gosec // positive
			f.data.does(&p)
			if len(p.out) == 0 {
				continue
			}
			lives[n] = append(lives[n], p.out...)
			e.Host, e.StopsWriting, e.To = int(n), p.stopsWriting(), at(p.to)
			w.episodes = append(w.episodes, e)
		}
	}
	w.region = newLife(services)
	for n, all := range lives {
		h := &host{traits: w.hosts[n].traits}
		h.life = w.replace(h, newLife(all))
		h.know()
		w.hosts[n] = h
	}
	for n := range w.episodes {
		w.episodes[n].shorten(w)
	}
	w.count()
}

// know notes what follows from a host's life.
func (h *host) know() {
	h.starts = began(&h.life)
	h.launches = h.life.spells(off)
	h.unheard = h.life.spells(noARP)
	h.stalls = h.life.spells(stalled)
}

// count notes when hosts did not answer ARP, all over the Region.
func (w *World) count() {
	w.unreachable = nil
	for _, h := range w.hosts {
		for _, s := range h.unheard {
			s.host = h.n
			w.unreachable = append(w.unreachable, s)
		}
	}
	slices.SortFunc(w.unreachable, func(a, b spell) int { return int(a.from - b.from) })
}

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
