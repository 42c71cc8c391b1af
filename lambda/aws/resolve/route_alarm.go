package resolve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/trigger"
)

// alarmNames is how many names one request takes ("DescribeAlarms", Amazon CloudWatch
// API Reference).
const alarmNames = 100

// alarmTypes are asked for by name: without them DescribeAlarms returns metric alarms
// only (same page).
var alarmTypes = []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm}

// alarm is one alarm as AWS describes it. Neither field is set for an alarm that does
// not exist, or that is of a kind that names no instance.
type alarm struct {
	metric    *types.MetricAlarm
	composite *types.CompositeAlarm
}

// followAlarms finds out what the alarms of one level watch, and follows that. A
// composite alarm stands for those of its children that are in ALARM.
func (r *Router) followAlarms(ctx context.Context, routes []*Route, w walk) {
	open := slices.DeleteFunc(slices.Clone(routes), func(route *Route) bool {
		route.Never = w.noWay(route.Ref.Alarm)
		return route.Never != ""
	})
	named := func(route *Route) string { return alarmName(route.Ref.Alarm) }
	alarms := r.describeAlarms(ctx, unique(open, named))
	var (
		wg         sync.WaitGroup
		composites []*Route
	)
	for _, route := range open {
		name := named(route)
		a, err := alarms[name].Get()
		switch {
		case err != nil:
			route.Err = err
		case a.metric != nil && aws.ToString(a.metric.AlarmArn) == route.Ref.Alarm:
			wg.Go(func() { r.followMetrics(ctx, route, *a.metric, w) })
		case a.composite == nil || aws.ToString(a.composite.AlarmArn) != route.Ref.Alarm:
			route.Never = fmt.Sprintf("there is no metric or composite alarm %s in this account and Region", name)
		case a.composite.StateValue != types.StateValueAlarm:
			route.Nobody = fmt.Sprintf("alarm %s is %s by now", name, a.composite.StateValue)
		default:
			composites = append(composites, route)
		}
	}
	wg.Go(func() { r.followComposites(ctx, composites, w) })
	wg.Wait()
}

// noWay gives the reason not to look an alarm up. It is empty if there is none.
func (w walk) noWay(arn string) string {
	name := alarmName(arn)
	switch {
	case name == "":
		return fmt.Sprintf("%q is not the ARN of an alarm", arn)
	case slices.Contains(w.above, arn):
		return fmt.Sprintf("alarm %s is among its own children", name)
	case len(w.above) > maxDepth:
		return fmt.Sprintf("alarm %s is more than %d composite alarms deep", name, maxDepth)
	case w.left.Add(-1) < 0:
		return fmt.Sprintf("alarm %s is one of more than %d that would have to be looked up", name, maxAlarms)
	}
	return ""
}

func (r *Router) describeAlarms(ctx context.Context, names []string) map[string]fact.Of[alarm] {
	return inChunks(names, alarmNames, func(chunk []string) (map[string]alarm, error) {
		found := map[string]alarm{}
		pages := cloudwatch.NewDescribeAlarmsPaginator(r.Alarms, &cloudwatch.DescribeAlarmsInput{AlarmNames: chunk, AlarmTypes: alarmTypes})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("describing alarms: %w", err)
			}
			for _, a := range page.MetricAlarms {
				found[aws.ToString(a.AlarmName)] = alarm{metric: &a}
			}
			for _, a := range page.CompositeAlarms {
				found[aws.ToString(a.AlarmName)] = alarm{composite: &a}
			}
		}
		return found, nil
	}, func() fact.Of[alarm] { return fact.Known(alarm{}) })
}

// followMetrics follows what a metric alarm's dimensions name.
func (r *Router) followMetrics(ctx context.Context, route *Route, a types.MetricAlarm, w walk) {
	name := aws.ToString(a.AlarmName)
	if a.StateValue != types.StateValueAlarm {
		route.Nobody = fmt.Sprintf("alarm %s is %s by now", name, a.StateValue)
		return
	}
	refs, ignored := trigger.Watched(aws.ToString(a.AlarmArn), metricsOf(a))
	if ignored != nil {
		route.Never = fmt.Sprintf("alarm %s: %s", name, ignored.Detail)
		return
	}
	for i := range refs {
		refs[i].From = fmt.Sprintf("%s of alarm %s, from %s", refs[i].From, name, route.Ref.From)
	}
	merge(route, r.follow(ctx, refs, w.below(route.Ref.Alarm)))
}

func metricsOf(a types.MetricAlarm) []trigger.Metric {
	if len(a.Metrics) == 0 {
		return []trigger.Metric{{Namespace: aws.ToString(a.Namespace), Name: aws.ToString(a.MetricName), Dimensions: dimensions(a.Dimensions)}}
	}
	var metrics []trigger.Metric
	for _, q := range a.Metrics {
		m := trigger.Metric{ID: aws.ToString(q.Id), Account: aws.ToString(q.AccountId)}
		if q.MetricStat != nil && q.MetricStat.Metric != nil {
			m.Namespace, m.Name = aws.ToString(q.MetricStat.Metric.Namespace), aws.ToString(q.MetricStat.Metric.MetricName)
			m.Dimensions = dimensions(q.MetricStat.Metric.Dimensions)
		}
		metrics = append(metrics, m)
	}
	return metrics
}

func dimensions(list []types.Dimension) map[string]string {
	out := map[string]string{}
	for _, d := range list {
		out[aws.ToString(d.Name)] = aws.ToString(d.Value)
	}
	return out
}

// followComposites follows those children of each composite alarm that are in ALARM.
func (r *Router) followComposites(ctx context.Context, routes []*Route, w walk) {
	children := r.childrenInAlarm(ctx, unique(routes, func(route *Route) string { return alarmName(route.Ref.Alarm) }))
	var wg sync.WaitGroup
	for _, route := range routes {
		name := alarmName(route.Ref.Alarm)
		arns, err := children[name].Get()
		switch {
		case err != nil:
			route.Err = err
			continue
		case len(arns) == 0:
			route.Nobody = fmt.Sprintf("no child of composite alarm %s is in ALARM by now", name)
			continue
		}
		refs := make([]trigger.Ref, len(arns))
		for i, arn := range arns {
			refs[i] = trigger.Ref{Alarm: arn, From: from(route.Ref, "composite alarm %s", name)}
		}
		wg.Go(func() { merge(route, r.follow(ctx, refs, w.below(route.Ref.Alarm))) })
	}
	wg.Wait()
}

// childrenInAlarm asks for the children of each composite alarm. ChildrenOfAlarmName
// allows no other parameter beside it, not even the types, and returns both kinds of
// alarm all the same ("DescribeAlarms", Amazon CloudWatch API Reference).
func (r *Router) childrenInAlarm(ctx context.Context, names []string) map[string]fact.Of[[]string] {
	return inChunks(names, 1, func(chunk []string) (map[string][]string, error) {
		var arns []string
		pages := cloudwatch.NewDescribeAlarmsPaginator(r.Alarms, &cloudwatch.DescribeAlarmsInput{ChildrenOfAlarmName: &chunk[0]})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("describing the children of alarm %s: %w", chunk[0], err)
			}
			for _, c := range page.MetricAlarms {
				if c.StateValue == types.StateValueAlarm {
					arns = append(arns, aws.ToString(c.AlarmArn))
				}
			}
			for _, c := range page.CompositeAlarms {
				if c.StateValue == types.StateValueAlarm {
					arns = append(arns, aws.ToString(c.AlarmArn))
				}
			}
		}
		if slices.Contains(arns, "") {
			return nil, fmt.Errorf("describing the children of alarm %s: one has no ARN", chunk[0])
		}
		return map[string][]string{chunk[0]: arns}, nil
	}, func() fact.Of[[]string] { return fact.Known[[]string](nil) })
}

// alarmName is the name in an alarm's ARN; it may hold colons.
func alarmName(arn string) string {
	_, name, _ := strings.Cut(arn, ":alarm:")
	return name
}
