package followup

import (
	"log/slog"
	"time"

	"crashcart/lambda/config"
)

// embedded is the metadata that makes CloudWatch read metrics out of a log line
// ("Specification: Embedded metric format", Amazon CloudWatch User Guide).
type embedded struct {
	Timestamp         int64 // milliseconds since the epoch
	CloudWatchMetrics [1]directive
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
}

type definition struct {
	Name string
	Unit string
}

// attrs are the log line of a report, which is its metrics as well. Open and overdue
// cases are in every line, as a missing count must not look like none; the others are
// paid for by the hour in which they are sent, and none of them is no news.
func (r Report) attrs(now time.Time) []slog.Attr {
	attrs := []slog.Attr{slog.Int(config.MetricOpenCases, r.Open), slog.Int(config.MetricOverdueCases, r.Overdue)}
	metrics := []definition{{config.MetricOpenCases, "Count"}, {config.MetricOverdueCases, "Count"}}
	if r.Open+r.Overdue > 0 {
		attrs = append(attrs, slog.Float64(config.MetricOldestCase, r.OldestSeconds))
		metrics = append(metrics, definition{config.MetricOldestCase, "Seconds"})
	}
	if r.Stuck > 0 {
		attrs = append(attrs, slog.Int(config.MetricStuckCases, r.Stuck), slog.Any("stuck", r.StuckCases))
		metrics = append(metrics, definition{config.MetricStuckCases, "Count"})
	}
	if r.Overdue > 0 {
		attrs = append(attrs, slog.Any("overdue", r.OverdueCases))
	}
	return append(attrs, slog.Any("_aws", embedded{
		Timestamp:         now.UnixMilli(),
		CloudWatchMetrics: [1]directive{{config.MetricNamespace, [][]string{{}}, metrics}},
	}))
}
