package followup

import (
	"context"
	"log/slog"
	"time"

	"crashcart/lambda/aws/emf"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// logStep writes the one line of a step.
func (h *Handler) logStep(ctx context.Context, name string, r cases.Record, err error) {
	f, level := r.Followup, slog.LevelInfo
	stages := make([]string, len(f.Account.Proofs))
	for i, p := range f.Account.Proofs {
		stages[i] = string(p.Stage)
	}
	attrs := []slog.Attr{
		slog.String("caseId", r.ID), slog.String("instanceId", r.InstanceID), slog.String("step", name), slog.Int("steps", f.Steps),
		slog.Any("stages", stages), slog.String("percent", f.Account.Percent), slog.String("finding", string(f.Finding)),
	}
	if c := f.Collect; c.Began() {
		attrs = append(attrs, slog.Group("collect", slog.String("command", c.Command), slog.Int("tries", c.Tries),
			slog.Int("files", len(c.Files.Uploads)), slog.Int("arrived", arrived(c.Files)), slog.String("problem", c.Problem), slog.Bool("ended", c.Ended())))
	}
	if err != nil {
		level, attrs = slog.LevelWarn, append(attrs, slog.Any("error", err))
	}
	h.Log.LogAttrs(ctx, level, "step", attrs...)
}

// logEnd writes the one line of a case that has ended, which is its metrics as well.
func (h *Handler) logEnd(ctx context.Context, r cases.Record) {
	f := r.Followup
	attrs := []slog.Attr{
		slog.String("caseId", r.ID), slog.String("instanceId", r.InstanceID), slog.String("why", f.Why), slog.String("doubt", f.Doubt),
		slog.Int("steps", f.Steps), slog.String(config.DimensionFinding, string(f.Finding)), slog.Int(config.MetricFindings, 1),
	}
	var metrics []emf.Metric
	for _, m := range times(f) {
		attrs = append(attrs, slog.Float64(m.name, m.after.Seconds()))
		metrics = append(metrics, emf.Metric{Name: m.name, Unit: emf.Seconds})
	}
	sets := []emf.Set{{Dimensions: [][]string{{config.DimensionFinding}}, Metrics: []emf.Metric{{Name: config.MetricFindings, Unit: emf.Count}}}}
	if metrics != nil {
		sets = append(sets, emf.Set{Metrics: metrics})
	}
	h.Log.LogAttrs(ctx, slog.LevelInfo, "end", append(attrs, emf.Attr(config.MetricNamespace, h.Now(), sets...))...)
}

// taken is how long something took from the interrupt.
type taken struct {
	name  string
	after time.Duration
}

// times are the times of a crash that are metrics. A kernel that never crashed has none.
func times(f cases.Followup) []taken {
	switch f.Finding {
	case cases.FindingDumped, cases.FindingDumpFailed, cases.FindingHungInDump, cases.FindingNoDump:
	default:
		return nil
	}
	var found []taken
	add := func(name string, stages ...cases.Stage) {
		for _, s := range stages {
			if p, ok := f.Account.Reached(s); ok {
				found = append(found, taken{name, max(0, p.SeenAt.Sub(f.Account.SentAt))})
				return
			}
		}
	}
	add(config.MetricTimeToPanic, cases.StagePanicked, cases.StageCaptureKernel)
	add(config.MetricTimeToDump, cases.StageDumpComplete)
	add(config.MetricTimeToBack, cases.StageReachable)
	if c := f.Collect; c.HasAllDumps() {
		found = append(found, taken{config.MetricTimeToHome, max(0, c.EndedAt.Sub(f.Account.SentAt))})
	}
	return found
}
