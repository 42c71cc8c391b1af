package world

// writer is whose writes they are.
type writer int

const (
	bySystem writer = iota // the kernel, the journal, cron
	byAgent                // the SSM agent's log and state
	byApp                  // the application, and what it logs
)

// rhythm is something that happens again and again and writes: it is a function of its
// seed and of time alone.
type rhythm struct {
	seed   uint64
	who    writer
	every  int64 // seconds
	jitter int64 // it comes up to so much later
	least  int64 // writes
	most   int64
	later  int64 // writes half a minute later: data and inodes follow the journal's commit
}

// writeback is how long after an event its data is written (dirty_expire_centisecs, 30 s).
const writeback = 30

// rhythmsOf are the rhythms of a host's root volume, and of its second one. The figures are
// the measured ones (docs/hangs.md): writes in 10 s, and longest stillness.
func rhythmsOf(t *traits) (root, more []rhythm) {
	var (
		// "full, no messages": 0.85 in 10 s, still for 56 s at most.
		full = rhythm{who: bySystem, every: 27, jitter: 22, least: 1, most: 4}
		// "full, a message every 60 s" and an application that logs: 3.9 in 10 s and more.
		logs = rhythm{who: byApp, every: 12, jitter: 10, least: 3, most: 7}
		// "agent ping every 300 s": 0.11 in 10 s, still for 269 s.
		pings = rhythm{who: byAgent, every: 5 * minute, jitter: 4, least: 1, most: 2, later: 2}
	)
	switch t.kind.disk {
	case diskIdle:
		root = idleRhythms(part(mix(t.seed, 10)), full, pings)
	case diskBusy:
		root = []rhythm{full, logs, pings, {who: byApp, every: 5, jitter: 4, least: 15, most: 35}}
	case diskWindows:
		root = []rhythm{{who: bySystem, every: 11, jitter: 9, least: 3, most: 25}, logs, pings}
	case diskSystem:
		root = []rhythm{full, pings}
	default:
		root = []rhythm{full, logs, pings}
	}
	more = []rhythm{{who: byApp, every: 15, jitter: 12, least: 2, most: 6}}
	for i := range root {
		root[i].seed = mix(t.seed, uint64(20+i))
	}
	more[0].seed = mix(t.seed, 40)
	return root, more
}

// idleRhythms is one of the idle hosts that were measured. How frequent each is, is a
// guess: most images have a persistent journal and a time service.
func idleRhythms(draw float64, full, pings rhythm) []rhythm {
	switch {
	case draw < 0.5:
		return []rhythm{full, pings}
	case draw < 0.65: // "full, no timesyncd, no messages": 0.13 in 10 s, still for 329 s or more
		return []rhythm{{who: bySystem, every: 5 * minute, jitter: 40, least: 2, most: 5, later: 1}, pings}
	case draw < 0.8: // "a log line and fsync every 300 s": 0.13 in 10 s, still for 270 s
		return []rhythm{{who: bySystem, every: 5 * minute, jitter: 5, least: 1, most: 2, later: 2}, pings}
	case draw < 0.9: // "journald as shipped, no messages": 0.40 in 10 s, still for 520 s
		return []rhythm{{who: bySystem, every: 9 * minute, jitter: 20, least: 18, most: 26}}
	case draw < 0.95: // "lab image, agent ping every 300 s": nothing else writes
		return []rhythm{pings}
	}
	return nil // "lab image, no ping": it never wrote in 869 s
}

// The rhythms of a host that does not live as usual. The figures are those of docs/hangs.md.
var (
	initRhythm  = rhythm{who: bySystem, every: 35, jitter: 30, least: 1, most: 12} // still for 65 s at most
	dumpRhythm  = rhythm{who: bySystem, every: 5, jitter: 4, least: 1, most: 5}    // still for 4 to 8 s
	bootRhythm  = rhythm{who: bySystem, every: 4, jitter: 3, least: 1, most: 9}    // 65 to 90 writes until it is ready
	thrashScale = int64(20)                                                        // 187 to 1,712 where it was 5 to 7
)

// each calls fn with the time and the number of the writes from one moment to another.
func (r *rhythm) each(from, to int64, fn func(at, n int64)) {
	phase := below(mix(r.seed, 99), r.every)
	longest := r.jitter
	if r.later > 0 {
		longest += writeback + 5
	}
	for k := floor(from-longest, phase, r.every); ; k++ {
		begins := phase + k*r.every
		if begins >= to {
			return
		}
		draw := mixAt(r.seed, k)
		at := begins + below(draw, r.jitter+1)
		if at >= from && at < to {
			fn(at, between(draw>>20, r.least, r.most))
		}
		if r.later > 0 {
			if at += writeback + below(draw>>40, 5); at >= from && at < to {
				fn(at, r.later)
			}
		}
	}
}

// writes is how many writes to one of its volumes a host completes in a minute. near is the
// part of its life around that minute.
func (h *host) writes(near *life, volume int, begins int64) int64 {
	root, n := volume == 0, int64(0)
	ends := begins + minute
	rhythms := h.rhythms
	if !root {
		rhythms = h.more
	}
	disturbed := near.touches(begins, ends) && !h.foreign(volume, begins)
	for i := range rhythms {
		r := &rhythms[i]
		r.each(begins, ends, func(at, writes int64) {
			if disturbed {
				writes = h.stays(near.at(at), r.who, root, writes)
			}
			n += writes
		})
	}
	if disturbed && root {
		n += h.unusual(near, begins, ends)
	}
	return n
}

// stays is what is left of an event's writes. A host that only speaks outward has no work
// where nobody hears it.
func (h *host) stays(e effects, who writer, root bool, writes int64) int64 {
	switch {
	case e&(noWrites|stalled|off|initOnly|dumpWrites|bootWrites) != 0,
		root && e&rootStill != 0,
		who == byApp && (e&(appStill|sick) != 0 || h.kind.outward && e&outwardGone != 0),
		who == byAgent && e&agentOff != 0:
		return 0
	case e&thrashes != 0:
		return writes * thrashScale
	}
	return writes
}

// unusual are the writes of what happens only while something is wrong.
func (h *host) unusual(near *life, begins, ends int64) (n int64) {
	for _, one := range []struct {
		what   effects
		rhythm rhythm
	}{{initOnly, initRhythm}, {dumpWrites, dumpRhythm}, {bootWrites, bootRhythm}} {
		one.rhythm.seed = mix(h.seed, uint64(one.what))
		one.rhythm.each(begins, ends, func(at, writes int64) {
			if e := near.at(at); e&one.what != 0 && e&(stalled|off|noWrites) == 0 {
				n += writes
			}
		})
	}
	return n
}
