package lab

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"crashcart/lab/cloudwatch"
)

// suppressor is the alarm that suppresses the lab's composite alarms, if any.
const suppressor = "maintenance"

// eventBridge is the change as an event ("Alarm events and EventBridge", Amazon
// CloudWatch User Guide).
func (c change) eventBridge() any {
	kind, detail := "CloudWatch Alarm State Change", c.detail()
	if c.Contributor != nil {
		kind = "CloudWatch Alarm Contributor State Change"
		detail["alarmContributor"] = map[string]any{"id": c.contributorID(), "attributes": c.Contributor}
		delete(detail, "previousState") // there is none of a contributor
	}
	if c.Muted {
		detail["muteDetail"] = map[string]string{
			"mutedByArn":      fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm-mute-rule:maintenance", c.lab.Region, c.lab.Account),
			"muteWindowStart": c.At.Add(-time.Hour).Format(alarmTime), "muteWindowEnd": c.At.Add(time.Hour).Format(alarmTime),
		}
	}
	return map[string]any{
		"version": "0", "id": uuid(), "detail-type": kind, "source": "aws.cloudwatch", "account": c.lab.Account,
		"time": c.At.Format(time.RFC3339), "region": c.lab.Region, "resources": []string{c.arn}, "detail": detail,
	}
}

// payload is the change as the Lambda action gives it to a function ("Invoke a
// Lambda function from an alarm", Amazon CloudWatch User Guide).
func (c change) payload() any {
	return map[string]any{
		"source": "aws.cloudwatch", "alarmArn": c.arn, "accountId": c.lab.Account, "region": c.lab.Region,
		"time": c.At.Format(alarmTime), "alarmData": c.detail(),
	}
}

// detail is what both have in common.
func (c change) detail() map[string]any {
	state := map[string]any{"value": c.State, "reason": c.reason, "timestamp": c.At.Format(alarmTime)}
	if c.reasonData != "" {
		state["reasonData"] = c.reasonData
	}
	if c.Suppressed != "" {
		state["actionsSuppressedBy"], state["actionsSuppressedReason"] = c.Suppressed, c.suppressedReason()
	}
	return map[string]any{"alarmName": c.Name, "configuration": c.configuration(), "previousState": c.before(), "state": state}
}

func (c change) configuration() map[string]any {
	if len(c.Children) == 0 {
		return map[string]any{"description": c.Description, "metrics": c.queries()}
	}
	out := map[string]any{"alarmRule": cloudwatch.AnyOf(c.Children)}
	if c.Suppressed != "" || c.released() {
		out["actionsSuppressor"], out["actionsSuppressorWaitPeriod"], out["actionsSuppressorExtensionPeriod"] = suppressor, 120, 180
	}
	return out
}

// released says whether a composite alarm changed from its state to the same one,
// which it does when its actions are no longer suppressed.
func (c change) released() bool { return len(c.Children) > 0 && c.Previous == c.State }

// before is the state that was left.
func (c change) before() map[string]any {
	out := map[string]any{"value": c.Previous, "reason": "the threshold was not crossed", "timestamp": c.At.Add(-24 * time.Hour).Format(alarmTime)}
	switch {
	case c.released():
		out["timestamp"], out["reason"], out["reasonData"] = c.At.Add(-2*time.Minute).Format(alarmTime), c.reason, c.reasonData
		out["actionsSuppressedBy"], out["actionsSuppressedReason"] = "WaitPeriod", "Actions suppressed by WaitPeriod"
	case len(c.Children) > 0:
		out["reason"], out["reasonData"] = c.arn+" was created and its alarm rule evaluates to "+c.Previous, `{"triggeringAlarms":[]}`
	default:
		out["reasonData"] = c.dataThen(c.At.Add(-24 * time.Hour))
	}
	return out
}

// queries are the metrics as events name them.
func (c change) queries() []map[string]any {
	var out []map[string]any
	for _, m := range c.metrics {
		if m.Expression != "" {
			q := map[string]any{"id": m.ID, "expression": m.Expression, "returnData": m.ReturnData}
			if m.Label != "" {
				q["label"] = m.Label
			}
			if c.Contributor != nil {
				q["period"] = 60 // a query has its own
			}
			out = append(out, q)
			continue
		}
		out = append(out, map[string]any{"id": m.ID, "returnData": m.ReturnData, "metricStat": map[string]any{
			"metric": map[string]any{"namespace": m.Namespace, "name": m.Name, "dimensions": nonNil(m.Dimensions)},
			"period": 60, "stat": m.Stat,
		}})
	}
	if len(out) == 1 && c.metrics[0].Expression == "" {
		out[0]["id"] = uuid() // as CloudWatch names the only metric
	}
	return out
}

func nonNil(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// contributorID is the same for the same time series.
func (c change) contributorID() string {
	sum := fnv.New64a()
	for _, name := range slices.Sorted(maps.Keys(c.Contributor)) {
		_, _ = fmt.Fprintf(sum, "%q=%q,", name, c.Contributor[name]) // never fails (package hash)
	}
	return fmt.Sprintf("%016x", sum.Sum64())
}
