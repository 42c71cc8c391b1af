package intake

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"crashcart/lambda/aws/notify"
)

// Notifier notifies people of what was decided. It says how many notifications failed.
type Notifier interface {
	Notify(context.Context, []notify.Decision) (untold int, err error)
}

// notify hands what was decided about the jobs to the notifier. It does so once for
// each, and only after its decision. If that fails it is logged and changes nothing.
// It has a bound of its own, and goes on when the invocation's time is over.
func (h *Handler) notify(ctx context.Context, log *slog.Logger, jobs ...*job) {
	var decisions []notify.Decision
	for _, j := range jobs {
		if !j.notified {
			j.notified, decisions = true, append(decisions, h.decision(j))
		}
	}
	if untold, err := h.Notify.Notify(context.WithoutCancel(ctx), decisions); err != nil {
		h.logUntold(ctx, log, untold, err)
	}
}

// notifyTime is what is kept of the invocation's time for notifications. Putting a
// target back in the queue must not use up the time for saying what was decided.
const notifyTime = notify.Bound + time.Second

// beforeNotify is ctx until it is time to notify.
func beforeNotify(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-notifyTime))
	}
	return context.WithCancel(ctx)
}

// decision is the job's outcome as the notifier takes it.
func (h *Handler) decision(j *job) notify.Decision {
	o, t := j.outcome, j.trigger
	source := cmp.Or(t.Source, string(t.Kind))
	if t.Alarm != nil {
		source = cmp.Or(t.Alarm.Name, t.Alarm.ARN)
	}
	return notify.Decision{
		InstanceID: o.InstanceID, Target: o.Target, Outcome: o.Outcome, Rule: o.Rule, Why: o.Why, Command: o.Command, CaseID: o.CaseID, Code: o.Code,
		DryRun: h.Guard.DryRun(t), Group: groupKeyOf(j), Source: source, Reason: t.Reason, RequestedBy: t.RequestedBy,
		Evidence: o.Evidence, Protected: o.Protected, Undo: o.Undo, Vitals: o.Vitals,
	}
}

// groupKeyOf names the group of the job's instance. It is empty if the job came to
// no instance.
func groupKeyOf(j *job) string {
	if j.question.Instance == nil {
		return ""
	}
	return groupKey(j)
}
