// Package emf makes metrics of CloudWatch out of a log line.
//
// In a line of JSON the member _aws can say which other members are metrics. CloudWatch
// reads them out of a function's log, without a call and without a permission
// ("Specification: Embedded metric format", Amazon CloudWatch User Guide). The values of
// the metrics and of their dimensions are members at the root of the same line:
//
//	log.LogAttrs(ctx, slog.LevelInfo, "sweep", slog.Int("OpenCases", 3),
//		emf.Attr("Crashcart", now, emf.Set{Metrics: []emf.Metric{{Name: "OpenCases", Unit: emf.Count}}}))
package emf

import (
	"log/slog"
	"time"
)

// The units in use ("MetricDatum", Amazon CloudWatch API Reference).
const (
	Count   = "Count"
	Seconds = "Seconds"
)

// Metric names the member of the line that has a metric's value, which is a number.
type Metric struct {
	Name string
	Unit string
}

// Set is metrics that have the same dimensions.
type Set struct {
	// Dimensions are sets of names of members of the line, whose values are strings;
	// each metric counts once for each set. Nil is one set without any.
	Dimensions [][]string
	Metrics    []Metric
}

// Attr gives the attribute that makes metrics of members of its line. It belongs
// at the line's root, not into a group. All metrics are of one namespace, and of the
// time at, to the millisecond.
func Attr(namespace string, at time.Time, sets ...Set) slog.Attr {
	meta := metadata{Timestamp: at.UnixMilli(), CloudWatchMetrics: make([]directive, len(sets))}
	for i, s := range sets {
		if s.Dimensions == nil {
			s.Dimensions = [][]string{{}} // null would be no set at all, and no metric
		}
		meta.CloudWatchMetrics[i] = directive{Namespace: namespace, Set: s}
	}
	return slog.Any("_aws", meta)
}

// metadata and directive are the specification's objects, with its names.
type metadata struct {
	Timestamp         int64 // milliseconds since the epoch
	CloudWatchMetrics []directive
}

type directive struct {
	Namespace string
	Set
}
