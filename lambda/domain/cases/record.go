package cases

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"crashcart/lambda/domain/config"
)

// Record is all that the casebook knows of one case. Times that did not come yet
// are zero.
type Record struct {
	ID         string
	InstanceID string
	DryRun     bool
	State      State
	Open       bool // the instance can have no other case
	Lapsed     bool // it was never closed, and is over by time
	Origin     Origin
	Code       string // EC2's error code
	Notes      Notes
	ClaimedAt  time.Time
	SettledAt  time.Time // the shot's result was written
	NotedAt    time.Time
	ClosedAt   time.Time // by hand or by the follow-up, not by the shot's result
	ClosedBy   string
	ClosedWhy  string
	ClosedFrom State // the state before

	Hold Hold
}

// Notes are what a case remembers of the minute of its interrupt besides its
// state: sentences for the reader of the report.
type Notes struct {
	Evidence  string // where console and screenshot from before are, or why they are not
	Protected string // what was done to keep the instance until it has dumped, or why not
}

// Overdue says that the case was somebody's to close, and that nobody has within
// OpenFor. It stays in the index until somebody does. A dry run is nobody's work.
func (r Record) Overdue() bool { return r.Lapsed && !r.DryRun }

// Stuck says that the shot's result will not be written any more: whoever had the
// claim has ended long ago. The interrupt may have been sent, and will not be sent
// again.
func (r Record) Stuck(now time.Time) bool {
	return r.State == StateClaimed && !r.DryRun && now.Sub(r.ClaimedAt) > config.FunctionTimeout
}

// Moment is one line of a case's timeline.
type Moment struct {
	At   time.Time
	What string // one sentence without its full stop
}

// Timeline is what happened in the case, oldest first. Its sentences hold text
// from outside as it came: alarm names, reasons.
func (r Record) Timeline() []Moment {
	moments := []Moment{{r.ClaimedAt, r.claimed()}}
	add := func(at time.Time, what string) {
		if !at.IsZero() && what != "" {
			moments = append(moments, Moment{at, what})
		}
	}
	add(r.SettledAt, r.settled())
	if r.Notes.Evidence != "" {
		add(r.NotedAt, "evidence: "+r.Notes.Evidence)
	}
	add(r.NotedAt, r.Notes.Protected)
	if !r.ClosedAt.IsZero() {
		add(r.ClosedAt, fmt.Sprintf("closed by %s: %s", cmp.Or(r.ClosedBy, "somebody"), r.ClosedWhy))
	}
	slices.SortStableFunc(moments, func(a, b Moment) int { return a.At.Compare(b.At) })
	return moments
}

func (r Record) claimed() string {
	what := "claimed for "
	switch {
	case r.Origin.Alarm != "":
		what += "the alarm " + r.Origin.Alarm
	case r.Origin.RequestedBy != "":
		what += r.Origin.RequestedBy
	default:
		what += "a trigger of the kind " + cmp.Or(r.Origin.Kind, "unknown")
	}
	if r.Origin.Reason != "" {
		what += ": " + r.Origin.Reason
	}
	if len(r.Origin.Forced) > 0 {
		what += " (forced: " + strings.Join(r.Origin.Forced, ", ") + ")"
	}
	return what
}

// settled says how the shot ended, which the state no longer does in a case that
// was closed since.
func (r Record) settled() string {
	code := ""
	if r.Code != "" {
		code = " (" + r.Code + ")"
	}
	switch state := cmp.Or(r.ClosedFrom, r.State); state {
	case StateInterrupted:
		return "EC2 accepted the interrupt"
	case StateUnknown:
		return "sent, but no answer proved anything; it is not sent again" + code
	case StateRejected:
		return "EC2 did not send it; the instance may be claimed again" + code
	case StateDryRun:
		return "a dry run: nothing was sent" + code
	default:
		return string(state) + code
	}
}
