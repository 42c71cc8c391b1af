package intake

import (
	"context"
	"fmt"
	"time"

	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/notify"
	"crashcart/lambda/aws/send"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/guard"
)

const (
	// interruptTime is what one interrupt may need: the evidence, the claim with its
	// patience, the send with the permit's whole life, the settling, the handing over to
	// the follow-up, and the notification. A function that is killed between claim and send leaves a case
	// that looks like one that was sent.
	interruptTime = evidence.Bound + guard.PermitLife + settleBound + followBound + noteBound + notify.Bound
	// settleBound is how long writing the result and the evidence may take.
	settleBound = 10 * time.Second
	// noteBound is how long noting the rest in the case may take, or marking a dump.
	noteBound = 2 * time.Second
	// takeMargin is how much life the facts must have left for the evidence to be
	// worth taking.
	takeMargin = time.Second
)

// interrupt takes a permitted target through the evidence, the claim and the send.
func (h *Handler) interrupt(ctx context.Context, j *job) {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < interruptTime {
		h.conclude(ctx, j, guard.Verdict{Kind: guard.Later, Rule: cases.RuleTime, Why: "the function's time is nearly over, too short for a safe interrupt"})
		return
	}
	if v, stale := h.Guard.Stale(j.question, takeMargin); stale { // it waited too long for its turn
		h.conclude(ctx, j, v)
		return
	}
	seen := h.Taker.Take(ctx, j.ref.Instance)
	j.question.Console, j.question.Screenshot = consoleOf(seen), screenOf(seen)
	permit, v := h.Guard.Claim(ctx, j.question)
	if v.Kind != guard.Permitted {
		h.markDump(ctx, j, v, seen.TakenAt)
		h.conclude(ctx, j, v)
		return
	}
	// The claim is won: from here on nothing may fail the record.
	result := h.sender(permit).Send(ctx, permit)
	j.outcome.Vitals = cases.KeepVitals(permit.Case().Vitals)
	if result.Kind == send.Void {
		h.withdraw(ctx, j, permit.Case(), result)
		return
	}
	j.sentAfter = h.Now().Sub(j.trigger.At)
	if result.Kind == send.Rejected {
		v.Rule = cases.RuleEC2
	}
	j.end(outcomes[result.Kind], guard.Verdict{Rule: v.Rule, Why: v.Why + "; " + result.Why, CaseID: permit.Case().ID})
	j.outcome.Code = result.Code
	h.logDecision(ctx, j) // first, so that an interrupt is always in the log
	h.afterSend(ctx, j, sent{claim: permit.Case(), result: result, seen: seen})
}

// withdraw undoes a claim after which EC2 was never called, and gives the target
// another pass. A claim that cannot be undone stays, as one that may have been
// sent.
func (h *Handler) withdraw(ctx context.Context, j *job, c cases.Case, result send.Result) {
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleBound)
	defer cancel()
	if err := h.Book.Settle(undo, c, cases.StateWithdrawn, ""); err != nil {
		why := fmt.Sprintf("%s; and the claim could not be undone: %v", result.Why, err)
		j.end(cases.OutcomeFailed, guard.Verdict{Rule: cases.RuleTime, Why: why, CaseID: c.ID})
		h.logDecision(ctx, j)
		return
	}
	h.conclude(ctx, j, guard.Verdict{Kind: guard.Later, Rule: cases.RuleTime, Why: result.Why})
}

// sender is the sender for the permit's kind of interrupt.
func (h *Handler) sender(p guard.Permit) send.Sender {
	if p.DryRun() {
		return h.Dry
	}
	return h.Live
}
