package world

import (
	"cmp"
	"slices"
)

// effects are what an interval does to a host.
type effects uint64

const (
	// The agents. An agent starts anew when the interval ends.
	agentOff effects = 1 << iota // the SSM agent is not there, or stuck
	beatOff                      // the CloudWatch agent is not there, or stuck
	cutSSM                       // Systems Manager cannot be reached
	cutBeat                      // CloudWatch cannot be reached
	leaky                        // some pings, heartbeats and checks are lost
	retimed                      // the agent pings with another period

	// The application, as a load balancer meets it.
	appDeaf   // it takes connections, and does not answer
	refused   // nobody listens
	wrongCode // it answers with an error
	tcpDeaf   // no connection comes about
	noARP     // the host does not answer ARP

	// The disks.
	noWrites   // nothing is written
	rootStill  // nothing is written to the root volume
	appStill   // the application writes nothing
	initOnly   // of user space only init runs, and starts services again and again
	thrashes   // it swaps
	dumpWrites // a capture kernel writes a dump
	bootWrites // it boots
	stalled    // EBS completes nothing

	// The network card.
	cardSilent  // it sends nothing
	kernelOnly  // the kernel answers; no program sends
	appQuiet    // the application sends next to nothing
	outwardGone // what the host says to the outside does not get through

	// The instance.
	off      // it is not running
	leaving  // its group is about to terminate it
	standing // it stands by: its group sends it no work
	coming   // its group waits for it
	drained  // it is in no target group

	noTimers // its kernel takes no interrupts, so that not even a cursor blinks

	// The truth, which no API shows.
	hung
	sick
)

// interval is a part of a host's life in which something is different. It is over at to.
type interval struct {
	from, to int64
	does     effects
	cause    Cause
	arg      int64  // what else the effect needs, such as a period
	talk     speech // what it writes on the console
	seed     uint64
}

// life is what befalls a host, by its beginning.
type life struct {
	all []interval
	// reach is, for each interval, the latest end of all up to it. So a search backwards
	// knows when to stop.
	reach []int64
}

func newLife(all []interval) life {
	all = slices.DeleteFunc(all, func(i interval) bool { return i.to <= i.from })
	slices.SortStableFunc(all, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	reach := make([]int64, len(all))
	for n, i := range all {
		reach[n] = i.to
		if n > 0 {
			reach[n] = max(reach[n], reach[n-1])
		}
	}
	return life{all, reach}
}

// last is the index of the last interval that begins before a moment, and -1 for none.
func (l *life) last(before int64) int {
	lo, hi := 0, len(l.all)
	for lo < hi {
		if m := int(uint(lo+hi) >> 1); l.all[m].from < before {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo - 1
}

// at is everything that is different at a moment.
func (l *life) at(at int64) effects {
	var e effects
	for n := l.last(at + 1); n >= 0 && l.reach[n] > at; n-- {
		if l.all[n].to > at {
			e |= l.all[n].does
		}
	}
	return e
}

// find gives the interval that began first of those that hold at a moment and do any of
// some things. It is nil for none.
func (l *life) find(at int64, what effects) *interval {
	var found *interval
	for n := l.last(at + 1); n >= 0 && l.reach[n] > at; n-- {
		if i := &l.all[n]; i.to > at && i.does&what != 0 {
			found = i
		}
	}
	return found
}

// touches says whether anything is different at any moment from one to another.
func (l *life) touches(from, to int64) bool {
	for n := l.last(to); n >= 0 && l.reach[n] > from; n-- {
		if l.all[n].to > from {
			return true
		}
	}
	return false
}

// during are the intervals that reach into the time from one moment to another.
func (l *life) during(from, to int64) life {
	first, end := 0, l.last(to)+1
	for first = end; first > 0 && l.reach[first-1] > from; first-- {
	}
	return life{l.all[first:end], l.reach[first:end]}
}

// spell is a time without a break in which a host does, or suffers, the same.
type spell struct {
	from, to int64
	host     int32
}

// spells are the times in which a host suffers any of some things. Those that touch are
// one.
func (l *life) spells(what effects) []spell {
	var out []spell
	for _, i := range l.all {
		if i.does&what == 0 {
			continue
		}
		if n := len(out) - 1; n >= 0 && i.from <= out[n].to {
			out[n].to = max(out[n].to, i.to)
			continue
		}
		out = append(out, spell{from: i.from, to: i.to})
	}
	return out
}
