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

// live lets some time of the lab pass, in which the guest does what it always does.
func (r *run) live(ctx context.Context) error {
	return clock.Sleep(ctx, r.lab.Clock, historyTakes)
}

func (r *run) prepare(ctx context.Context) error {
	return r.succeeds(ctx, "preparing the guest", r.trial.Prepare)
}

// succeeds runs a script in the guest, which must end with 0.
func (r *run) succeeds(ctx context.Context, what, script string) error {
	out, err := r.script(ctx, script)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if out.ExitCode != 0 {
		return fmt.Errorf("%s ended with %d: %q, %q", what, out.ExitCode, out.Stdout, out.Stderr)
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
	close(r.hung)
	return nil
}

// silence waits as long as the alarm does.
func (r *run) silence(ctx context.Context) error {
	return clock.Sleep(ctx, r.lab.Clock, heartbeatMissing)
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
