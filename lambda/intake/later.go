package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/trigger"
)

// The pauses between two looks at a target. Twelve of them are twelve minutes on
// Linux and 24 on Windows: long enough for a hang that began with its alarm to
// show, which takes 6 and 20 minutes of silence.
const (
	passDelay        = 60 * time.Second
	passDelayWindows = 120 * time.Second

	// maxDelay is the longest that SQS keeps a message back ("SendMessage", Amazon
	// SQS API Reference).
	maxDelay = 15 * time.Minute
)

// Queue is the subset of SQS that puts a target back into the intake queue.
type Queue interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// conclude turns a verdict that permits nothing into the job's outcome. A target
// that is Later goes back into the queue, since an alarm fires only once; a
// direct invoke is told at once instead.
func (h *Handler) conclude(ctx context.Context, j *job, v guard.Verdict) {
	defer h.logDecision(ctx, j)
	j.unanswered = v.Unanswered
	switch {
	case v.Kind != guard.Later:
		j.end(OutcomeKind(v.Kind), v)
		return
	case j.trigger.Kind == trigger.KindDirect:
		v.Why += "; " + v.AskAgain()
		j.end(OutcomeLater, v)
		return
	case j.trigger.Pass >= trigger.MaxPasses:
		v.Why = fmt.Sprintf("given up after %d passes: %s", j.trigger.Pass+1, v.Why)
		j.end(OutcomeRefused, v)
		return
	}
	j.end(OutcomeLater, v)
	queueing, cancel := beforeTelling(ctx)
	defer cancel()
	if err := h.requeue(queueing, j, v); err != nil {
		v.Why = fmt.Sprintf("%s; and it could not be put back in the queue: %v", v.Why, err)
		j.end(OutcomeFailed, v)
		j.outcome.again = true
	}
}

// requeue puts the target into the queue for another look, unless another copy
// of the same message has done so.
func (h *Handler) requeue(ctx context.Context, j *job, v guard.Verdict) error {
	ref := j.ref
	if u, err := j.question.Instance.Unreachable.Get(); err == nil && u.Failing {
		ref.CheckFailed = true
	}
	next := trigger.Later(*j.trigger, ref)
	body, err := trigger.EncodeLater(next)
	if err != nil {
		return err
	}
	first, err := h.Book.MayRequeue(ctx, name(ref), next.SourceKey, j.sender, next.Pass, h.Guard.DryRun(j.trigger))
	if err != nil || !first {
		return err
	}
	_, err = h.Queue.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:     &h.Config.QueueURL,
		MessageBody:  aws.String(string(body)),
		DelaySeconds: int32(pause(j, v).Seconds()),
	})
	if err != nil {
		return fmt.Errorf("sending it to the intake queue: %w", err)
	}
	return nil
}

// pause is how long to wait before the next look. A host that was found late, after
// its group had used up some of the looks, gets longer pauses, so that what is
// missing can still come within those that are left.
func pause(j *job, v guard.Verdict) time.Duration {
	least := passDelay
	if d, err := j.question.Instance.Description.Get(); err == nil && d.Windows {
		least = passDelayWindows
	}
	left := time.Duration(trigger.MaxPasses - j.trigger.Pass)
	share := (v.Again()/left + time.Second - 1).Truncate(time.Second) // SQS counts in seconds
	return min(max(least, share), maxDelay)
}
