package intake

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"crashcart/lambda/aws/notify"
)

// Notifier tells people what was decided.
type Notifier interface {
	Notify(context.Context, []notify.Decision) error
}

// tell tells what was decided about the jobs, each once, after it was decided. That
// it fails is logged, and changes nothing. It has a bound of its own, and does not end
// with the invocation's time.
func (h *Handler) notify(ctx context.Context, log *slog.Logger, jobs ...*job) {
	var decisions []notify.Decision
	for _, j := range jobs {
		if !j.told {
			j.told, decisions = true, append(decisions, h.decision(j))
		}
	}
	if err := h.Notify.Notify(context.WithoutCancel(ctx), decisions); err != nil {
		log.ErrorContext(ctx, "not everybody could be told", slog.Any("error", err))
	}
}

// tellingTime is what is kept of the invocation's time for telling, so that what is
// only to be looked at again cannot keep what was decided from being told.
const tellingTime = notify.Bound + time.Second

// beforeTelling is ctx until it is time to tell.
func beforeTelling(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-tellingTime))
	}
	return context.WithCancel(ctx)
}

func (h *Handler) decision(j *job) notify.Decision {
	o, t := j.outcome, j.trigger
	source := cmp.Or(t.Source, string(t.Kind))
	if t.Alarm != nil {
		source = cmp.Or(t.Alarm.Name, t.Alarm.ARN)
	}
	return notify.Decision{
		InstanceID: o.InstanceID, Target: o.Target, Outcome: string(o.Outcome), Rule: o.Rule, Why: o.Why, CaseID: o.CaseID, Code: o.Code,
		DryRun: h.Guard.DryRun(t), Group: groupKeyOf(j), Source: source, Reason: t.Reason, RequestedBy: t.RequestedBy,
		Evidence: o.Evidence, Protected: o.Protected, Undo: o.Undo,
	}
}

// groupKeyOf names the group of the job's instance, if it came to one.
func groupKeyOf(j *job) string {
	if j.question.Instance == nil {
		return ""
	}
	return groupKey(j)
}
