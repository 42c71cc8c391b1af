package agent

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"crashcart/lab/fleet"
	"crashcart/lab/guest/qmp"
)

// The pace at which the agent is asked whether a program has ended: at once for those
// that are quick, and not often for those that take long.
const (
	firstPoll = 10 * time.Millisecond
	lastPoll  = 500 * time.Millisecond
)

// ErrGone says that the agent which ran a process is gone, and the process with it.
var ErrGone = errors.New("the process is gone with the kernel or the agent that ran it")

var _ fleet.Process = (*Process)(nil)

// Process is a script that the agent took. It is safe for concurrent use.
type Process struct {
	agent *Agent
	pid   int

	ended  chan struct{} // closed when the rest is known
	result fleet.ProcessResult
	err    error
}

// status is what guest-exec-status returns ("QEMU Guest Agent Protocol Reference").
type status struct {
	Exited   bool   `json:"exited"`
	ExitCode int    `json:"exitcode"`
	Signal   int    `json:"signal"`
	Out      []byte `json:"out-data"`
	Err      []byte `json:"err-data"`
}

// watch asks for the process until it has ended. It must see every answer, since the
// agent reports an end only once.
func (p *Process) watch(life context.Context) {
	defer close(p.ended)
	for backoff := firstPoll; ; backoff = min(2*backoff, lastPoll) {
		var s status
		err := p.agent.client.Execute(life, "guest-exec-status", map[string]int{"pid": p.pid}, &s)
		switch _, refused := errors.AsType[*qmp.Error](err); {
		case refused || life.Err() != nil:
			p.err = ErrGone
			return
		case err != nil:
			p.err = err
			return
		case s.Exited:
			p.result = fleet.ProcessResult{ExitCode: s.ExitCode, Signal: s.Signal, Stdout: s.Out, Stderr: s.Err}
			return
		}
		select {
		case <-life.Done():
		case <-time.After(backoff):
		}
	}
}

// Wait implements fleet.Process. The outputs are in their very bytes; what is more than
// 16 MiB of either is lost. The error is ErrGone if the guest was restarted.
func (p *Process) Wait(ctx context.Context) (fleet.ProcessResult, error) {
	select {
	case <-p.ended:
	case <-ctx.Done():
		return fleet.ProcessResult{}, fmt.Errorf("waiting for a script: %w", ctx.Err())
	}
	if p.err != nil {
		return fleet.ProcessResult{}, fmt.Errorf("waiting for a script: %w", p.err)
	}
	return p.result, nil
}

// Kill implements fleet.Process: it ends the script and all that it started that has not
// left its session. A script that has ended is left alone, since its id may be another's.
func (p *Process) Kill(ctx context.Context) error {
	select {
	case <-p.ended:
		return nil
	default:
	}
	killer, err := p.agent.Run(ctx, "kill -s KILL -- -"+strconv.Itoa(p.pid))
	if err == nil {
		_, err = killer.Wait(ctx)
	}
	if err != nil {
		return fmt.Errorf("killing a script: %w", err)
	}
	return nil
}
