package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crashcart/lab/clock"
)

const (
	// agentAsks is how often a simulated guest's agent that has come up looks for work.
	agentAsks = 5 * time.Second
	// agentTells is how soon it says that a script has ended.
	agentTells = time.Second
)

// ErrNoShell says that a simulated guest was handed a script.
var ErrNoShell = errors.New("simulated guests run no scripts: Spec.Shell says what one would do")

// errRestarted says that a script will never end: it was ended with its kernel.
var errRestarted = errors.New("the guest has been restarted since it took the script")

// Shell is what scripts do in simulated guests: nothing is ever run on this machine. It
// gives false of a script that it does not know. ctx ends when the script is killed. It is
// called without the fleet's lock, possibly several times at once.
type Shell func(ctx context.Context, id, script string) (ProcessResult, bool)

// Use says what scripts do in all simulated guests whose Spec has no Shell. It must be
// called before the first of them gets one.
func (f *Fleet) Use(s Shell) { f.shell = s }

// Start hands a script to a guest's agent and returns when the agent has taken it, or
// with an error when ctx ends before. A machine runs it; a simulated guest whose agent
// is up, or comes up in the meantime, does what Spec.Shell says, or the fleet's Shell. One
// that has neither, or whose Shell does not know the script, is ErrNoShell.
func (f *Fleet) Start(ctx context.Context, id, script string) (Process, error) {
	if m, ok := f.Machine(id); ok {
		return m.Start(ctx, script)
	}
	for {
		if err := ctx.Err(); err != nil { // too late, or no longer wanted
			return nil, fmt.Errorf("waiting for the agent of %s: %w", id, err)
		}
		a, err := f.agent(id)
		switch {
		case err != nil:
			return nil, err
		case a.up && a.shell != nil:
			return ended{a.shell(script)}, nil
		case a.up && f.shell == nil:
			return nil, fmt.Errorf("%s: %w", id, ErrNoShell)
		case a.up:
			return f.run(id, script, a.booted)
		}
		if err := clock.Sleep(ctx, f.clock, agentAsks); err != nil {
			return nil, fmt.Errorf("waiting for the agent of %s: %w", id, err)
		}
	}
}

// agency is what the agent of a simulated guest is at a moment.
type agency struct {
	shell  func(string) ProcessResult
	up     bool
	booted time.Time // when the kernel was started
}

func (f *Fleet) agent(id string) (agency, error) {
	f.lock()
	defer f.mu.Unlock()
	g, now := f.find(id), f.clock.Now()
	if g == nil {
		return agency{}, fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	p, _ := g.phaseAt(now)
	return agency{g.Shell, g.state == stateRunning && p.agent && !p.at.Add(agentStart).After(now), g.booted(now)}, nil
}

// ended is a script of a simulated guest, which takes no time.
type ended struct{ result ProcessResult }

// Wait implements Process.
func (e ended) Wait(context.Context) (ProcessResult, error) { return e.result, nil }

// Kill implements Process.
func (e ended) Kill(context.Context) error { return nil }

// running is a script that the fleet's Shell carries out. It ends with its kernel, and
// without an answer. A guest that hangs neither answers nor kills it.
type running struct {
	fleet  *Fleet
	id     string
	booted time.Time
	cancel context.CancelFunc
	over   chan struct{} // closed when result is there
	result ProcessResult
	known  bool
}

// run has the Shell carry out a script, until the fleet is closed.
func (f *Fleet) run(id, script string, booted time.Time) (Process, error) {
	ctx, cancel := f.scripts.start()
	p := &running{fleet: f, id: id, booted: booted, cancel: cancel, over: make(chan struct{})}
	f.scripts.running.Go(func() {
		defer close(p.over)
		defer cancel()
		p.result, p.known = f.shell(ctx, id, script)
	})
	return p, nil
}

// Wait implements Process.
func (p *running) Wait(ctx context.Context) (ProcessResult, error) {
	for {
		a, err := p.fleet.agent(p.id)
		if err == nil && !a.booted.Equal(p.booted) {
			err = errRestarted
		}
		if err != nil {
			p.cancel()
			return ProcessResult{}, fmt.Errorf("waiting for a script of %s: %w", p.id, err)
		}
		over := p.over
		if !a.up {
			over = nil
		}
		select {
		case <-ctx.Done():
			return ProcessResult{}, ctx.Err()
		case <-over:
			if !p.known {
				return ProcessResult{ExitCode: notFound, Stderr: []byte(ErrNoShell.Error())}, nil
			}
			return p.result, nil
		case <-p.fleet.clock.After(agentTells):
		}
	}
}

// notFound is a shell's exit code for a command that it does not know (POSIX, "Exit Status
// for Commands").
const notFound = 127

// Kill implements Process.
func (p *running) Kill(ctx context.Context) error {
	for {
		a, err := p.fleet.agent(p.id)
		if err == nil && !a.booted.Equal(p.booted) {
			err = errRestarted
		}
		if err != nil || a.up {
			p.cancel()
			return err
		}
		if err := clock.Sleep(ctx, p.fleet.clock, agentAsks); err != nil {
			return err
		}
	}
}
