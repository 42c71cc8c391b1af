package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crashcart/lab/clock"
)

// agentAsks is how often a simulated guest's agent that has come up looks for work.
const agentAsks = 5 * time.Second

// ErrNoShell says that a simulated guest was handed a script.
var ErrNoShell = errors.New("simulated guests run no scripts: Spec.Shell says what one would do")

// Start hands a script to a guest's agent and returns when the agent has taken it, or
// with an error when ctx ends before. A machine runs it; a simulated guest whose agent
// is up, or comes up in the meantime, does what Spec.Shell says, without which
// it is ErrNoShell.
func (f *Fleet) Start(ctx context.Context, id, script string) (Process, error) {
	if m, ok := f.Machine(id); ok {
		return m.Start(ctx, script)
	}
	for {
		if err := ctx.Err(); err != nil { // too late, or no longer wanted
			return nil, fmt.Errorf("waiting for the agent of %s: %w", id, err)
		}
		shell, up, err := f.agent(id)
		switch {
		case err != nil:
			return nil, err
		case up && shell == nil:
			return nil, fmt.Errorf("%s: %w", id, ErrNoShell)
		case up:
			return ended{shell(script)}, nil
		}
		if err := clock.Sleep(ctx, f.clock, agentAsks); err != nil {
			return nil, fmt.Errorf("waiting for the agent of %s: %w", id, err)
		}
	}
}

// agent gives a simulated guest's shell, and whether its agent is up.
func (f *Fleet) agent(id string) (shell func(string) ProcessResult, up bool, err error) {
	f.lock()
	defer f.mu.Unlock()
	g, now := f.find(id), f.clock.Now()
	if g == nil {
		return nil, false, fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	p, _ := g.phaseAt(now)
	return g.Shell, g.state == stateRunning && p.agent && !p.at.Add(agentStart).After(now), nil
}

// ended is a script of a simulated guest, which takes no time.
type ended struct{ result ProcessResult }

// Wait implements Process.
func (e ended) Wait(context.Context) (ProcessResult, error) { return e.result, nil }

// Kill implements Process.
func (e ended) Kill(context.Context) error { return nil }
