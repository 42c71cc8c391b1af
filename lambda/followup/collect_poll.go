package followup

import (
	"context"
	"fmt"
	"time"

	"crashcart/lambda/domain/printable"
)

// A command is asked for often at first, since most of a survey's are over by then.
const (
	pollEarly    = early
	pollEarlyFor = 2 * time.Minute
	pollLater    = later
)

// pollEvery is how long to wait until a command is asked for again.
func pollEvery(t task) time.Duration {
	switch {
	case t.r.Followup.Steps > mostSoon:
		return late
	case t.now.Sub(t.r.Followup.Collect.AskedAt) < pollEarlyFor:
		return pollEarly
	default:
		return pollLater
	}
}

// polls says that a command is under way, and is to be asked for now.
func polls(t task) bool {
	return collects(t) && t.r.Followup.Collect.Command != "" && t.now.Sub(t.r.Followup.SteppedAt) >= pollEvery(t)
}

// ending is what became of a command.
type ending uint8

const (
	stillRuns ending = iota
	ran              // its script has ended, somehow
	gaveUp           // it has taken too long, and nobody waits for it any more
)

// poll asks what became of the command that is under way. problem says what it says of
// itself, if it has failed.
func (h *Handler) poll(ctx context.Context, t task, patience time.Duration) (output string, state ending, problem string) {
	c := t.r.Followup.Collect
	p, err := h.Commands.Poll(ctx, t.r.InstanceID, c.Command, t.r.Followup.Host.Windows)
	if err != nil {
		h.logMissing(ctx, t.r, "a command could not be asked for", err)
		problem = why(err)
	}
	switch {
	case err == nil && p.Over:
		return p.Output, ran, p.Why
	case t.now.Sub(c.AskedAt) >= patience:
		if problem == "" {
			problem = fmt.Sprintf("its command gave no answer in %s", printable.Duration(patience))
		}
		return "", gaveUp, problem
	default:
		return "", stillRuns, ""
	}
}

// because is why there is no answer: what the command says of itself, or else what is wrong
// with its output.
func because(problem string, err error) string {
	if problem != "" || err == nil {
		return printable.Line(problem, maxWhy)
	}
	return why(err)
}
