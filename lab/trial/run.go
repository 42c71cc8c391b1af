package trial

import (
	"context"
	"fmt"
	"sync"
	"time"

	"crashcart/lab"
	"crashcart/lab/guest"
	"crashcart/lab/guest/serial"
)

// run is a trial while it is played.
type run struct {
	options Options
	trial   Trial
	hang    Hang
	lab     *lab.Lab
	guest   *guest.Guest
	console *serial.Log    // the guest's
	start   time.Time      // power on
	beside  sync.WaitGroup // of what goes on beside the steps

	notifying sync.Mutex // keeps what Observe hears in order

	mu      sync.Mutex // of what follows, and of what others than play put into the record
	record  *Record
	verdict *Decision     // the first that is final
	final   chan struct{} // closed with it
	fired   *serial.Mark  // where the console was when the interrupt was sent
	firedAt time.Time
	// The same moment in the lab, and how long after it the dump was whole in the bucket.
	firedLab time.Time
	arrived  struct{ wall, lab time.Duration }
	reader   reader
	over     bool // what the console says is no longer the crash's doing

	hung     chan struct{} // closed when the hang has begun
	captured chan struct{} // closed when the capture kernel starts
	back     chan struct{} // closed when the guest is reachable again
}

func newRun(o Options, t Trial, h Hang, l *lab.Lab, g *guest.Guest) *run {
	return &run{
		options: o, trial: t, hang: h, lab: l, guest: g, console: g.Serial(), start: time.Now(),
		record: &Record{Trial: t, Release: o.Image.Release, CommandLine: g.CommandLine(), Speed: h.speed()},
		final:  make(chan struct{}), back: make(chan struct{}), captured: make(chan struct{}), hung: make(chan struct{}),
	}
}

// The steps of a trial.
const (
	stepBoot     = "boot"
	stepPrepare  = "prepare"
	stepPace     = "pace"
	stepLive     = "live"
	stepHang     = "hang"
	stepSilence  = "silence"
	stepAlarm    = "alarm"
	stepWatch    = "watch"
	stepFollow   = "follow"
	stepHome     = "home"
	stepReadBack = "read back"
	stepKeep     = "keep"
)

// play does what a trial consists of, in order.
func (r *run) play(ctx context.Context) error {
	ctx, release := r.alive(ctx)
	defer release()
	r.beside.Go(func() { r.visit(ctx) })
	if r.options.Probe {
		r.beside.Go(func() { r.count(ctx) })
		r.beside.Go(func() { r.probes(ctx) })
	}
	for _, step := range r.steps() {
		if step.name == stepPrepare && r.trial.Prepare == "" {
			continue
		}
		if step.name == stepWatch && !r.wasSent() || step.name == stepKeep && r.options.Evidence == "" {
			return nil // refused, which is a result, or over
		}
		r.notify(Event{Kind: EventStep, Name: step.name, Text: step.text})
		began := time.Now()
		bounded, cancel := context.WithTimeout(ctx, step.within)
		err := step.do(bounded)
		cancel()
		r.took(step.name, time.Since(began))
		if cause := context.Cause(ctx); cause != nil {
			err = cause // also of a step that did not notice
		}
		if err != nil {
			return fmt.Errorf("trial %s, %s: %w", r.trial.Name, step.name, err)
		}
	}
	return nil
}

// step is a part of a trial.
type step struct {
	name, text string
	within     time.Duration
	do         func(context.Context) error
}

// steps are the parts of a trial, in order.
func (r *run) steps() []step {
	return []step{
		{stepBoot, "the guest boots", readyWithin, r.boot},
		{stepPace, "its own times become the lab's", prepareWithin, r.pace},
		{stepLive, "it lives as a host does, until its disk is known", r.hang.wall(historyTakes) + prepareWithin, r.live},
		{stepPrepare, "it is prepared: " + r.trial.What, prepareWithin, r.prepare},
		{stepHang, "it hangs: " + r.hang.What, prepareWithin, r.hangIt},
		{stepSilence, "nothing of it is heard for as long as the alarm has patience", r.hang.wall(heartbeatMissing) + decidedWithin, r.silence},
		{stepAlarm, "the alarm " + alarmName + " goes off", r.hang.wall(alarmTakes) + decidedWithin, r.askForIt},
		{stepWatch, "the console is watched", comesWithin, r.watch},
		{stepFollow, "its case is followed to its end", r.followWithin(), r.follow},
		{stepHome, "what is in the bucket is looked at", homeWithin, r.bring},
		{stepReadBack, "what is on its disk is read back", readyWithin + readBackWithin, r.readBack},
		{stepKeep, "the evidence is copied", readBackWithin, r.keepDumps},
	}
}

// followWithin is how long the follow-up may take on the wall.
func (r *run) followWithin() time.Duration {
	if r.options.RealTime {
		return followInTime
	}
	return followWithin
}

// alive is ctx for as long as the guest runs, so that one which powers itself off is
// not waited for. The returned function must be called: it ends all that goes on beside
// the steps.
func (r *run) alive(ctx context.Context) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	r.beside.Go(func() {
		select {
		case <-r.guest.Done():
			end(guest.ErrEnded)
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		end(nil)
		r.beside.Wait()
	}
}

// finish gives the record when nothing more will come.
func (r *run) finish() *Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over { // it did not come that far
		r.record.Console = r.console.Bytes()
	}
	used := r.guest.Usage()
	r.record.CPU, r.record.Memory = used.CPU, used.Memory
	return r.record
}
