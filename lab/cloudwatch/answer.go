package cloudwatch

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// What the lab's metric alarms have in common.
const (
	period     = 60
	evaluation = 2
)

// brief is the answer about a child ("DescribeAlarms", parameter ChildrenOfAlarmName).
func (h *Handler) brief(a *Alarm) cbor.Value {
	return cbor.Map{
		"AlarmName": cbor.String(a.Name), "AlarmArn": cbor.String(h.ARN(a.Name)),
		"StateValue": cbor.String(a.State), "StateUpdatedTimestamp": h.stamp(a.Updated),
	}
}

// whole is the full answer about an alarm ("MetricAlarm", "CompositeAlarm" and
// "LogAlarm", Amazon CloudWatch API Reference).
func (h *Handler) whole(a *Alarm) cbor.Value {
	out := cbor.Map{
		"AlarmName": cbor.String(a.Name), "AlarmArn": cbor.String(h.ARN(a.Name)),
		"StateValue": cbor.String(a.State), "StateUpdatedTimestamp": h.stamp(a.Updated),
		"StateTransitionedTimestamp": h.stamp(a.Transitioned), "ActionsEnabled": cbor.Bool(!a.ActionsDisabled),
		"AlarmActions": list(a.Actions), "OKActions": cbor.List{}, "InsufficientDataActions": cbor.List{},
	}
	put(out, "AlarmDescription", a.Description)
	put(out, "StateReason", a.Reason)
	put(out, "StateReasonData", a.ReasonData)
	switch a.kind() {
	case typeComposite:
		put(out, "AlarmRule", a.Rule)
		put(out, "ActionsSuppressor", a.Suppressor)
		put(out, "ActionsSuppressedBy", a.SuppressedBy)
		put(out, "ActionsSuppressedReason", a.SuppressedReason)
	case typeLog:
		out["ScheduledQueryConfiguration"] = cbor.Map{"QueryString": cbor.String(a.Query)}
		threshold(out)
	default:
		watches(out, a.Metrics)
		threshold(out)
	}
	return out
}

// threshold is that of a heartbeat: silence is breaching.
func threshold(out cbor.Map) {
	out["Threshold"], out["ComparisonOperator"] = cbor.Float64(0), cbor.String("GreaterThanThreshold")
	out["TreatMissingData"] = cbor.String("breaching")
}

// watches adds what a metric alarm watches: one metric by itself, or a list of
// queries, never both.
func watches(out cbor.Map, metrics []Metric) {
	out["EvaluationPeriods"], out["DatapointsToAlarm"] = cbor.Uint(evaluation), cbor.Uint(evaluation)
	if len(metrics) == 1 && metrics[0].Expression == "" {
		maps.Copy(out, metric(metrics[0]))
		out["Statistic"], out["Period"] = cbor.String(metrics[0].Stat), cbor.Uint(period)
		return
	}
	queries := cbor.List{}
	for _, m := range metrics {
		q := cbor.Map{"Id": cbor.String(m.ID), "ReturnData": cbor.Bool(m.ReturnData)}
		put(q, "Label", m.Label)
		if put(q, "Expression", m.Expression); m.Expression == "" {
			q["MetricStat"] = cbor.Map{"Metric": metric(m), "Period": cbor.Uint(period), "Stat": cbor.String(m.Stat)}
		}
		queries = append(queries, q)
	}
	out["Metrics"], out["Dimensions"] = queries, cbor.List{}
}

func metric(m Metric) cbor.Map {
	dimensions := cbor.List{}
	for _, name := range slices.Sorted(maps.Keys(m.Dimensions)) {
		dimensions = append(dimensions, cbor.Map{"Name": cbor.String(name), "Value": cbor.String(m.Dimensions[name])})
	}
	return cbor.Map{"Namespace": cbor.String(m.Namespace), "MetricName": cbor.String(m.Name), "Dimensions": dimensions}
}

// put adds a string unless it is empty: an absent member is not an empty one.
func put(out cbor.Map, name, value string) {
	if value != "" {
		out[name] = cbor.String(value)
	}
}

func list(values []string) cbor.List {
	out := cbor.List{}
	for _, v := range values {
		out = append(out, cbor.String(v))
	}
	return out
}

// stamp is a time as old to a reader on the wall as t is in the lab, in tag 1,
// seconds since 1970 ("Concise Binary Object Representation", RFC 8949).
func (h *Handler) stamp(t time.Time) cbor.Value {
	return &cbor.Tag{ID: 1, Value: cbor.Float64(float64(h.clock.Report(t).UnixMilli()) / 1e3)}
}
