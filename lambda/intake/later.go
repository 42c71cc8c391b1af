package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/trigger"
)

// The least time between two passes of a target. A target has passes until its trigger is
// no longer fresh: about thirty of them on Linux, and 24 on Windows.
const (
	passDelay        = 60 * time.Second
	passDelayWindows = 150 * time.Second

	// maxDelay is the longest that SQS keeps a message back ("SendMessage", Amazon
	// SQS API Reference).
	maxDelay = 15 * time.Minute
)

// Queue is the subset of SQS that puts a target back into the intake queue, and a case
// into the follow-up's.
type Queue interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// conclude turns a verdict that permits nothing into the job's outcome. A target
// that is Later goes back into the queue, since an alarm fires only once. A direct
// invoke gets its answer at once instead.
func (h *Handler) conclude(ctx context.Context, j *job, v guard.Verdict) {
	defer h.logDecision(ctx, j)
	j.unanswered, j.outcome.Vitals = v.Unanswered, h.vitals(j)
	switch {
	case v.Kind != guard.Later:
		j.end(cases.Outcome(v.Kind), v) // both have the same words
		return
	case j.trigger.Kind == trigger.KindDirect:
		v.Why += "; " + v.AskAgain()
		j.end(cases.OutcomeLater, v)
		return
	case h.lastPass(j, v):
		v = v.Last()
		v.Why = fmt.Sprintf("given up after %d passes: %s", j.trigger.Pass+1, v.Why)
		j.end(cases.Outcome(v.Kind), v)
		return
	}
	j.end(cases.OutcomeLater, v)
	queueing, cancel := beforeNotify(ctx)
	defer cancel()
	if err := h.requeue(queueing, j, v); err != nil {
		v.Why = fmt.Sprintf("%s; and it could not be put back in the queue: %v", v.Why, err)
		j.end(cases.OutcomeFailed, v)
		j.outcome.again = true
	}
}

// lastPass says whether this was the target's last pass. At another one its trigger would
// be too old, and the refusal would not say what is still missing.
func (h *Handler) lastPass(j *job, v guard.Verdict) bool {
	return j.trigger.Pass >= trigger.MaxPasses || !h.Now().Add(delay(j, v)).Before(h.Guard.Lapses(j.question))
}

// requeue puts the target into the queue for its next pass. It does nothing if
// another copy of the same message has done so already.
func (h *Handler) requeue(ctx context.Context, j *job, v guard.Verdict) error {
	ref := j.ref
	if ref.Instance != "" {
		ref.Seen = h.Guard.Seen(j.question)
	}
	next := trigger.Later(*j.trigger, ref)
	body, err := trigger.EncodeLater(next)
	if err != nil {
		return err
	}
	target := cases.Subject{InstanceID: name(ref), SourceKey: next.SourceKey, DryRun: h.Guard.DryRun(j.trigger)}
	first, err := h.Book.MayRequeue(ctx, target, j.sender, next.Pass)
	if err != nil || !first {
		return err
	}
	_, err = h.Queue.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:     &h.Config.QueueURL,
		MessageBody:  aws.String(string(body)),
		DelaySeconds: int32(delay(j, v).Seconds()),
	})
	if err != nil {
		return fmt.Errorf("sending it to the intake queue: %w", err)
	}
	return nil
}

// delay is how long a target waits for its next pass. A host that was found late,
// after its group had used up some of the passes, waits longer each time. What is
// missing can then still come within the passes that are left.
func delay(j *job, v guard.Verdict) time.Duration {
	least := passDelay
	if d, err := j.question.Instance.Description.Get(); err == nil && d.Windows {
		least = passDelayWindows
	}
	left := time.Duration(trigger.MaxPasses - j.trigger.Pass)
	share := (v.Again()/left + time.Second - 1).Truncate(time.Second) // SQS counts in seconds
	return min(max(least, share), maxDelay)
}
