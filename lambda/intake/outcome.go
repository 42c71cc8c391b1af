package intake

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"crashcart/lambda/config"
	"crashcart/lambda/interrupt"
	"crashcart/lambda/trigger"
)

// OutcomeKind is what is told back of one target.
type OutcomeKind string

// The outcomes of a target.
const (
	OutcomeInterrupted OutcomeKind = "interrupted"
	OutcomeLeashed     OutcomeKind = "leashed" // everything but the interrupt itself
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
	Look       string      `json:"look,omitempty"`      // where console and screenshot from before are, or that they are missing
	Protected  string      `json:"protected,omitempty"` // what was done to keep the instance until it has dumped, or why not
	Undo       []string    `json:"undo,omitempty"`      // the commands that undo that

	again bool // the record must be delivered again
}

var outcomes = map[interrupt.Kind]OutcomeKind{
	interrupt.Interrupted: OutcomeInterrupted,
	interrupt.Leash:       OutcomeLeashed,
	interrupt.Rejected:    OutcomeRejected,
	interrupt.Unknown:     OutcomeUnknown,
}

// embedded is the metadata that makes CloudWatch read metrics out of a log line
// ("Specification: Embedded metric format", Amazon CloudWatch User Guide).
type embedded struct {
	Timestamp         int64 // milliseconds since the epoch
	CloudWatchMetrics []metricDirective
}

type metricDirective struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metricDefinition
}

type metricDefinition struct {
	Name string
	Unit string
}

func emf(now time.Time, directives ...metricDirective) slog.Attr {
	return slog.Any("_aws", embedded{Timestamp: now.UnixMilli(), CloudWatchMetrics: directives})
}

func directive(dimensions [][]string, metrics ...metricDefinition) metricDirective {
	return metricDirective{Namespace: config.MetricNamespace, Dimensions: dimensions, Metrics: metrics}
}

// logDecision writes the one line of a decision, which is its metric as well.
func (h *Handler) logDecision(ctx context.Context, j *job) {
	metrics := []metricDefinition{{Name: config.MetricDecisions, Unit: "Count"}}
	attrs := append(decisionAttrs(j), slog.Bool("leashed", h.Guard.Leashed(j.trigger)), slog.Int(config.MetricDecisions, 1),
		slog.String("Outcome", string(j.outcome.Outcome)), slog.String("Rule", j.outcome.Rule))
	if j.outcome.Outcome == OutcomeInterrupted {
		metrics = append(metrics, metricDefinition{Name: config.MetricTimeToInterrupt, Unit: "Seconds"})
		attrs = append(attrs, slog.Float64(config.MetricTimeToInterrupt, j.sentAfter.Seconds()))
	}
	directives := []metricDirective{directive([][]string{{"Outcome"}, {"Outcome", "Rule"}}, metrics...)}
	if j.unanswered {
		directives = append(directives, directive([][]string{{}}, metricDefinition{Name: config.MetricUnanswered, Unit: "Count"}))
		attrs = append(attrs, slog.Int(config.MetricUnanswered, 1))
	}
	attrs = append(attrs, emf(h.Now(), directives...))
	j.log.LogAttrs(ctx, slog.LevelInfo, "decision", attrs...)
}

func decisionAttrs(j *job) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("instanceId", j.ref.Instance), slog.String("why", j.outcome.Why),
		slog.String("from", j.ref.From), slog.String("kind", string(j.trigger.Kind)), slog.String("source", j.trigger.Source),
		slog.Time("triggeredAt", j.trigger.At), slog.Int("hop", j.trigger.Hop),
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
		emf(h.Now(), directive([][]string{{"Reason"}}, metricDefinition{Name: config.MetricIgnored, Unit: "Count"})))
}
