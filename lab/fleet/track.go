package fleet

import (
	"slices"
	"strings"
	"time"
)

// Track is what one guest did until now, to be counted from outside: by the hypervisor
// its writes and what it sent, by CloudWatch its heartbeats. It is a picture of the moment
// at which it was taken.
type Track struct {
	Instance string
	Platform string
	Habits   Habits
	launched time.Time
	seed     uint64
	phases   []phase
	counted  []sample // of a real guest
	real     bool
}

// Track gives what a guest did until now, and whether there is such a guest.
func (f *Fleet) Track(id string) (Track, bool) {
	f.lock()
	defer f.mu.Unlock()
	g := f.find(id)
	if g == nil {
		return Track{}, false
	}
	return f.track(g), true
}

// track is Track of a guest. The caller holds the lock.
func (f *Fleet) track(g *guest) Track {
	return Track{
		Instance: g.ID, Platform: g.Platform, Habits: g.Habits, launched: g.launched, seed: hash(g.ID), phases: slices.Clone(g.phases),
		counted: f.samplers.of(g.ID), real: g.Machine != nil,
	}
}

// Heartbeat gives namespace and name of the metric that the guest sends of itself. Both
// are empty if it sends none.
func (t Track) Heartbeat() (namespace, name string) {
	if i := strings.LastIndex(t.Habits.Heartbeat, "/"); i > 0 && !t.real {
		return t.Habits.Heartbeat[:i], t.Habits.Heartbeat[i+1:]
	}
	return "", ""
}

// Runs says whether the instance was running from one time to another without a break, so
// that its hypervisor counted.
func (t Track) Runs(from, to time.Time) bool {
	if t.real {
		return covered(t.counted, from, to)
	}
	if from.Before(t.launched) {
		return false
	}
	runs := true
	t.within(from, to, func(p phase, _, _ time.Time) { runs = runs && p.name != phaseOff })
	return runs
}

// Writes is how many writes to one of its volumes the guest completed from one time to
// another, which is not part of it.
func (t Track) Writes(volume string, from, to time.Time) int {
	i := slices.IndexFunc(t.Habits.Volumes, func(v Volume) bool { return v.ID == volume })
	if i < 0 || t.Habits.Volumes[i].Still {
		return 0
	}
	if t.real {
		n, _ := between(t.counted, from, to)
		return int(min(n, 1<<31))
	}
	n := 0
	t.within(from, to, func(p phase, from, to time.Time) { n += t.wrote(volume, i == 0, p, from, to) })
	return n
}

// wrote is Writes for a part of a phase. A boot, a dump and init write to the root alone.
func (t Track) wrote(volume string, root bool, p phase, from, to time.Time) int {
	switch p.writes {
	case writesHabit:
		return t.habit(volume, root, from, to)
	case writesOut:
		if end := p.at.Add(t.writeback()); to.After(end) {
			to = end
		}
		return t.habit(volume, root, from, to)
	case writesThrash:
		return thrashing * t.habit(volume, root, from, to)
	}
	switch {
	case root && p.writes == writesPlan:
		return p.planned(from, to)
	case root && p.writes == writesInit:
		return initOnly(t.seed).count(from, to)
	}
	return 0
}

// thrashing is how much more than when it is well a guest writes whose memory is exhausted
// and that has swap (measured).
const thrashing = 10

// initOnly is the rhythm of a guest of whose user space only init runs: its watchdogs start
// journald and others again and again (measured: longest stillness 65 s).
func initOnly(seed uint64) rhythm { return rhythm{seed: seed, every: time.Minute, least: 1, most: 15} }

// longestWriteback is how long after the beginning of a hang that takes interrupts the
// last write may come (measured).
const longestWriteback = 40 * time.Second

// writeback is how long after such a hang began this guest still writes.
func (t Track) writeback() time.Duration {
	return time.Duration(t.seed%uint64(longestWriteback/time.Second+1)) * time.Second
}

// habit is how often a guest that lives writes to a volume.
func (t Track) habit(volume string, root bool, from, to time.Time) int {
	seed := mix(t.seed, hash(volume))
	switch {
	case !from.Before(to):
		return 0
	case t.Habits.Disk == DiskBusy && root:
		return busyRoot(seed).count(from, to)
	case t.Habits.Disk == DiskBusy:
		return busyMore(seed).count(from, to)
	case t.Habits.Disk == DiskSeldom && root:
		return seldom(t.seed, from, to)
	}
	return 0
}

// seldom counts the writes of a guest in which something happens every five minutes: the
// journal's commit, and data and inodes half a minute later.
func seldom(seed uint64, from, to time.Time) int {
	const (
		every   = 5 * time.Minute
		commit  = 6
		rest    = 5
		between = 30 * time.Second
	)
	n := 0
	offset := time.Duration(seed%300) * time.Second
	first := time.Unix(0, from.Add(-offset-between).UnixNano()/int64(every)*int64(every)).Add(offset)
	for at := first; at.Before(to); at = at.Add(every) {
		for _, group := range []struct {
			at time.Time
			n  int
		}{{at, commit}, {at.Add(between), rest}} {
			if !group.at.Before(from) && group.at.Before(to) {
				n += group.n
			}
		}
	}
	return n
}

// Sent is how many bytes the guest's network card sent from one time to another.
func (t Track) Sent(from, to time.Time) float64 {
	if t.real {
		_, n := between(t.counted, from, to)
		return float64(n)
	}
	n := 0.0
	t.within(from, to, func(p phase, from, to time.Time) {
		switch p.sends {
		case sendsNothing:
		case sendsHabit:
			n += t.traffic(from, to)
		case sendsAnswers:
			n += float64(answers.count(from, to)) * frame
		}
	})
	return n
}

// frame is the size of an answer to an ARP request, in bytes.
const frame = 42

// answers is the rhythm of the status check, whose ARP request a hung kernel answers.
var answers = rhythm{every: time.Minute, least: 1, most: 2}

// traffic is what a guest that lives sends, in bytes: between 0.7 and 1.3 of what it sends
// on the average.
func (t Track) traffic(from, to time.Time) float64 {
	n := 0.0
	for begins := from; begins.Before(to); {
		ends := begins.Truncate(time.Minute).Add(time.Minute)
		if ends.After(to) {
			ends = to
		}
		share := 0.7 + 0.6*float64(mix(t.seed, uint64(begins.Unix()/60))>>11)/(1<<53) //nolint:gosec // only to draw by
		n += share * float64(max(t.Habits.Sends, 0)) / 300 * ends.Sub(begins).Seconds()
		begins = ends
	}
	return n
}

// Beats are the times of the guest's heartbeats from one time to another.
func (t Track) Beats(from, to time.Time) []time.Time {
	var out []time.Time
	if _, name := t.Heartbeat(); name == "" {
		return nil
	}
	offset := time.Duration(t.seed%60) * time.Second
	t.within(from, to, func(p phase, from, to time.Time) {
		if !p.beats {
			return
		}
		for at := from.Add(-offset).Truncate(time.Minute).Add(offset); at.Before(to); at = at.Add(time.Minute) {
			if !at.Before(from) {
				out = append(out, at)
			}
		}
	})
	return out
}

// within calls fn with each phase between two times, and the part of the two that it has.
func (t Track) within(from, to time.Time, fn func(p phase, from, to time.Time)) {
	for i, p := range t.phases {
		begins, ends := later(p.at, from), to
		if i+1 < len(t.phases) && t.phases[i+1].at.Before(ends) {
			ends = t.phases[i+1].at
		}
		if begins.Before(ends) {
			fn(p, begins, ends)
		}
	}
}
