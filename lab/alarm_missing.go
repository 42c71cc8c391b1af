package lab

import (
	"fmt"
	"strings"
	"time"
)

// A heartbeat alarm as package infra/watch makes it: fewer than one sample of the
// agent's metric a minute, for three minutes.
const (
	heartbeatNamespace = "CWAgent"
	heartbeatMetric    = "mem_used_percent"
	heartbeatStat      = "SampleCount"
	heartbeatThreshold = 1.0
	heartbeatPeriods   = 3
)

// missing gives the reason of an alarm whose metric has no datapoints. CloudWatch
// documents that it treats them as breaching ("Configuring how CloudWatch alarms treat
// missing data", Amazon CloudWatch User Guide), but not the sentence. The sentence is
// that of published answers of DescribeAlarms and of published alarm mails, in which
// all agree; an answer from 2017 has these data with it, and no startDate.
func (c *change) missing() {
	c.reason = fmt.Sprintf("Threshold Crossed: no datapoints were received for %[1]d periods and %[1]d missing datapoints were treated as [Breaching].", heartbeatPeriods)
	c.reasonData = missingData(c.At)
}

// missingData are the data of that reason. A datapoint that is not there is evaluated
// all the same, and has a time but no value ("Invoke a Lambda function from an alarm",
// Amazon CloudWatch User Guide, the example's previousState).
func missingData(at time.Time) string {
	evaluated := make([]string, heartbeatPeriods)
	for i := range evaluated {
		minute := at.Truncate(time.Minute).Add(-time.Duration(i+1) * time.Minute)
		evaluated[i] = fmt.Sprintf(`{"timestamp":%q}`, minute.Format(alarmTime))
	}
	return fmt.Sprintf(`{"version":"1.0","queryDate":%q,"statistic":%q,"period":60,"recentDatapoints":[],"threshold":%.1f,"evaluatedDatapoints":[%s]}`,
		at.Format(alarmTime), heartbeatStat, heartbeatThreshold, strings.Join(evaluated, ","))
}

// heartbeatData are the data of the state before, in which the heartbeats came.
func heartbeatData(at time.Time) string {
	return fmt.Sprintf(`{"version":"1.0","queryDate":%q,"statistic":%q,"period":60,"recentDatapoints":[1.0,1.0,1.0],"threshold":%.1f}`,
		at.Format(alarmTime), heartbeatStat, heartbeatThreshold)
}

// checkMissing refuses what has no metric of its own to miss.
func (a Alarm) checkMissing() error {
	if a.Missing && (len(a.Children) > 0 || a.Contributor != nil || a.Anomaly) {
		return fmt.Errorf("alarm %s: only the datapoints of a metric with a threshold can be missing", a.Name)
	}
	return nil
}
