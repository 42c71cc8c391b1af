package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crashcart/lab/clock"
)

// boot waits until the guest is up, seen by its agent and by a status check.
func (r *run) boot(ctx context.Context) error {
	if err := errors.Join(r.populate(), r.deploy()); err != nil {
		return err
	}
	if err := r.guest.Ready(ctx); err != nil {
		return err
	}
	err := until(ctx, func() bool {
		v := r.guest.Vitals()
		return !v.LastPing.IsZero() && v.Reachable
	})
	if err != nil {
		return fmt.Errorf("waiting for the agent's ping and a status check: %w", err)
	}
	return nil
}

func (r *run) prepare(ctx context.Context) error {
	out, err := r.script(ctx, r.trial.Prepare)
	if err != nil {
		return fmt.Errorf("preparing the guest: %w", err)
	}
	if out.ExitCode != 0 {
		return fmt.Errorf("preparing the guest ended with %d: %q, %q", out.ExitCode, out.Stdout, out.Stderr)
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
	if err == nil && r.options.Probe && !r.hang.Lives { // whose pings it would hold up
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

// watch waits until the guest is back, or for as long as the trial says. That it stays
// away is no error: it may be as it must be.
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
	case <-ctx.Done():
	}
	if !r.closeCase() && !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return ctx.Err()
	}
	return nil
}

// closeCase ends the reading of stages, and says whether the guest is back.
func (r *run) closeCase() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over, r.record.Console = true, r.console.Bytes()
	r.record.Back = r.reader.seen[StageReachable]
	return r.record.Back
}

// until asks again and again whether something holds, until ctx ends.
func until(ctx context.Context, holds func() bool) error {
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
