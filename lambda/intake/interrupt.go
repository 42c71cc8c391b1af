package intake

import (
	"context"
	"fmt"
	"time"

	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/notify"
	"crashcart/lambda/aws/send"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
)

const (
	// shotTime is what a shot may need: the look, the claim with its patience, the
	// send with the permit's whole life, the settling, and the telling. A function that
	// is killed between claim and send leaves a case that nobody can tell from a sent one.
	shotTime = evidence.Bound + guard.PermitLife + settleBound + noteBound + notify.Bound
	// settleBound is how long writing the result and the evidence may take.
	settleBound = 10 * time.Second
	// noteBound is how long noting the rest in the case may take.
	noteBound = 2 * time.Second
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
	seen := h.Taker.Take(ctx, j.ref.Instance)
	j.question.Console = fact.Known(seen.Latest)
	permit, v := h.Guard.Claim(ctx, j.question)
	if v.Kind != guard.Permitted {
		h.conclude(ctx, j, v)
		return
	}
	// The claim is won: from here on nothing may fail the record.
	result := h.sender(permit).Send(ctx, permit)
	if result.Kind == send.Void {
		h.withdraw(ctx, j, permit.Case(), result)
		return
	}
	j.sentAfter = h.Now().Sub(j.trigger.At)
	if result.Kind == send.Rejected {
		v.Rule = ruleEC2
	}
	j.end(outcomes[result.Kind], guard.Verdict{Rule: v.Rule, Why: v.Why + "; " + result.Why, CaseID: permit.Case().ID})
	j.outcome.Code = result.Code
	h.logDecision(ctx, j) // first, so that an interrupt never goes unsaid
	h.aftermath(ctx, j, permit.Case(), result, seen)
}

// What decided when it was no rule of the guard.
const (
	ruleTime = "time"
	ruleEC2  = "ec2"
)

// withdraw undoes a claim after which EC2 was never called, and has the target
// looked at again. A claim that cannot be undone stays, as one that may have been
// sent.
func (h *Handler) withdraw(ctx context.Context, j *job, c cases.Case, result send.Result) {
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleBound)
	defer cancel()
	if err := h.Book.Settle(undo, c, cases.StateWithdrawn, ""); err != nil {
		j.end(OutcomeFailed, guard.Verdict{Rule: ruleTime, Why: fmt.Sprintf("%s; and the claim could not be undone: %v", result.Why, err), CaseID: c.ID})
		h.logDecision(ctx, j)
		return
	}
	h.conclude(ctx, j, guard.Verdict{Kind: guard.Later, Rule: ruleTime, Why: result.Why})
}

func (h *Handler) sender(p guard.Permit) send.Sender {
	if p.DryRun() {
		return h.Dry
	}
	return h.Live
}
