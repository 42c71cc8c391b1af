package ssm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"crashcart/lab/fleet"
)

// The statuses of an invocation, and the details that are not spelled like their
// status ("GetCommandInvocation", AWS Systems Manager API Reference).
const (
	statusPending    = "Pending"
	statusInProgress = "InProgress"
	statusSuccess    = "Success"
	statusFailed     = "Failed"
	statusTimedOut   = "TimedOut"
	statusCancelled  = "Cancelled"
	statusCancelling = "Cancelling"

	detailsInProgress    = "In Progress"
	detailsDelivery      = "Delivery Timed Out"
	detailsExecution     = "Execution Timed Out"
	detailsUndeliverable = "Undeliverable"
)

// Response codes that are not a script's own.
const (
	codeNone    = -1  // not started, or not received (ibid.)
	codeStopped = 137 // stopped by the agent: 128 and SIGKILL (CommandStoppedPreemptivelyExitCode of the Amazon SSM Agent)
	codeRefused = 1
)

// invocation is a command on one instance. Its plugins are guarded by Handler.mu.
type invocation struct {
	command  *command
	instance string
	plugins  []*plugin
	wanted   context.Context // until it is cancelled
	revoke   context.CancelFunc
}

// plugin is a step of an invocation.
type plugin struct {
	script          Script
	skip, refuse    string // why it is not run, as a success or as a failure
	status, details string
	code            int
	stdout, stderr  string
	start, end      time.Time
}

func (p *plugin) over() bool {
	return p.status != statusPending && p.status != statusInProgress && p.status != statusCancelling
}

// carryOut sees an invocation through. Steps run one after the other, failed ones in
// between or not, as they do on AWS unless a document says otherwise.
func (h *Handler) carryOut(inv *invocation) {
	defer inv.revoke()
	taken := false
	for _, p := range inv.plugins {
		switch {
		case p.skip != "":
			h.finish(p, statusSuccess, statusSuccess, fleet.ProcessResult{Stdout: []byte(p.skip)})
		case p.refuse != "":
			h.finish(p, statusFailed, statusFailed, fleet.ProcessResult{ExitCode: codeRefused, Stderr: []byte(p.refuse)})
		default:
			if !h.run(inv, p, taken) {
				return
			}
			taken = true
		}
	}
}

// run hands a step to the agent and sees it through. It says whether there is to be a
// next one.
func (h *Handler) run(inv *invocation, p *plugin, taken bool) bool {
	due := inv.command.undelivered
	if taken {
		due = inv.command.expires
	}
	ctx, stop := h.until(inv.wanted, due)
	process, err := h.fleet.Start(ctx, inv.instance, p.script.Text)
	late := ctx.Err() != nil
	stop()
	switch {
	case errors.Is(err, fleet.ErrNoShell):
		h.finish(p, statusFailed, statusFailed, fleet.ProcessResult{ExitCode: codeRefused, Stderr: []byte(err.Error())})
		return true
	case err != nil && late:
		return false // it waits in vain until it expires, or was cancelled
	case err != nil:
		h.finish(p, statusFailed, detailsUndeliverable, fleet.ProcessResult{ExitCode: codeNone, Stderr: []byte(err.Error())})
		return false
	}
	if !h.begin(inv, p) {
		h.kill(inv, process)
		return false
	}
	return h.follow(inv, p, process)
}

// begin notes that an agent took a step, unless it was cancelled a moment before.
func (h *Handler) begin(inv *invocation, p *plugin) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	inv.expire(h.clock.Now())
	if p.over() {
		return false
	}
	p.status, p.details, p.start = statusInProgress, detailsInProgress, h.clock.Now()
	return true
}

// follow waits for a script that runs, and has it killed when it is cancelled or its
// time is up. It says whether there is to be a next step.
func (h *Handler) follow(inv *invocation, p *plugin, process fleet.Process) bool {
	ctx, stop := h.until(inv.wanted, h.clock.Now().Add(p.script.Timeout))
	defer stop()
	result, err := process.Wait(ctx)
	switch {
	case err == nil && result.ExitCode == 0 && result.Signal == 0:
		h.finish(p, statusSuccess, statusSuccess, result)
	case err == nil:
		h.finish(p, statusFailed, statusFailed, failed(result))
	case ctx.Err() == nil || h.life.Err() != nil:
		return false // a restart took the script with it: no answer will come
	case !h.kill(inv, process):
		return false
	case inv.wanted.Err() != nil:
		h.finish(p, statusCancelled, statusCancelled, fleet.ProcessResult{ExitCode: codeStopped})
		return false
	default:
		h.finish(p, statusTimedOut, detailsExecution, fleet.ProcessResult{ExitCode: codeStopped})
	}
	return true
}

// failed adds to a script's result what the agent does: its own last words and, for
// a script that a signal ended, the exit code that package os gives it.
func failed(r fleet.ProcessResult) fleet.ProcessResult {
	why := fmt.Sprintf("exit status %d", r.ExitCode)
	if r.Signal != 0 {
		r.ExitCode, why = codeNone, "signal: "+syscall.Signal(r.Signal).String()
	}
	r.Stderr = slices.Concat(r.Stderr, []byte("failed to run commands: "+why))
	return r
}

// kill has the agent kill a script, which a hung one never does. It gives up when the
// command expires.
func (h *Handler) kill(inv *invocation, process fleet.Process) bool {
	ctx, stop := h.until(h.life, inv.command.expires)
	defer stop()
	return process.Kill(ctx) == nil
}

// finish notes the end of a step, unless it has ended.
func (h *Handler) finish(p *plugin, status, details string, result fleet.ProcessResult) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p.over() {
		return
	}
	p.status, p.details, p.code, p.end = status, details, result.ExitCode, h.clock.Now()
	p.stderr = string(result.Stderr)
	if status == statusSuccess || status == statusFailed { // otherwise it is empty ("GetCommandInvocation", ibid.)
		p.stdout = string(result.Stdout)
	}
}

// expire ends what an invocation is still waiting for at a time, if it has expired by
// then. The caller holds Handler.mu.
func (inv *invocation) expire(now time.Time) {
	if now.Before(inv.command.expires) {
		return
	}
	for _, p := range inv.plugins {
		if !p.over() {
			p.status, p.details = statusTimedOut, detailsDelivery
		}
	}
}

// until gives a context that ends with parent, or when the lab's clock shows t.
func (h *Handler) until(parent context.Context, t time.Time) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	left := t.Sub(h.clock.Now())
	if left <= 0 {
		cancel()
		return ctx, cancel
	}
	due := h.clock.After(left)
	h.running.Go(func() {
		select {
		case <-ctx.Done():
		case <-due:
			cancel()
		}
	})
	return ctx, cancel
}
