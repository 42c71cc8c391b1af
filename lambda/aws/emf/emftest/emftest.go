// Package emftest reads metrics out of a log line, for the tests of the packages that write
// them. It goes by the specification and does not know package emf.
package emftest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Metric is one metric of a line.
type Metric struct {
	Namespace  string
	Name       string
	Dimensions string // name=value,name=value, in the order of the line
	Value      float64
	Unit       string
}

// most is how many dimensions a set may have, and mostMetrics how many metrics a
// directive ("Specification: Embedded metric format", Amazon CloudWatch User Guide).
const (
	most        = 30
	mostMetrics = 100
)

// line is what the specification asks of a line's metadata.
type line struct {
	AWS *struct {
		Timestamp         int64
		CloudWatchMetrics []directive
	} `json:"_aws"`
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []struct{ Name, Unit string }
}

// Read gives the metrics of one line in its order, each once for each of its sets of
// dimensions, and the time that they are of. A line that CloudWatch would ignore,
// whole or in part, is an error.
func Read(text []byte) ([]Metric, time.Time, error) {
	var (
		l       line
		members map[string]any
	)
	if err := errors.Join(json.Unmarshal(text, &l), json.Unmarshal(text, &members)); err != nil {
		return nil, time.Time{}, fmt.Errorf("the line is no JSON: %w", err)
	}
	if l.AWS == nil || l.AWS.Timestamp <= 0 || len(l.AWS.CloudWatchMetrics) == 0 {
		return nil, time.Time{}, fmt.Errorf("the line has no metadata: %s", text)
	}
	var found []Metric
	for _, d := range l.AWS.CloudWatchMetrics {
		metrics, err := d.read(members)
		if err != nil {
			return nil, time.Time{}, err
		}
		found = append(found, metrics...)
	}
	return found, time.UnixMilli(l.AWS.Timestamp).UTC(), nil
}

func (d directive) read(members map[string]any) ([]Metric, error) {
	if d.Namespace == "" || len(d.Dimensions) == 0 || len(d.Metrics) == 0 || len(d.Metrics) > mostMetrics {
		return nil, fmt.Errorf("the directive is none: %+v", d)
	}
	var found []Metric
	for _, m := range d.Metrics {
		value, ok := members[m.Name].(float64)
		if !ok || m.Unit == "" {
			return nil, fmt.Errorf("the metric %s in %q is no number at the line's root: %v", m.Name, m.Unit, members[m.Name])
		}
		for _, names := range d.Dimensions {
			dimensions, err := values(names, members)
			if err != nil {
				return nil, err
			}
			found = append(found, Metric{d.Namespace, m.Name, dimensions, value, m.Unit})
		}
	}
	return found, nil
}

// values gives a set of dimensions with their values. No set is not the empty one.
func values(names []string, members map[string]any) (string, error) {
	if names == nil || len(names) > most {
		return "", fmt.Errorf("a set has the dimensions %q", names)
	}
	pairs := make([]string, len(names))
	for i, name := range names {
		value, ok := members[name].(string)
		if !ok || value == "" {
			return "", fmt.Errorf("the dimension %s is no text at the line's root: %v", name, members[name])
		}
		pairs[i] = name + "=" + value
	}
	return strings.Join(pairs, ","), nil
}
