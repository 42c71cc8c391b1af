package trigger

import (
	"encoding/json"
	"fmt"
)

// readTrigger reads the Trigger of an alarm's SNS message: one metric, or Metrics where the
// alarm computes something. It is the alarm's configuration in another spelling, with the
// dimensions as a list.
func readTrigger(trigger object) ([]metric, error) {
	if !trigger.given("Metrics") {
		m, err := readTriggerMetric(trigger)
		return []metric{m}, err
	}
	elements, err := trigger.list("Metrics", maxMetrics)
	if err != nil {
		return nil, err
	}
	metrics := make([]metric, 0, len(elements))
	for i, raw := range elements {
		entry, err := readObject(fmt.Sprintf("%s[%d]", trigger.at("Metrics"), i), raw)
		if err != nil {
			return nil, err
		}
		m, err := readTriggerEntry(entry)
		if err != nil {
			return nil, err
		}
		metrics = append(metrics, m)
	}
	return metrics, nil
}

// readTriggerEntry reads one of Trigger.Metrics: a metric, or an expression.
func readTriggerEntry(entry object) (m metric, err error) {
	if entry.given("MetricStat") {
		stat, err := entry.object("MetricStat")
		if err != nil {
			return m, err
		}
		inner, err := stat.object("Metric")
		if err != nil {
			return m, err
		}
		if m, err = readTriggerMetric(inner); err != nil {
			return m, err
		}
	}
	if m.id, err = entry.optional("Id"); err != nil {
		return m, err
	}
	if m.account, err = entry.optional("AccountId"); err != nil {
		return m, err
	}
	m.expression, err = entry.optional("Expression")
	return m, err
}

// readTriggerMetric reads the name and the dimensions of one metric.
func readTriggerMetric(o object) (m metric, err error) {
	if m.namespace, err = o.optional("Namespace"); err != nil {
		return m, err
	}
	if m.name, err = o.optional("MetricName"); err != nil || !o.given("Dimensions") {
		return m, err
	}
	m.dimensions, err = readDimensionList(o)
	return m, err
}

// maxDimensions is how many dimensions a metric has at most ("PutMetricData" in
// the Amazon CloudWatch API Reference).
const maxDimensions = 30

// readDimensionList reads Dimensions, a list of {name, value}, as the map that it is
// everywhere else. A name that is there twice is refused, as a key would be.
func readDimensionList(o object) (object, error) {
	elements, err := o.list("Dimensions", maxDimensions)
	if err != nil {
		return object{}, err
	}
	dimensions := object{path: o.at("Dimensions"), fields: map[string]json.RawMessage{}}
	for i, raw := range elements {
		entry, err := readObject(fmt.Sprintf("%s[%d]", o.at("Dimensions"), i), raw)
		if err != nil {
			return object{}, err
		}
		name, err := entry.text("name")
		if err != nil {
			return object{}, err
		}
		if dimensions.has(name) {
			return object{}, fmt.Errorf("%s is there twice", dimensions.at(name))
		}
		dimensions.fields[name] = entry.fields["value"]
	}
	return dimensions, nil
}
