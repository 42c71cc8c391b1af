package vitals

import (
	"errors"
	"time"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

const (
	// enough is how many neighbours show the period of a fleet's agents.
	enough = 10
	// heard is how lately a neighbour must have been heard for that: the longest period
	// that an agent can have, and a minute (HealthFrequencyMinutes, source of
	// amazon-ssm-agent, agent/appconfig/constants.go: 60 at most).
	heard = 61 * time.Minute
	// late is how much later than its period a ping may come.
	late = time.Minute
	// slower is the share of the neighbours, in percent, that may have been silent for
	// longer than their period: they are in trouble themselves. fewSilent always may.
	slower = 5
)

// periods are the ones that fleets use. 5 minutes is the agent's default, and its least.
func periods() []time.Duration {
	return []time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
}

// period is how often the fleet's agents ping: the shortest period that nearly all
// neighbours keep. The setting CRASHCART_PING_PERIOD can only raise it.
func period(h Host) time.Duration {
	if h.known == nil {
		return periodOf(h)
	}
	if h.known.period == 0 {
		h.known.period = periodOf(h)
	}
	return h.known.period
}

func periodOf(h Host) time.Duration {
	least := max(periods()[0], h.Rules.PingPeriod)
	neighbours, err := h.Instance.Neighbours.Get()
	if err != nil {
		return least
	}
	n, within := 0, map[time.Duration]int{}
	for id, ping := range neighbours {
		age := h.At.Sub(ping)
		if id == h.Instance.ID || age > heard {
			continue
		}
		n++
		for _, p := range periods() {
			if age <= p+late {
				within[p]++
			}
		}
	}
	if n < enough {
		return least
	}
	for _, p := range periods() {
		if n-within[p] <= max(fewSilent, n*slower/100) {
			return max(p, least)
		}
	}
	return max(periods()[len(periods())-1], least)
}

// silence is how long an agent must be silent to be dead, and how long at most for an
// alarm. One lost call of a healthy host is two periods.
func silence(h Host, windows bool) (least, longest time.Duration) {
	least, longest = h.Rules.Silent, h.Rules.SilentMax
	if windows {
		least, longest = h.Rules.SilentWindows, h.Rules.SilentMaxWindows
	}
	p := period(h)
	return max(least, 2*p+late), max(longest, 2*p+15*time.Minute)
}

// Lifeless says whether a member of the host's group seems dead at this moment. Its
// platform is not known, so the widest window counts. To count too many members makes the
// guard refuse; to count too few would let it permit.
func Lifeless(h Host, m instance.Member) bool {
	if m.Unreachable || m.Unhealthy {
		return true
	}
	l, lw := silence(h, false)
	w, ww := silence(h, true)
	silent := h.At.Sub(m.Ping.At)
	return !m.Ping.At.IsZero() && silent >= min(l, w) && silent <= max(lw, ww)
}

// fewSilent is how many neighbours may always have missed a ping.
const fewSilent = 2

// brake counts the neighbours that have newly missed a ping. Ping and heartbeat share
// their way out, resolver, role and clock with the neighbours' own. So their silence never
// proves anything, but when many are silent this host's proves nothing either.
func (r *Reading) brake(h Host) {
	neighbours, err := h.Instance.Neighbours.Get()
	if err != nil {
		r.BrakeErr = err
		return
	}
	_, longest := silence(h, false)
	_, windows := silence(h, true)
	for id, ping := range neighbours {
		age := h.At.Sub(ping)
		if id == h.Instance.ID || age > max(longest, windows) {
			continue
		}
		r.Neighbours++
		if age > r.Period+late {
			r.Silent++
		}
	}
	r.Braked = r.Silent > max(fewSilent, r.Neighbours*h.Rules.SilentPercent/100)
}

// asked says whether a fact that has failed was asked for at all.
func asked(err error) bool { return err != nil && !errors.Is(err, fact.ErrNotAsked) }
