package trigger

import (
	"fmt"

	"crashcart/lambda/domain/printable"
)

// maxMetrics bounds the metrics of one alarm that are read. GetMetricData takes as many in
// one request ("GetMetricData" in the Amazon CloudWatch API Reference); an alarm takes far
// fewer.
const maxMetrics = 500

// metric is one entry of an alarm's metrics. It may be a query or an expression: then it
// has no dimensions.
type metric struct {
	id, namespace, name string
	account             string // of a metric of another account; usually empty
	expression          string
	dimensions          object
}

// from says where in the event the metric's dimensions were.
func (m metric) from() string {
	where := "metric"
	if m.id != "" {
		where += " " + printable.Line(m.id, maxLabel)
	}
	return fmt.Sprintf("%s (%s %s)", where, printable.Line(m.namespace, maxLabel), printable.Line(m.name, maxLabel))
}

// readMetrics reads configuration.metrics.
func readMetrics(configuration object) ([]metric, error) {
	elements, err := configuration.list("metrics", maxMetrics)
	if err != nil {
		return nil, err
	}
	metrics := make([]metric, 0, len(elements))
	for i, raw := range elements {
		entry, err := readObject(fmt.Sprintf("%s[%d]", configuration.at("metrics"), i), raw)
		if err != nil {
			return nil, err
		}
		m, err := readMetric(entry)
		if err != nil {
			return nil, err
		}
		metrics = append(metrics, m)
	}
	return metrics, nil
}

// readMetric reads one entry: either metricStat.metric{namespace, name, dimensions}, or
// something that is computed, which itself names nothing.
func readMetric(entry object) (m metric, err error) {
	if m.id, err = entry.optional("id"); err != nil {
		return m, err
	}
	if m.account, err = entry.optional("accountId"); err != nil {
		return m, err
	}
	if m.expression, err = entry.optional("expression"); err != nil || !entry.given("metricStat") {
		return m, err
	}
	stat, err := entry.object("metricStat")
	if err != nil {
		return m, err
	}
	inner, err := stat.object("metric")
	if err != nil {
		return m, err
	}
	if m.namespace, err = inner.optional("namespace"); err != nil {
		return m, err
	}
	if m.name, err = inner.optional("name"); err != nil || !inner.given("dimensions") {
		return m, err
	}
	m.dimensions, err = inner.object("dimensions")
	return m, err
}
