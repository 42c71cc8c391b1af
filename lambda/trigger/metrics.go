package trigger

import (
	"fmt"
	"slices"
	"strings"
)

// MaxTargets is how many distinct things one message may name. A message that
// names more reports an event, and interrupting everything it names would make
// the event worse.
const MaxTargets = 100

// maxMetrics bounds the metrics of one alarm that are read: what GetMetricData
// takes in one request, and an alarm takes far fewer ("GetMetricData" in the
// Amazon CloudWatch API Reference).
const maxMetrics = 500

// instanceDimension is the one dimension that names an instance ("List the
// available CloudWatch metrics for your instances" in the Amazon EC2 User Guide).
const instanceDimension = "InstanceId"

// metric is one entry of an alarm's configuration.metrics: a metric, or a
// query or expression, which has no dimensions.
type metric struct {
	id, namespace, name string
	dimensions          object
}

// from says where in the event the metric's dimensions were.
func (m metric) from() string {
	where := "metric"
	if m.id != "" {
		where += " " + clean(m.id, maxLabel)
	}
	return fmt.Sprintf("%s (%s %s)", where, clean(m.namespace, maxLabel), clean(m.name, maxLabel))
}

// watchesCheck reports whether the metric is the instance status check, alone
// or with the system's. StatusCheckFailed_System and _AttachedEBS say nothing of
// whether the instance answers ("Status check metrics" in the Amazon EC2 User Guide).
func (m metric) watchesCheck() bool {
	return m.namespace == "AWS/EC2" && (m.name == "StatusCheckFailed" || m.name == "StatusCheckFailed_Instance")
}

// readInstances gives the instances that the alarm's metrics name, in their
// order and each once; if there is none, a record that says why.
func readInstances(configuration object) ([]Ref, Record) {
	if !configuration.given("metrics") {
		return nil, ignore(ReasonNoInstance, "%s", withoutMetrics(configuration))
	}
	metrics, err := readMetrics(configuration)
	if err != nil {
		return nil, malformed(err)
	}
	refs, unfit := gather(metrics)
	switch {
	case len(refs) > MaxTargets:
		return nil, ignore(ReasonTooManyTargets, "the alarm names %d instances, %d at most", len(refs), MaxTargets)
	case len(refs) == 0 && len(unfit) > 0:
		return nil, ignore(ReasonNoInstance, "no instance id in the alarm is one: %s", some(unfit))
	case len(refs) == 0:
		return nil, ignore(ReasonNoInstance, "%s", withoutInstance(metrics))
	}
	return refs, Record{}
}

// gather reads the InstanceId dimension of every metric, and says of those that
// hold no instance id what they hold.
func gather(metrics []metric) (refs []Ref, unfit []string) {
	own := len(metrics) == 1 // inside an expression a passing check can raise the alarm too
	for _, m := range metrics {
		if !m.dimensions.has(instanceDimension) {
			continue
		}
		id, err := m.dimensions.text(instanceDimension)
		if err != nil || !ValidInstanceID(id) {
			unfit = append(unfit, unfitID(m, id, err))
			continue
		}
		if !names(refs, id) {
			refs = append(refs, Ref{Instance: id, From: m.from(), CheckFailed: own && m.watchesCheck()})
		}
	}
	return refs, unfit
}

// unfitID says what an InstanceId dimension holds instead of an id.
func unfitID(m metric, id string, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s has InstanceId %s", m.from(), quote(id))
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
	if m.id, err = entry.optional("id"); err != nil || !entry.given("metricStat") {
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

// withoutMetrics says what kind of alarm has no metrics.
func withoutMetrics(configuration object) string {
	switch {
	case configuration.has("alarmRule"):
		return "a composite alarm has no metrics, and its children are not followed"
	case configuration.has("queryString"), configuration.has("logGroupIdentifiers"):
		return "a log alarm has no metrics that could name an instance"
	}
	return "the alarm has no metrics that could name an instance"
}

// withoutInstance says what the alarm's metrics name instead of an instance.
func withoutInstance(metrics []metric) string {
	var names []string
	for _, m := range metrics {
		for name := range m.dimensions.fields {
			names = append(names, quote(name))
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) > 0 {
		return "no metric of the alarm has the dimension InstanceId, only " + some(names)
	}
	if slices.ContainsFunc(metrics, func(m metric) bool { return strings.TrimSpace(m.name) != "" }) {
		return "the alarm's metrics have no dimensions"
	}
	return "the alarm watches a query or an expression, which names no instance"
}
