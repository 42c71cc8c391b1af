package intake

import (
	"context"
	"log/slog"
	"strings"

	"crashcart/lambda/aws/emf"
	"crashcart/lambda/aws/send"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/trigger"
)

// OutcomeKind is what is told back of one target.
type OutcomeKind string

// The outcomes of a target.
const (
	OutcomeInterrupted OutcomeKind = "interrupted"
	OutcomeDryRun      OutcomeKind = "dry-run" // everything but the interrupt itself
	OutcomeRefused     OutcomeKind = "refused"
	OutcomeHeld        OutcomeKind = "held"
	OutcomeLater       OutcomeKind = "later"
	OutcomeDuplicate   OutcomeKind = "duplicate"
	OutcomeRejected    OutcomeKind = "rejected" // EC2 refused, with its code
	OutcomeUnknown     OutcomeKind = "unknown"  // sent, and no answer
	OutcomeFailed      OutcomeKind = "failed"   // could not be decided
)

// Outcome is what is told back of one target: what became of it, the rule that
// decided, and why in one sentence.
type Outcome struct {
	InstanceID string      `json:"instanceId"`
	Target     string      `json:"target,omitempty"` // what was named instead, when it came to no instance
	Outcome    OutcomeKind `json:"outcome"`
	Rule       string      `json:"rule"`
	Why        string      `json:"why"`
	CaseID     string      `json:"caseId,omitempty"`
	Code       string      `json:"code,omitempty"`      // EC2's error code
	Evidence   string      `json:"evidence,omitempty"`  // where console and screenshot from before are, or that they are missing
	Protected  string      `json:"protected,omitempty"` // what was done to keep the instance until it has dumped, or why not
	Undo       []string    `json:"undo,omitempty"`      // the commands that undo that

	again bool // the record must be delivered again
}

var outcomes = map[send.Kind]OutcomeKind{
	send.Interrupted: OutcomeInterrupted,
	send.DryRun:      OutcomeDryRun,
	send.Rejected:    OutcomeRejected,
	send.Unknown:     OutcomeUnknown,
}

// logDecision writes the one line of a decision, which is its metric as well.
func (h *Handler) logDecision(ctx context.Context, j *job) {
	metrics := []emf.Metric{{Name: config.MetricDecisions, Unit: emf.Count}}
	attrs := append(decisionAttrs(j), slog.Bool("dry-run", h.Guard.DryRun(j.trigger)), slog.Int(config.MetricDecisions, 1),
		slog.String("Outcome", string(j.outcome.Outcome)), slog.String("Rule", j.outcome.Rule))
	if j.outcome.Outcome == OutcomeInterrupted {
		metrics = append(metrics, emf.Metric{Name: config.MetricTimeToInterrupt, Unit: emf.Seconds})
		attrs = append(attrs, slog.Float64(config.MetricTimeToInterrupt, j.sentAfter.Seconds()))
	}
	sets := []emf.Set{{Dimensions: [][]string{{"Outcome"}, {"Outcome", "Rule"}}, Metrics: metrics}}
	if j.unanswered {
		sets = append(sets, emf.Set{Metrics: []emf.Metric{{Name: config.MetricUnanswered, Unit: emf.Count}}})
		attrs = append(attrs, slog.Int(config.MetricUnanswered, 1))
	}
	attrs = append(attrs, emf.Attr(config.MetricNamespace, h.Now(), sets...))
	j.log.LogAttrs(ctx, slog.LevelInfo, "decision", attrs...)
}

func decisionAttrs(j *job) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("instanceId", j.ref.Instance), slog.String("why", j.outcome.Why),
		slog.String("from", j.ref.From), slog.String("kind", string(j.trigger.Kind)), slog.String("source", j.trigger.Source),
		slog.Time("triggeredAt", j.trigger.At), slog.Int("pass", j.trigger.Pass),
	}
	alarm := ""
	if j.trigger.Alarm != nil {
		alarm = j.trigger.Alarm.ARN
	}
	for name, v := range map[string]string{
		"target": j.outcome.Target, "caseId": j.outcome.CaseID, "code": j.outcome.Code, "alarm": alarm, "reason": j.trigger.Reason,
		"requestedBy": j.trigger.RequestedBy, "forced": strings.Join(j.trigger.Force, ","), "messageId": j.messageID,
	} {
		if v != "" {
			attrs = append(attrs, slog.String(name, v))
		}
	}
	return attrs
}

// logIgnored writes the one line of a record that asks for nothing.
func (h *Handler) logIgnored(ctx context.Context, log *slog.Logger, rec trigger.Record) {
	log.LogAttrs(ctx, slog.LevelInfo, "ignored",
		slog.String("Reason", string(rec.Ignored.Reason)), slog.String("detail", rec.Ignored.Detail),
		slog.String("messageId", rec.MessageID), slog.Int(config.MetricIgnored, 1),
		emf.Attr(config.MetricNamespace, h.Now(), emf.Set{
			Dimensions: [][]string{{"Reason"}}, Metrics: []emf.Metric{{Name: config.MetricIgnored, Unit: emf.Count}},
		}))
}
