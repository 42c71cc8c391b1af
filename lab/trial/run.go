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
	console *serial.Log // the guest's
	start   time.Time   // power on

	notifying sync.Mutex // keeps what Observe hears in order

	mu      sync.Mutex // of what follows, and of what others than play put into the record
	record  *Record
	verdict *Decision     // the first that is final
	final   chan struct{} // closed with it
	fired   *serial.Mark  // where the console was when the interrupt was sent
	firedAt time.Time
	reader  reader
	over    bool // what the console says is no longer the crash's doing

	captured chan struct{} // closed when the capture kernel starts
	back     chan struct{} // closed when the guest is reachable again
}

func newRun(o Options, t Trial, h Hang, l *lab.Lab, g *guest.Guest) *run {
	return &run{
		options: o, trial: t, hang: h, lab: l, guest: g, console: g.Serial(), start: time.Now(),
		record: &Record{Trial: t, Release: o.Image.Release, CommandLine: g.CommandLine()},
		final:  make(chan struct{}), back: make(chan struct{}), captured: make(chan struct{}),
	}
}

// The steps of a trial.
const (
	stepBoot     = "boot"
	stepPrepare  = "prepare"
	stepHang     = "hang"
	stepSilence  = "silence"
	stepAlarm    = "alarm"
	stepWatch    = "watch"
	stepReadBack = "read back"
	stepKeep     = "keep"
)

// play does what a trial consists of, in order.
func (r *run) play(ctx context.Context) error {
	ctx, release := r.alive(ctx)
	defer release()
	for _, step := range []struct {
		name, text string
		within     time.Duration
		do         func(context.Context) error
	}{
		{stepBoot, "the guest boots", readyWithin, r.boot},
		{stepPrepare, "it is prepared: " + r.trial.What, prepareWithin, r.prepare},
		{stepHang, "it hangs: " + r.hang.What, prepareWithin, r.hangIt},
		{stepSilence, "nothing of it is heard for as long as the alarm has patience", decidedWithin, r.silence},
		{stepAlarm, "the alarm " + alarmName + " goes off", decidedWithin, r.askForIt},
		{stepWatch, "the console is watched", comesWithin, r.watch},
		{stepReadBack, "what is on its disk is read back", readyWithin + readBackWithin, r.readBack},
		{stepKeep, "the evidence is copied", readBackWithin, r.keepDumps},
	} {
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

// alive is ctx for as long as the guest runs, so that one which powers itself off is
// not waited for. The returned function must be called.
func (r *run) alive(ctx context.Context) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		select {
		case <-r.guest.Done():
			end(guest.ErrEnded)
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		end(nil)
		done.Wait()
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
