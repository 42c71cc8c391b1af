// Package witness says what an interrupt did, by what can be seen of its host.
//
// EC2 answers success whatever the kernel makes of the interrupt. So everything here rests
// on what is seen later: the serial console first, and beside it what EC2, Systems Manager
// and Auto Scaling say of the instance.
//
//	sight -> stages (reader.go) -> account (add.go, outside.go) -> conclusion (conclude.go)
//
// The proof of a crash is the boot of the capture kernel. A prepared kernel prints no
// panic. The proof of a dump is makedumpfile's own word that it is complete: kdump-tools
// says "saved vmcore" over an empty file, too. The console is a ring of 64 KB, which is cut
// anywhere. So a stage that has been shown once stays proven, and what the ring has
// forgotten is never taken for something that did not happen.
//
// The guest writes the console, so it is hostile. It leaves this package only as printable
// lines. A guest that lies about its own crash can mislead the people who look after it,
// and nobody else: nothing here leads to an interrupt.
package witness

import (
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/instance"
)

// Sight is what is seen of the host of a case at one moment. What could not be had is left
// zero.
type Sight struct {
	At     time.Time // by our clock
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
