package world

// result is what became of one health check.
type result int

const (
	passed   result = iota
	timedOut        // no answer
	failed          // refused or reset
	mismatch        // an answer with another code
)

// asked is what becomes of a health check at a moment.
func (h *host) asked(t *targetGroup, at int64) result {
	e := h.life.at(at)
	switch {
	case e&(off|cardSilent|tcpDeaf) != 0:
		return timedOut
	case t.kind.check == checkNodePort: // another node's pod answers
		return passed
	case e&leaky != 0 && part(mixAt(h.seed^3, at)) < lossy:
		return timedOut
	case e&refused != 0:
		return failed
	case t.kind.check == checkTCP:
		return passed
	case e&appDeaf != 0:
		return timedOut
	case e&wrongCode != 0:
		return mismatch
	}
	return passed
}

// mostChecks is how far back a load balancer's opinion is looked for. Where checks pass and
// fail in turn, the older opinion stands, and it is that of a healthy target.
const mostChecks = 60

// health is a load balancer's opinion of a host at a moment: passed for healthy, else why
// not.
func (h *host) health(t *targetGroup, at int64) result {
	phase := below(mix(h.seed, 12), t.interval)
	row, last, reason := int64(0), passed, passed
	n := floor(at-t.timeout, phase, t.interval)
	for back := range int64(mostChecks) {
		r := h.asked(t, phase+(n-back)*t.interval)
		if back == 0 {
			reason = r
		}
		switch {
		case back > 0 && (r == passed) != (last == passed):
			row = 1
		default:
			row++
		}
		last = r
		if r == passed && row >= t.passes {
			return passed
		}
		if r != passed && row >= t.failures {
			if reason == passed {
				return r
			}
			return reason
		}
	}
	return passed
}
