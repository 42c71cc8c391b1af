package intake

import (
	"context"
	"log/slog"
	"strings"

	"crashcart/lambda/aws/emf"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/trigger"
)

// logDecision writes the one line of a decision, which is its metric as well.
func (h *Handler) logDecision(ctx context.Context, j *job) {
	metrics := []emf.Metric{{Name: config.MetricDecisions, Unit: emf.Count}}
	attrs := append(decisionAttrs(j), slog.Bool("dry-run", h.Guard.DryRun(j.trigger)), slog.Int(config.MetricDecisions, 1),
		slog.String(config.DimensionOutcome, string(j.outcome.Outcome)), slog.String(config.DimensionRule, j.outcome.Rule))
	if j.outcome.Outcome == cases.OutcomeInterrupted {
		metrics = append(metrics, emf.Metric{Name: config.MetricTimeToInterrupt, Unit: emf.Seconds})
		attrs = append(attrs, slog.Float64(config.MetricTimeToInterrupt, j.sentAfter.Seconds()))
	}
	dimensions := [][]string{{config.DimensionOutcome}, {config.DimensionOutcome, config.DimensionRule}}
	sets := []emf.Set{{Dimensions: dimensions, Metrics: metrics}}
	if j.unanswered {
		sets = append(sets, emf.Set{Metrics: []emf.Metric{{Name: config.MetricUnanswered, Unit: emf.Count}}})
		attrs = append(attrs, slog.Int(config.MetricUnanswered, 1))
	}
	attrs = append(attrs, emf.Attr(config.MetricNamespace, h.Now(), sets...))
	j.log.LogAttrs(ctx, slog.LevelInfo, "decision", attrs...)
}

// decisionAttrs are what a decision line says besides its metrics. What is empty
// is left out.
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
		"target": j.outcome.Target, "caseId": j.outcome.CaseID, "code": j.outcome.Code, "command": j.outcome.Command,
		"alarm": alarm, "reason": j.trigger.Reason, "requestedBy": j.trigger.RequestedBy,
		"forced": strings.Join(j.trigger.Force, ","), "messageId": j.messageID, "vitals": compact(j.outcome.Vitals),
	} {
		if v != "" {
			attrs = append(attrs, slog.String(name, v))
		}
	}
	return attrs
}

// logUntold writes the one line about notifications that failed, which counts them.
func (h *Handler) logUntold(ctx context.Context, log *slog.Logger, untold int, err error) {
	log.LogAttrs(ctx, slog.LevelError, "not everybody could be told", slog.Any("error", err),
		slog.Int(config.MetricUntold, untold),
		emf.Attr(config.MetricNamespace, h.Now(), emf.Set{Metrics: []emf.Metric{{Name: config.MetricUntold, Unit: emf.Count}}}))
}

// logIgnored writes the one line of a record that asks for nothing.
func (h *Handler) logIgnored(ctx context.Context, log *slog.Logger, rec trigger.Record) {
	log.LogAttrs(ctx, slog.LevelInfo, "ignored",
		slog.String(config.DimensionReason, string(rec.Ignored.Reason)), slog.String("detail", rec.Ignored.Detail),
		slog.String("messageId", rec.MessageID), slog.Int(config.MetricIgnored, 1),
		emf.Attr(config.MetricNamespace, h.Now(), emf.Set{
			Dimensions: [][]string{{config.DimensionReason}}, Metrics: []emf.Metric{{Name: config.MetricIgnored, Unit: emf.Count}},
		}))
}
