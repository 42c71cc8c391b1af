package trigger

import (
	"fmt"

	"crashcart/lambda/domain/printable"
)

// MaxTargets is how many distinct things one message may name. A message that
// names more reports an event, and interrupting everything it names would make
// the event worse.
const MaxTargets = 100

// maxMetrics bounds the metrics of one alarm that are read: what GetMetricData
// takes in one request, and an alarm takes far fewer ("GetMetricData" in the
// Amazon CloudWatch API Reference).
const maxMetrics = 500

// metric is one entry of an alarm's metrics: a metric, or a query or expression,
// which has no dimensions.
type metric struct {
	id, namespace, name string
	account             string // if it is another account's; usually empty
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

// watchesCheck reports whether the metric is the instance status check and no
// other. StatusCheckFailed may as well be the system's or the volumes', of which
// none says whether the instance answers ("Status check metrics" in the Amazon EC2
// User Guide).
func (m metric) watchesCheck() bool {
	return m.namespace == "AWS/EC2" && m.name == "StatusCheckFailed_Instance"
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

// readMetric reads one entry: either metricStat.metric{namespace, name,
// dimensions}, or something that is computed and names nothing itself.
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
