package world

import "slices"

// An SSM agent calls Systems Manager once a period, and a call that is lost is not
// repeated. The first call comes when the agent starts, and the second at a random moment
// within one period. An agent whose first call fails asks again after 10, 20, 40 and then
// every 60 minutes (amazon-ssm-agent, agent/health/healthcheck.go and
// agent/hibernation/hibernation.go).
const (
	agentStarts = 40 // seconds until its first call at most
	longestNap  = hour
)

// naps are how long a hibernating agent waits between its calls.
var naps = [...]int64{10 * minute, 20 * minute, 40 * minute, longestNap}

// noPing is what keeps a call from Systems Manager.
const noPing = agentOff | cutSSM | off

// noBeat is what keeps a heartbeat from CloudWatch.
const noBeat = beatOff | cutBeat | off

// lossy is the share of calls that do not get through where a host is leaky.
const lossy = 0.4

// call says whether a call at a moment gets through. If not, since is the moment before
// which calls may have got through.
func (h *host) call(at int64, stops effects) (ok bool, since int64) {
	e := h.life.at(at)
	switch {
	case e&stops != 0:
		return false, h.life.find(at, stops).from
	case e&leaky != 0 && part(mixAt(h.seed^uint64(stops), at)) < lossy:
		return false, at
	}
	return true, 0
}

// began are the moments at which the host's agent starts anew.
func began(l *life) []int64 {
	var out []int64
	for _, i := range l.all {
		if i.does&(agentOff|off) != 0 && l.at(i.to)&(agentOff|off) == 0 {
			out = append(out, i.to)
		}
		if i.does&retimed != 0 {
			out = append(out, i.from, i.to)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// lastPing is when Systems Manager last heard the host's agent, up to a moment. It is 0
// for never.
func (h *host) lastPing(upTo int64) int64 {
	if !h.agent {
		return 0
	}
	n, _ := slices.BinarySearch(h.starts, upTo+1)
	for n--; n >= 0; n-- {
		if ping := h.pingSince(h.starts[n], upTo); ping != 0 {
			return ping
		}
		upTo = h.starts[n] - 1
	}
	return h.lastOf(h.phase, h.period, h.launched, upTo)
}

// pingSince is the last ping up to a moment of an agent that started at another.
func (h *host) pingSince(start, upTo int64) int64 {
	seed := mixAt(h.seed, start)
	first, period := start+between(seed, 2, agentStarts), h.period
	if i := h.life.find(start, retimed); i != nil {
		period = i.arg
	}
	for nap := 0; ; nap++ {
		if first > upTo {
			return 0
		}
		if ok, _ := h.call(first, noPing); ok {
			break
		}
		first += naps[min(nap, len(naps)-1)]
	}
	next := first + 1 + below(mix(seed, 1), period)
	if ping := h.lastOf(next, period, next, upTo); ping != 0 {
		return ping
	}
	return first
}

// lastOf is the last call that got through of those that come every period: at base, and
// so on, none before least and none after upTo. It is 0 for none.
func (h *host) lastOf(base, period, least, upTo int64) int64 {
	for at := base + floor(upTo, base, period)*period; at >= least; {
		ok, since := h.call(at, noPing)
		if ok {
			return at
		}
		at = min(at-period, base+floor(since-1, base, period)*period)
	}
	return 0
}

// beatsIn is how many heartbeats of a minute came to CloudWatch up to a moment.
func (h *host) beatsIn(near *life, begins, upTo int64) int64 {
	at := begins + below(mix(h.seed, 11), minute)
	if at+beatTakes > upTo {
		return 0
	}
	e := near.at(at)
	if e&noBeat != 0 || e&leaky != 0 && part(mixAt(h.seed^uint64(noBeat), at)) < lossy {
		return 0
	}
	return 1
}

// beatTakes is how long a custom metric takes until it can be read, in seconds (measured by
// others: 0.9 s).
const beatTakes = 1
