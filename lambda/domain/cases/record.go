package cases

import (
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

// Overdue says that somebody must close the case: nobody has within config.OpenFor, and it
// stays in the index until somebody does. A dry run is never overdue, since nobody has to
// close it. A case that has a finding may be overdue, too: the follow-up should have closed
// it, and has not.
func (r Record) Overdue() bool { return r.Lapsed && !r.DryRun }

// Stuck says that the result of the send will never be written: the function that made
// the claim has ended. The interrupt may have been sent. It is not sent again.
func (r Record) Stuck(now time.Time) bool {
	return r.State == StateClaimed && !r.DryRun && now.Sub(r.ClaimedAt) > config.FunctionTimeout
}
