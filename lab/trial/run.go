package trial

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"crashcart/lab"
	"crashcart/lab/clock"
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
	start   time.Time // power on

	telling sync.Mutex // keeps what Observe hears in order

	mu      sync.Mutex
	record  *Record
	verdict *Decision     // the first that is final
	final   chan struct{} // closed with it
	fired   *serial.Mark  // where the console was when the interrupt was sent
	firedAt time.Time
	reader  reader
	back    chan struct{} // closed when the guest is reachable again

	over     bool          // what the console says is no longer the crash's doing
	captured chan struct{} // closed when the capture kernel starts
}

func newRun(o Options, t Trial, h Hang, l *lab.Lab, g *guest.Guest) *run {
	return &run{
		options: o, trial: t, hang: h, lab: l, guest: g, start: time.Now(),
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
	for _, step := range []struct {
		name, text string
		within     time.Duration
		do         func(context.Context) error
	}{
		{stepBoot, "the guest boots", readyWithin, r.boot},
		{stepPrepare, "it is prepared: " + r.trial.What, prepareWithin, r.prepare},
		{stepHang, "it hangs: " + r.hang.What, prepareWithin, r.hangIt},
		{stepSilence, "nothing of it is heard", decidedWithin, r.silence},
		{stepAlarm, "the alarm " + alarmName + " goes off", decidedWithin, r.askForIt},
		{stepWatch, "the console is watched", comesWithin, r.watch},
		{stepReadBack, "what is on its disk is read back", readyWithin + readBackWithin, r.readBack},
		{stepKeep, "the evidence is copied", readBackWithin, r.keep},
	} {
		if step.name == stepPrepare && r.trial.Prepare == "" {
			continue
		}
		if step.name == stepWatch && !r.shot() || step.name == stepKeep && r.options.Evidence == "" {
			return nil // refused, which is a result, or over
		}
		r.tell(Event{Kind: EventStep, Name: step.name, Text: step.text})
		began := time.Now()
		bounded, cancel := context.WithTimeout(ctx, step.within)
		err := step.do(bounded)
		cancel()
		r.took(step.name, time.Since(began))
		if err != nil {
			return fmt.Errorf("trial %s, %s: %w", r.trial.Name, step.name, err)
		}
	}
	return nil
}

// boot waits until the guest is up, seen by its agent and by a status check.
func (r *run) boot(ctx context.Context) error {
	if err := errors.Join(r.populate(), r.deploy()); err != nil {
		return err
	}
	if err := r.guest.Ready(ctx); err != nil {
		return err
	}
	return r.until(ctx, func() bool {
		v := r.guest.Vitals()
		return !v.LastPing.IsZero() && v.Reachable
	})
}

func (r *run) prepare(ctx context.Context) error {
	out, err := r.script(ctx, r.trial.Prepare)
	if err != nil {
		return fmt.Errorf("preparing the guest: %w", err)
	}
	if out.ExitCode != 0 {
		return fmt.Errorf("preparing the guest ended with %d: %s%s", out.ExitCode, out.Stdout, out.Stderr)
	}
	return nil
}

// hangIt starts the hang and does not wait for its end.
func (r *run) hangIt(ctx context.Context) error {
	if r.options.Probe {
		r.record.Before = r.probe(ctx)
	}
	if _, err := r.guest.Start(ctx, r.hang.Script); err != nil {
		return fmt.Errorf("hanging the guest: %w", err)
	}
	r.record.HungAt = time.Since(r.start)
	return nil
}

// silence waits as long as the alarm does.
func (r *run) silence(ctx context.Context) error {
	hung := r.lab.Clock.Now()
	if r.options.Probe {
		if err := clock.Sleep(ctx, r.lab.Clock, time.Minute); err != nil {
			return err
		}
		r.record.Hung = r.probe(ctx)
	}
	err := clock.Sleep(ctx, r.lab.Clock, hung.Add(heartbeatMissing).Sub(r.lab.Clock.Now()))
	if err == nil && r.options.Probe {
		r.record.Late = r.probe(ctx)
	}
	return err
}

// askForIt raises the alarm and waits for the function's final word.
func (r *run) askForIt(ctx context.Context) error {
	if err := r.alarm(); err != nil {
		return err
	}
	select {
	case <-r.final:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("nothing final was decided: %w", ctx.Err())
	}
}

// watch waits until the guest is back, or for as long as the trial says.
func (r *run) watch(ctx context.Context) error {
	if w := r.trial.End.Watch; w > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w)
		defer cancel()
	}
	if r.options.Probe {
		r.probeCapture(ctx)
	}
	select {
	case <-r.back:
		r.record.Back = true
	case <-ctx.Done(): // it stays away, which may be as it must be
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over, r.record.EndedAt = true, len(r.guest.Serial().Bytes())
	return nil
}

// until asks again and again whether something holds.
func (r *run) until(ctx context.Context, holds func() bool) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// finish gives the record when nothing more will come.
func (r *run) finish() *Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.Console = r.guest.Serial().Bytes()
	used := r.guest.Usage()
	r.record.CPU, r.record.Memory = used.CPU, used.Memory
	return r.record
}
