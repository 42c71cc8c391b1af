// Package trial puts a real kernel through a crash, from power on to the dump that
// is read back from its disk, by the product's own path: an alarm in the lab, the
// real bootstrap, SendDiagnosticInterrupt. The real follow-up then follows the case, and
// has the guest's agent send the dump to S3, until it closes the case with its finding.
//
// A trial is data: how the guest is prepared, how it hangs (hang.go), and what must
// become of it (end.go). Run plays one and gives a Record of what was seen from
// outside and what was true inside; Judge compares that with what must be.
//
// # Time
//
// The guest runs in real time, under software emulation. AWS's time is the lab's and
// passes thirty times faster: a status check every two seconds, an agent's ping every
// ten, and six minutes of silence in twelve. So the product's own limits hold, and a
// trial takes a minute. From the interrupt on AWS's time passes ten times faster only,
// since what the guest does takes as long as ever, and so it does while the guest sends its
// dump. When nothing more is to come of the guest, it passes fast, so that the follow-up
// need not be waited for. How long a dump takes home where AWS's waits are as long as they
// are is seen with Options.RealTime.
package trial

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"

	"crashcart/lab"
	"crashcart/lab/guest"
	"crashcart/lab/guest/image"
)

// Speed is how many lab seconds pass in a second, but for a Hang with its own.
const Speed = 30

const (
	// crashSpeed is how many lab seconds pass in a second from the interrupt on.
	crashSpeed = 10
	// endSpeed is the same when only the follow-up is left. It waits for half a day where a
	// capture kernel prints for ever.
	endSpeed = 2000
)

// How long a step may take on the wall: three times what was measured on two idle
// cores, or more.
const (
	readyWithin    = 90 * time.Second // from power on, and from a reset
	prepareWithin  = 60 * time.Second
	decidedWithin  = 120 * time.Second // from the hang to the interrupt; the guard takes up to 12 minutes of the lab
	comesWithin    = 150 * time.Second // from the interrupt to the guest's return
	followWithin   = 360 * time.Second // with the dump's way home, once more where it was cut
	followInTime   = 20 * time.Minute  // likewise, where AWS's time is the wall's
	homeWithin     = 60 * time.Second
	readBackWithin = 60 * time.Second
)

// Options of a run.
type Options struct {
	Bootstrap string      // the interrupt function's binary
	Followup  string      // the follow-up's binary
	Image     image.Image // of the trial's kernel
	Observe   func(Event) // gets everything as it happens, one call at a time; may be nil
	Probe     bool        // ask the hung guest in every way, twice, before it is interrupted
	RealTime  bool        // from the interrupt until the dump is home, AWS's time is the wall's
	Evidence  string      // a directory with nothing in it (see Room) for dump, evidence and console; empty keeps nothing
}

// EventKind is what an Event is about.
type EventKind string

// The kinds of events.
const (
	EventStep     EventKind = "step"     // the trial goes on to its next step
	EventStage    EventKind = "stage"    // the console proves a stage of the crash
	EventDecision EventKind = "decision" // the function decided
	EventConsole  EventKind = "console"  // a line of the serial console
	EventProbe    EventKind = "probe"    // the hung guest was asked
	EventHome     EventKind = "home"     // the dump is whole in the bucket
	EventFinding  EventKind = "finding"  // the follow-up has closed the case
	EventNote     EventKind = "note"     // something else that a function said
)

// Event is something that happened in a trial.
type Event struct {
	At    time.Duration // on the wall, since power on
	Kind  EventKind
	Name  string // of the step, stage, outcome or finding
	Text  string // a sentence, or the line of the console
	Proof string // of a stage or finding: the line that proves it
}

// Run plays one trial. The record is there for a trial that went wrong, too, as far
// as it came; the error is then why it could not go on. What must be is for Judge.
func Run(ctx context.Context, o Options, t Trial) (record *Record, err error) {
	hang, ok := HangNamed(t.Hang)
	if !ok {
		return nil, fmt.Errorf("trial %s: there is no hang %q", t.Name, t.Hang)
	}
	if o.Evidence != "" {
		if err := Room(o.Evidence); err != nil {
			return nil, err
		}
	}
	for _, file := range []*string{&o.Bootstrap, &o.Followup} {
		if *file, err = program(*file); err != nil {
			return nil, err
		}
	}
	l, err := lab.Start(lab.Options{Speed: hang.speed()})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	way, err := openGate(l.URL)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, way.Close()) }()
	g, err := guest.Start(ctx, guest.Options{
		Image: o.Image, Clock: l.Clock, MemoryMB: t.MemoryMB, CrashKernel: t.CrashKernel, KernelArgs: hang.Kernel, Store: way.store,
	})
	if err != nil {
		return nil, err
	}
	r := newRun(o, t, hang, l, g)
	if t.Cut {
		way.onTaken(r.cut)
	}
	wait := r.listen()
	err = r.play(ctx)
	if o.Evidence != "" {
		err = errors.Join(err, r.keepSeen())
	}
	err = errors.Join(err, g.Close())
	wait()
	return r.finish(), err
}

// program is the absolute path of a program, which cannot be taken for one of the same
// name on the PATH.
func program(file string) (string, error) {
	path, err := filepath.Abs(file)
	if err == nil {
		path, err = exec.LookPath(path)
	}
	if err != nil {
		return "", fmt.Errorf("finding the function: %w", err)
	}
	return path, nil
}
