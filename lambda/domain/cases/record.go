package cases

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/vitals"
)

// Record is all that the casebook knows of one case. A time is zero until it has come.
type Record struct {
	ID         string
	InstanceID string
	DryRun     bool
	State      State
	Open       bool // the instance can have no other case
	Lapsed     bool // nobody closed it, and its time is over
	Origin     Origin
	Vitals     []vitals.Vital // what was seen of the host when it was claimed; none in cases from before vitals
	Code       string         // EC2's error code
	Notes      Notes
	ClaimedAt  time.Time
	SettledAt  time.Time // the result of the send was written
	NotedAt    time.Time
	ClosedAt   time.Time // by hand or by the follow-up, not by the result of the send
	ClosedBy   string
	ClosedWhy  string
	ClosedFrom State // the state before
	Followup   Followup

	Hold Hold
}

// Notes are what a case remembers of the minute of its interrupt besides its state.
// They are sentences for the reader of the report.
type Notes struct {
	Evidence  string // where console and screenshot from before the interrupt are, or why there is none
	Protected string // what was done to keep the instance until it has dumped, or why not
}

// Overdue says that nobody has closed the case within config.OpenFor. It stays in the
// index until somebody does. A dry run is never overdue: nobody has to close it.
func (r Record) Overdue() bool { return r.Lapsed && !r.DryRun }

// Stuck says that the result of the send will never be written: the function that made
// the claim has ended. The interrupt may have been sent. It is not sent again.
func (r Record) Stuck(now time.Time) bool {
	return r.State == StateClaimed && !r.DryRun && now.Sub(r.ClaimedAt) > config.FunctionTimeout
}

// Moment is one line of a case's timeline.
type Moment struct {
	At   time.Time
	What string // one sentence without its full stop
}

// Timeline is what happened in the case, oldest first. Its sentences hold text from
// outside as it came, such as alarm names and reasons: clean them before they are shown.
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

// claimed says for what the case was opened.
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

// settled says how the send ended. In a case that was closed since, ClosedFrom has that
// state.
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
