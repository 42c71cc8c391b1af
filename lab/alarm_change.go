package lab

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"crashcart/lab/cloudwatch"
)

// change is a state change of an alarm with all that AWS tells of it.
type change struct {
	Alarm
	lab        *Lab
	arn        string
	reason     string
	reasonData string
	metrics    []cloudwatch.Metric
	triggering []cloudwatch.Alarm // children in this state
}

// change completes an alarm.
func (l *Lab) change(a Alarm) (change, error) {
	for _, d := range []struct {
		field *string
		value string
	}{{&a.Description, "raised in the lab"}, {&a.State, cloudwatch.StateAlarm}, {&a.Previous, cloudwatch.StateOK}} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	if a.At.IsZero() {
		a.At = time.Now()
	}
	a.At = a.At.UTC()
	c := change{Alarm: a, lab: l, arn: l.Alarms.ARN(a.Name)}
	if a.Name == "" {
		return c, errors.New("an alarm must have a name")
	}
	if err := a.checkMissing(); err != nil {
		return c, err
	}
	if len(a.Children) > 0 {
		return c, c.byChildren()
	}
	c.byThreshold()
	return c, c.watch()
}

// byThreshold gives the reason of an alarm on metrics. That of a contributor
// comes without data ("Alarm events and EventBridge", Amazon CloudWatch User Guide).
func (c *change) byThreshold() {
	if c.Missing && c.State == cloudwatch.StateAlarm {
		c.missing()
		return
	}
	minute := func(n int) string { return c.At.Add(time.Duration(-n) * time.Minute).Format("02/01/06 15:04:05") }
	if c.Contributor != nil {
		c.reason = fmt.Sprintf("Threshold Crossed: 1 datapoint was greater than the threshold (0.0). The most recent datapoint which crossed the threshold: [1.0 (%s)].", minute(1))
		return
	}
	c.reason = fmt.Sprintf("Threshold Crossed: 2 out of the last 2 datapoints [1.0 (%s), 1.0 (%s)] were greater than the threshold (0.0) (minimum 2 datapoints for OK -> ALARM transition).",
		minute(1), minute(2))
	if c.State != cloudwatch.StateAlarm {
		c.reason = "the threshold was not crossed"
	}
	c.reasonData = c.dataThen(c.At)
}

// dataThen are the data of a reason that datapoints gave.
func (c *change) dataThen(at time.Time) string {
	if c.Missing {
		return heartbeatData(at)
	}
	return thresholdData(at)
}

func thresholdData(at time.Time) string {
	return fmt.Sprintf(`{"version":"1.0","queryDate":%q,"period":60,"recentDatapoints":[1.0,1.0],"threshold":0.0}`, at.Format(alarmTime))
}

// byChildren gives the reason of a composite alarm: which children are in its state.
func (c *change) byChildren() error {
	for _, name := range c.Children {
		child, ok := c.lab.Alarms.Get(name)
		if !ok {
			return fmt.Errorf("composite alarm %s: the lab has no alarm %q", c.Name, name)
		}
		if child.State == c.State {
			c.triggering = append(c.triggering, child)
		}
	}
	c.reason = c.arn + " was created and its alarm rule evaluates to " + c.State
	data := make([]string, len(c.triggering))
	for i, child := range c.triggering {
		at := c.changed(child)
		c.reason = fmt.Sprintf("%s transitioned to %s at %s", c.lab.Alarms.ARN(child.Name), child.State, at.Format("Monday 02 January, 2006 15:04:05 MST"))
		data[i] = fmt.Sprintf(`{"arn":%q,"state":{"value":%q,"timestamp":%q}}`, c.lab.Alarms.ARN(child.Name), child.State, at.Format(alarmTime))
	}
	c.reasonData = `{"triggeringAlarms":[` + strings.Join(data, ",") + `]}`
	return nil
}

// changed is when a child changed its state, as old on the wall as it is in the lab.
func (c *change) changed(child cloudwatch.Alarm) time.Time {
	return c.lab.Clock.Report(child.Transitioned).Round(time.Millisecond).UTC()
}

func (c *change) suppressedReason() string {
	if c.Suppressed == "" {
		return ""
	}
	return "Actions suppressed by " + c.Suppressed
}

// watch gives what the alarm watches: one metric; or an expression and its
// metrics; or a metric and its band; or a query.
func (c *change) watch() error {
	if c.Contributor != nil {
		m := c.metric(nil)
		c.metrics = []cloudwatch.Metric{{ID: "m1", ReturnData: true, Expression: fmt.Sprintf(
			"SELECT MAX(%s) FROM %q GROUP BY %s ORDER BY MAX() DESC", m.Name, m.Namespace, strings.Join(slices.Sorted(maps.Keys(c.Contributor)), ", "))}}
		return nil
	}
	all, err := c.dimensions()
	if err != nil {
		return err
	}
	for i, d := range all {
		m := c.metric(d)
		m.ID, m.ReturnData = fmt.Sprintf("m%d", i+1), len(all) == 1
		c.metrics = append(c.metrics, m)
	}
	switch {
	case len(all) > 1:
		math := cloudwatch.Metric{ID: "e1", Expression: "MAX(METRICS())", Label: c.metrics[0].Name, ReturnData: true}
		c.metrics = append([]cloudwatch.Metric{math}, c.metrics...)
	case c.Anomaly:
		c.metrics = append(c.metrics, cloudwatch.Metric{ID: "ad1", Expression: "ANOMALY_DETECTION_BAND(m1, 2)", Label: c.metrics[0].Name + " (expected)", ReturnData: true})
	}
	return nil
}

// dimensions are those of every metric; of one without any if nothing is named.
func (c *change) dimensions() ([]map[string]string, error) {
	var all []map[string]string
	for _, id := range c.Instances {
		all = append(all, map[string]string{"InstanceId": id})
	}
	if c.Group != "" {
		all = append(all, map[string]string{"AutoScalingGroupName": c.Group})
	}
	if c.TargetGroup != "" {
		d, err := c.lab.Balancer.Dimensions(c.TargetGroup)
		if err != nil {
			return nil, fmt.Errorf("alarm %s: %w", c.Name, err)
		}
		all = append(all, d)
	}
	if len(c.Dimensions) > 0 || len(all) == 0 {
		all = append(all, c.Dimensions)
	}
	return all, nil
}

// metric is the alarm's metric, or the one that its dimensions belong to.
func (c *change) metric(dimensions map[string]string) cloudwatch.Metric {
	m := cloudwatch.Metric{Namespace: "AWS/EC2", Name: "StatusCheckFailed_Instance", Stat: "Maximum", Dimensions: dimensions}
	switch {
	case c.Missing:
		m.Namespace, m.Name, m.Stat = heartbeatNamespace, heartbeatMetric, heartbeatStat
	case dimensions["TargetGroup"] != "":
		m.Namespace, m.Name = "AWS/ApplicationELB", "UnHealthyHostCount"
	}
	for _, d := range []struct {
		field *string
		value string
	}{{&m.Namespace, c.Namespace}, {&m.Name, c.Metric}, {&m.Stat, c.Stat}} {
		if d.value != "" {
			*d.field = d.value
		}
	}
	return m
}
