package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"crashcart/lab/cloudwatch"
)

// regionNames are what an alarm's message calls its Region, which is not what
// the API calls it ("Regions and Zones", Amazon EC2 User Guide).
var regionNames = map[string]string{
	"eu-central-1": "EU (Frankfurt)",
	"eu-west-1":    "EU (Ireland)",
	"us-east-1":    "US East (N. Virginia)",
	"us-west-2":    "US West (Oregon)",
}

func (c change) regionName() string {
	if name, ok := regionNames[c.lab.Region]; ok {
		return name
	}
	return c.lab.Region
}

// subject is a notification's ("Notifying users on alarm changes", Amazon
// CloudWatch User Guide).
func (c change) subject() string {
	return fmt.Sprintf("%s: %q in %s", c.State, c.Name, c.regionName())
}

// message is the change as an SNS action publishes it (ibid.).
func (c change) message() any {
	out := map[string]any{
		"AlarmName": c.Name, "AlarmDescription": c.Description, "AWSAccountId": c.lab.Account, "AlarmArn": c.arn, "Region": c.regionName(),
		"NewStateValue": c.State, "NewStateReason": c.reason, "OldStateValue": c.Previous, "StateChangeTime": c.At.Format(alarmTime),
		"AlarmConfigurationUpdatedTimestamp": c.At.Add(-30 * 24 * time.Hour).Format(alarmTime),
		"OKActions":                          []string{}, "AlarmActions": c.stored().Actions, "InsufficientDataActions": []string{},
	}
	switch {
	case len(c.Children) > 0:
		children := []map[string]any{}
		for _, child := range c.triggering {
			children = append(children, map[string]any{"Arn": c.lab.Alarms.ARN(child.Name), "State": map[string]string{
				"Value": child.State, "Timestamp": c.changed(child).Format(alarmTime),
			}})
		}
		out["AlarmRule"], out["TriggeringChildren"] = cloudwatch.AnyOf(c.Children), children
	case c.Contributor != nil:
		out["AlarmContributorId"], out["AlarmContributorAttributes"] = c.contributorID(), c.Contributor
	default:
		out["Trigger"] = c.trigger()
	}
	return out
}

// trigger is what a metric alarm watches, in the message's own words.
func (c change) trigger() map[string]any {
	out := map[string]any{
		"Period": 60, "EvaluationPeriods": 2, "DatapointsToAlarm": 2, "ComparisonOperator": "GreaterThanThreshold",
		"Threshold": 0.0, "TreatMissingData": "breaching", "EvaluateLowSampleCountPercentile": "",
	}
	if c.Missing {
		out["EvaluationPeriods"], out["DatapointsToAlarm"] = heartbeatPeriods, heartbeatPeriods
		out["ComparisonOperator"], out["Threshold"] = "LessThanThreshold", heartbeatThreshold
	}
	if len(c.metrics) == 1 {
		maps.Copy(out, messageMetric(c.metrics[0]))
		out["StatisticType"], out["Statistic"], out["Unit"] = "Statistic", strings.ToUpper(c.metrics[0].Stat), nil
		return out
	}
	var queries []map[string]any
	for _, m := range c.metrics {
		q := map[string]any{"Id": m.ID, "ReturnData": m.ReturnData}
		if m.Expression != "" {
			q["Expression"], q["Label"] = m.Expression, m.Label
		} else {
			q["MetricStat"] = map[string]any{"Metric": messageMetric(m), "Period": 60, "Stat": m.Stat}
		}
		queries = append(queries, q)
	}
	out["Metrics"] = queries
	return out
}

// messageMetric names a metric, its dimensions as pairs with keys in lower case.
func messageMetric(m cloudwatch.Metric) map[string]any {
	dimensions := []map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		dimensions = append(dimensions, map[string]string{"name": name, "value": m.Dimensions[name]})
	}
	return map[string]any{"MetricName": m.Name, "Namespace": m.Namespace, "Dimensions": dimensions}
}
