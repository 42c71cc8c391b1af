package trigger_test

import (
	"maps"
	"testing"

	"crashcart/lambda/domain/trigger"
)

// mistyped are values that no field of an alarm's metrics takes.
func mistyped() []any { return []any{7, true, []any{"x"}, map[string]any{"x": "y"}} }

// with is fields, of which one is replaced.
func with(fields map[string]any, key string, value any) map[string]any {
	changed := maps.Clone(fields)
	changed[key] = value
	return changed
}

// The alarm may have changed its shape. Then what is read of it may be wrong, so it is
// not read at all.
func TestAMetricWithAMistypedFieldNeverTriggers(t *testing.T) {
	metric := map[string]any{"namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": map[string]any{"InstanceId": long}}
	entry := map[string]any{"id": "m1", "metricStat": map[string]any{"metric": metric}}
	decode := func(entry any) trigger.Record {
		return one(t, event(t, func(_, d map[string]any) {
			d["configuration"] = map[string]any{"metrics": []any{entry}}
		}))
	}
	if r := decode(entry); r.Trigger == nil {
		t.Fatalf("the metric itself is ignored: %+v", r.Ignored)
	}
	for _, bad := range mistyped() {
		for _, key := range []string{"id", "accountId", "expression", "metricStat"} {
			if _, object := bad.(map[string]any); key != "metricStat" || !object {
				ignoredAs(t, decode(with(entry, key, bad)), trigger.ReasonMalformed, key)
			}
		}
		for _, key := range []string{"namespace", "name"} {
			ignoredAs(t, decode(with(entry, "metricStat", map[string]any{"metric": with(metric, key, bad)})), trigger.ReasonMalformed, key)
		}
	}
	ignoredAs(t, decode(7), trigger.ReasonMalformed, "metrics[0]")
	ignoredAs(t, decode(with(entry, "metricStat", map[string]any{})), trigger.ReasonMalformed, "metricStat.metric")
}

// The same for the message that an alarm publishes, which spells everything otherwise.
func TestAPublishedMetricWithAMistypedFieldNeverTriggers(t *testing.T) {
	metric := map[string]any{
		"Namespace": "AWS/EC2", "MetricName": "CPUUtilization",
		"Dimensions": []any{map[string]any{"name": "InstanceId", "value": long}},
	}
	entry := map[string]any{"Id": "m1", "MetricStat": map[string]any{"Metric": metric}}
	decode := func(of any) trigger.Record {
		return one(t, alarmMessage(t, func(m map[string]any) { m["Trigger"] = of }))
	}
	several := func(entries ...any) map[string]any { return map[string]any{"Metrics": entries} }
	for _, good := range []any{metric, several(entry)} {
		if r := decode(good); r.Trigger == nil {
			t.Fatalf("the metric itself is ignored: %+v", r.Ignored)
		}
	}
	for _, bad := range mistyped() {
		for _, key := range []string{"Namespace", "MetricName"} {
			ignoredAs(t, decode(with(metric, key, bad)), trigger.ReasonMalformed, key)
			ignoredAs(t, decode(several(with(entry, "MetricStat", map[string]any{"Metric": with(metric, key, bad)}))), trigger.ReasonMalformed, key)
		}
		for _, key := range []string{"Id", "AccountId", "Expression"} {
			ignoredAs(t, decode(several(with(entry, key, bad))), trigger.ReasonMalformed, key)
		}
	}
	ignoredAs(t, decode(several(7)), trigger.ReasonMalformed, "Metrics[0]")
	ignoredAs(t, decode(several(with(entry, "MetricStat", 7))), trigger.ReasonMalformed, "MetricStat")
	ignoredAs(t, decode(several(with(entry, "MetricStat", map[string]any{}))), trigger.ReasonMalformed, "MetricStat.Metric")
	ignoredAs(t, decode(map[string]any{"Metrics": "m1"}), trigger.ReasonMalformed, "Metrics")
	ignoredAs(t, decode(with(metric, "Dimensions", []any{7})), trigger.ReasonMalformed, "Dimensions[0]")
	ignoredAs(t, decode("a metric"), trigger.ReasonMalformed, "Trigger")
}
