package intake

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"crashcart/lambda/casebook"
	"crashcart/lambda/guard"
	"crashcart/lambda/interrupt"
	"crashcart/lambda/look"
	"crashcart/lambda/target"
)

const (
	// shotTime is what a shot may need: the look, the claim with its patience, the
	// send with the permit's whole life, and the settling. A function that is killed
	// between claim and send leaves a case that nobody can tell from a sent one.
	shotTime = look.Bound + guard.PermitLife + settleBound
	// settleBound is how long writing the result and the evidence may take.
	settleBound = 10 * time.Second
)

// shoot takes a permitted target through the look, the claim and the send.
func (h *Handler) shoot(ctx context.Context, j *job) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < shotTime {
		h.conclude(ctx, j, guard.Verdict{Kind: guard.Later, Rule: ruleTime, Why: "the function's time is nearly over, too short for a safe shot"})
		return
	}
	if v, stale := h.Guard.Stale(j.question, time.Second); stale { // it waited for its turn: no need to look
		h.conclude(ctx, j, v)
		return
	}
	seen := h.Look.Take(ctx, j.ref.Instance)
	j.question.Look = target.Known(seen)
	permit, v := h.Guard.Claim(ctx, j.question)
	if v.Kind != guard.Permitted {
		h.conclude(ctx, j, v)
		return
	}
	// The claim is won: from here on nothing may fail the record.
	result := h.interrupter(permit).Send(ctx, permit)
	if result.Kind == interrupt.Void {
		h.withdraw(ctx, j, permit.Case(), result)
		return
	}
	j.sentAfter = h.Now().Sub(j.trigger.At)
	if result.Kind == interrupt.Rejected {
		v.Rule = ruleEC2
	}
	j.end(outcomes[result.Kind], guard.Verdict{Rule: v.Rule, Why: v.Why + "; " + result.Why, CaseID: permit.Case().ID})
	j.outcome.Code = result.Code
	h.logDecision(ctx, j) // first, so that an interrupt never goes unsaid
	h.record(ctx, permit.Case(), result, seen)
}

// What decided when it was no rule of the guard.
const (
	ruleTime = "time"
	ruleEC2  = "ec2"
)

// withdraw undoes a claim after which EC2 was never called, and has the target
// looked at again. A claim that cannot be undone stays, as one that may have been
// sent.
func (h *Handler) withdraw(ctx context.Context, j *job, c casebook.Case, result interrupt.Result) {
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleBound)
	defer cancel()
	if err := h.Book.Settle(undo, c, casebook.StateWithdrawn, ""); err != nil {
		j.end(OutcomeFailed, guard.Verdict{Rule: ruleTime, Why: fmt.Sprintf("%s; and the claim could not be undone: %v", result.Why, err), CaseID: c.ID})
		h.logDecision(ctx, j)
		return
	}
	h.conclude(ctx, j, guard.Verdict{Kind: guard.Later, Rule: ruleTime, Why: result.Why})
}

func (h *Handler) interrupter(p guard.Permit) interrupt.Interrupter {
	if p.Leashed() {
		return h.Leashed
	}
	return h.Live
}

// record settles the case and keeps the look, side by side, whatever becomes of
// the invocation. What fails is logged: the sweep finds a case that is still
// `claimed`, and takes it for one that may have been sent.
func (h *Handler) record(ctx context.Context, c casebook.Case, result interrupt.Result, seen look.Look) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleBound)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := h.Book.Settle(ctx, c, stateOf(result, c.Leashed), result.Code); err != nil {
			h.Log.ErrorContext(ctx, "the case could not be settled", slog.String("caseId", c.ID), slog.Any("error", err))
		}
	})
	wg.Go(func() {
		if err := h.Evidence.Put(ctx, look.Prefix(c.ID, c.Leashed), seen); err != nil {
			h.Log.ErrorContext(ctx, "the look could not be stored", slog.String("caseId", c.ID), slog.Any("error", err))
		}
	})
	wg.Wait()
}

// stateOf is the state that a result leaves the case in. A rehearsal sends
// nothing, so however it ends it is over.
func stateOf(r interrupt.Result, leashed bool) casebook.State {
	switch {
	case leashed:
		return casebook.StateLeashed
	case r.Kind == interrupt.Interrupted:
		return casebook.StateInterrupted
	case r.Kind == interrupt.Rejected:
		return casebook.StateRejected
	default:
		return casebook.StateUnknown
	}
}
