package world

import (
	"slices"
	"time"
)

// Life is what is true of a host at a moment.
type Life string

// What may be true. A host that dumps, boots or shuts down is alive.
const (
	Alive     Life = "alive"     // user space gets on
	Hung      Life = "hung"      // it does not, and will not by itself
	Transient Life = "transient" // it does not, but will within 15 min
	Sick      Life = "sick"      // its disk is full, or its root file system read-only
)

// soon is how soon a hang must end by itself to be transient.
const soon = 15 * minute

// Lives is what is true of a host at a moment. No API shows it.
func (w *World) Lives(host int, moment time.Time) Life {
	h, at := w.hosts[host], moment.Unix()
	e := h.life.at(at)
	switch {
	case e&hung != 0:
		i := h.life.find(at, hung)
		if i.cause == StormThatEnds && h.ends(at)-at <= soon {
			return Transient
		}
		return Hung
	case e&sick != 0:
		return Sick
	}
	return Alive
}

// ends is when a host that is hung is so no more.
func (h *host) ends(at int64) int64 {
	for _, s := range h.life.spells(hung) {
		if s.from <= at && at < s.to {
			return s.to
		}
	}
	return at
}

// Episode is what one fault was to one host. For what befalls AWS's own services the host
// is of no meaning.
type Episode struct {
	Cause        Cause
	Host         int
	From, To     time.Time // To is before the boot that may follow
	StopsWriting bool      // a hang after which nothing is written
	Replaced     bool      // a hang that its group ended, by launching another host
}

// shorten ends a hang at the moment at which its group has terminated the host.
func (e *Episode) shorten(w *World) {
	if !e.Cause.Hang() {
		return
	}
	for _, s := range w.hosts[e.Host].launches {
		if gone := at(s.from); gone.After(e.From) && gone.Before(e.To) {
			e.To, e.Replaced = gone, true
			return
		}
	}
}

// Episodes are all of them, by their beginning.
func (w *World) Episodes() []Episode { return slices.Clone(w.episodes) }

// Causes are the causes that do anything to a host, or to AWS's services, between two
// moments.
func (w *World) Causes(host int, from, to time.Time) []Cause {
	var out []Cause
	for _, l := range []*life{&w.hosts[host].life, &w.region} {
		for n := l.last(to.Unix() + 1); n >= 0 && l.reach[n] > from.Unix(); n-- {
			if i := l.all[n]; i.to > from.Unix() && !slices.Contains(out, i.cause) {
				out = append(out, i.cause)
			}
		}
	}
	slices.Sort(out)
	return out
}

// Disturbed says whether anything is different, for a host or AWS's services, between two
// moments. Where nothing is, and the host pings every five minutes, no observer can take it
// for dead.
func (w *World) Disturbed(host int, from, to time.Time) bool {
	return w.hosts[host].life.touches(from.Unix(), to.Unix()+1) || w.region.touches(from.Unix(), to.Unix()+1)
}

// Host is what is known of a host that is not AWS's to say.
type Host struct {
	N        int
	ID       string
	Fleet    Fleet
	Period   time.Duration // of its pings
	Slowest  time.Duration // the longest period of an agent in its network
	Phase    time.Duration // of its pings, within the period, until its agent first restarts
	Readable bool          // its console shows what happens
	Detailed bool
	Volumes  int
	Unit     int // the number of its group, -1 for none
}

// Hosts are all hosts, by their number.
func (w *World) Hosts() []Host {
	out := make([]Host, len(w.hosts))
	for n, h := range w.hosts {
		out[n] = Host{
			N: n, ID: h.id, Fleet: h.kind.fleet, Period: time.Duration(h.period) * time.Second, Phase: time.Duration(h.phase) * time.Second,
			Readable: h.mutters, Detailed: h.detailed, Volumes: len(h.volumes), Unit: -1,
		}
		if h.group != nil {
			out[n].Unit = h.group.n
		}
		for _, other := range h.vpc.hosts {
			out[n].Slowest = max(out[n].Slowest, time.Duration(w.hosts[other].period)*time.Second)
		}
	}
	return out
}

// Start is when the world begins, and End when its last day is over.
func (w *World) Start() time.Time { return w.start }

// End is when the world's last day is over.
func (w *World) End() time.Time { return at(w.end()) }

// HostDays is how many days of how many hosts the world has.
func (w *World) HostDays() int { return len(w.hosts) * w.days }
