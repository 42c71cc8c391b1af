package followup

import (
	"time"

	"crashcart/lambda/domain/cases"
)

// How long a case waits for its next step. The console is a ring of 64 KB, and most of a
// crash passes in its first minutes.
const (
	early = 15 * time.Second // in the first minutes
	later = time.Minute      // in the first hour, and while a dump is being written or comes home
	late  = 5 * time.Minute

	earlyFor = 5 * time.Minute
	laterFor = time.Hour
)

// mostSoon is how many steps a case may have before it waits for the longest time in any
// case. An execution may have 25,000 events ("Step Functions service quotas", AWS Step
// Functions Developer Guide), and a loop is nine of them. With 800 steps at first, and
// one each five minutes up to the 48th hour, there are fewer than 1,500 loops.
const mostSoon = 800

// until says how long to wait for the next step of a case. A step that needs nothing new
// from the host is made at once, and so is the first look at it.
func (h *Handler) until(r cases.Record) time.Duration {
	t := h.task(r, nil)
	if s, ok := first(advancing, t); ok && (s.name != nameObserve || r.Followup.Account.SentAt.IsZero()) {
		return 0
	}
	switch age := t.now.Sub(r.ClaimedAt); {
	case age < earlyFor:
		return early
	case r.Followup.Steps > mostSoon:
		return late
	case r.Followup.Collect.Command != "":
		return pollEvery(t)
	case age < laterFor || dumping(t) || collects(t):
		return later
	default:
		return late
	}
}
