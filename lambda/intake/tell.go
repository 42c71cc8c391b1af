package intake

import (
	"cmp"
	"context"
	"log/slog"

	"crashcart/lambda/tell"
)

// Teller tells people what was decided.
type Teller interface {
	Tell(context.Context, []tell.Decision) error
}

// tell tells what was decided, after everything was decided. That it fails is
// logged, and changes nothing.
func (h *Handler) tell(ctx context.Context, log *slog.Logger, jobs []*job) {
	decisions := make([]tell.Decision, len(jobs))
	for i, j := range jobs {
		decisions[i] = h.decision(j)
	}
	if err := h.Tell.Tell(ctx, decisions); err != nil {
		log.ErrorContext(ctx, "not everybody could be told", slog.Any("error", err))
	}
}

func (h *Handler) decision(j *job) tell.Decision {
	o, t := j.outcome, j.trigger
	source := cmp.Or(t.Source, string(t.Kind))
	if t.Alarm != nil {
		source = cmp.Or(t.Alarm.Name, t.Alarm.ARN)
	}
	return tell.Decision{
		InstanceID: o.InstanceID, Target: o.Target, Outcome: string(o.Outcome), Rule: o.Rule, Why: o.Why, CaseID: o.CaseID, Code: o.Code,
		Leashed: h.Guard.Leashed(t), Group: groupKeyOf(j), Source: source, Reason: t.Reason, RequestedBy: t.RequestedBy,
		Look: o.Look, Protected: o.Protected, Undo: o.Undo,
	}
}

// groupKeyOf names the group of the job's instance, if it came to one.
func groupKeyOf(j *job) string {
	if j.question.Instance == nil {
		return ""
	}
	return groupKey(j)
}
