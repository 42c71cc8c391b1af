package count

import (
	"log/slog"
	"time"

	"crashcart/lambda/aws/emf"
	"crashcart/lambda/domain/config"
)

// attrs are the log line of a report, which is its metrics as well. Open and overdue
// cases are in every line, because a missing count must not look like zero. The others
// are left out when they are zero: a metric is paid for in every hour in which it is
// sent.
func (r Report) attrs(now time.Time) []slog.Attr {
	attrs := []slog.Attr{slog.Int(config.MetricOpenCases, r.Open), slog.Int(config.MetricOverdueCases, r.Overdue)}
	metrics := []emf.Metric{{Name: config.MetricOpenCases, Unit: emf.Count}, {Name: config.MetricOverdueCases, Unit: emf.Count}}
	if r.Open+r.Overdue > 0 {
		attrs = append(attrs, slog.Float64(config.MetricOldestCase, r.OldestSeconds))
		metrics = append(metrics, emf.Metric{Name: config.MetricOldestCase, Unit: emf.Seconds})
	}
	if r.Stuck > 0 {
		attrs = append(attrs, slog.Int(config.MetricStuckCases, r.Stuck), slog.Any("stuck", r.StuckCases))
		metrics = append(metrics, emf.Metric{Name: config.MetricStuckCases, Unit: emf.Count})
	}
	if r.Overdue > 0 {
		attrs = append(attrs, slog.Any("overdue", r.OverdueCases))
	}
	return append(attrs, emf.Attr(config.MetricNamespace, now, emf.Set{Metrics: metrics}))
}
