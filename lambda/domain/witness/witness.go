// Package witness says what an interrupt did, by what can be seen of its host.
package witness

import (
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/instance"
)

// Sight is one look at the host of a case. What could not be had is left zero.
type Sight struct {
	At     time.Time // when it was looked, by our clock
	Before []byte    // the console from just before the interrupt; nil when none was kept

	Console   []byte // the console now; nil when it could not be read
	Windows   bool
	Known     bool           // EC2 answered whether the instance is there; State is "" when it is not
	State     string         // of the instance: running, stopped, ...
	Reason    string         // EC2's reason for that state
	Launched  time.Time      // when it was last started
	Check     instance.Check // AWS's reachability check
	Ping      time.Time      // the agent's last; zero for none that is known
	Lifecycle string         // in its Auto Scaling group; empty for none, or where it could not be had
}

// Conclusion is what an account comes to at some moment.
type Conclusion struct {
	Finding cases.Finding // what it would be if nothing more came
	Why     string        // one sentence, with the figure
	Doubt   string        // why it may not be so; mostly empty
	Done    bool          // nothing more is to be expected: the case ends
	Dumping bool          // a dump is being written, by all that is known
	Stalled bool          // it is, and has not moved for long
}

// Add gives the account with what the sight shows.
func Add(a cases.Account, s Sight) cases.Account { return a }

// Conclude says what the account comes to at the moment now.
func Conclude(a cases.Account, now time.Time) Conclusion {
	return Conclusion{Finding: cases.FindingUnproven}
}

// Reading is what consoles alone show.
type Reading struct {
	Stages  []Line
	Finding cases.Finding
}

// Line is a stage with the line that shows it, and where that line begins in the console
// from after, in bytes.
type Line struct {
	Stage  cases.Stage
	Text   string
	Offset int
}

// Read reads the console from before an interrupt, which may be nil, and that from after.
func Read(before, after []byte) Reading { return Reading{Finding: cases.FindingUnproven} }
