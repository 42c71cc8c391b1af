package world

import (
	"cmp"
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
		one, err := w.resolve(f, mix(w.seed, uint64(n)+7<<20))
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
		return w.groupFrom(of)
	case WholeRegion:
		return w.everybody(), nil
	}
	return nil, fmt.Errorf("there is no scope %q", s)
}

// groupFrom gives the first group that has a host from a number on.
func (w *World) groupFrom(of int) ([]int32, error) {
	for _, h := range w.hosts[of:] {
		if h.group != nil {
			return h.group.hosts, nil
		}
	}
	return nil, fmt.Errorf("no host from %d on is in a group", of)
}

func (w *World) everybody() []int32 {
	all := make([]int32, len(w.hosts))
	for n := range all {
		all[n] = int32(n)
	}
	return all
}

// befall gives every host its life.
func (w *World) befall(faults []fault) {
	slices.SortStableFunc(faults, func(a, b fault) int { return cmp.Compare(a.from, b.from) })
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
	slices.SortStableFunc(w.unreachable, func(a, b spell) int { return cmp.Compare(a.from, b.from) })
}

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
