// Package emf makes a log line CloudWatch's metrics as well.
//
// A line of JSON in a function's log whose member _aws says which other members are
// metrics is read by CloudWatch as that, without a call and without a permission
// ("Specification: Embedded metric format", Amazon CloudWatch User Guide). The values
// themselves, and those of the dimensions, are members at the root of the same line:
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

// Metric names the member of the line that has a metric's value, a number, and the
// value's unit.
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

// Attr gives the attribute that makes metrics of the line which it is in. It belongs
// at the line's root, not into a group. All of them are of one namespace, and of the
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
