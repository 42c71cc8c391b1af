package lab

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"
)

// alarmTime is the layout of the times in an alarm's state, which is not RFC
// 3339 ("Alarm events and EventBridge", Amazon CloudWatch User Guide).
const alarmTime = "2006-01-02T15:04:05.000-0700"

// Alarm is a CloudWatch alarm about instances. Name is required.
type Alarm struct {
	Name      string
	Namespace string // default AWS/EC2
	Metric    string // default StatusCheckFailed_Instance
	Stat      string // default Maximum
	// Instances are the dimensions: one makes a metric alarm, several a metric
	// math alarm over one metric each.
	Instances []string
	State     string // default ALARM
	Previous  string // default OK
	// At is the state change's wall-clock time; default the moment it is raised.
	At time.Time
}

// RaisedAlarm is an alarm event as EventBridge delivers it.
type RaisedAlarm struct {
	Event     []byte // the event's JSON
	MessageID string // of the queue message that carries it
	At        time.Time
}

// RaiseAlarm makes the "CloudWatch Alarm State Change" event of an alarm and puts
// it into the intake queue, as an EventBridge rule with the queue as its target
// does. The same event can be delivered again with Redeliver.
func (l *Lab) RaiseAlarm(a Alarm) (RaisedAlarm, error) {
	raised, err := l.AlarmEvent(a)
	if err != nil {
		return RaisedAlarm{}, err
	}
	raised.MessageID = l.Redeliver(raised)
	return raised, nil
}

// Redeliver puts an alarm event into the queue again, byte by byte, and gives the
// id of the new message.
func (l *Lab) Redeliver(r RaisedAlarm) string { return l.Queue.Send(string(r.Event), nil, 0) }

// AlarmEvent makes the event without delivering it.
func (l *Lab) AlarmEvent(a Alarm) (RaisedAlarm, error) {
	a = a.filled()
	arn := fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:%s", l.Region, l.Account, a.Name)
	reason := fmt.Sprintf("Threshold Crossed: 2 out of the last 2 datapoints [1.0 (%s), 1.0 (%s)] were greater than the threshold (0.0) (minimum 2 datapoints for OK -> ALARM transition).",
		a.At.Add(-time.Minute).Format("02/01/06 15:04:05"), a.At.Add(-2*time.Minute).Format("02/01/06 15:04:05"))
	state := func(value, reason string, at time.Time) map[string]any {
		return map[string]any{
			"value": value, "reason": reason, "timestamp": at.Format(alarmTime),
			"reasonData": fmt.Sprintf(`{"version":"1.0","queryDate":%q,"period":60,"recentDatapoints":[1.0,1.0],"threshold":0.0}`, at.Format(alarmTime)),
		}
	}
	event, err := json.Marshal(map[string]any{
		"version": "0", "id": uuid(), "detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch",
		"account": l.Account, "time": a.At.Format(time.RFC3339), "region": l.Region, "resources": []string{arn},
		"detail": map[string]any{
			"alarmName":     a.Name,
			"configuration": map[string]any{"description": "raised in the lab", "metrics": a.metrics()},
			"previousState": state(a.Previous, "the threshold was not crossed", a.At.Add(-24*time.Hour)),
			"state":         state(a.State, reason, a.At),
		},
	})
	if err != nil {
		return RaisedAlarm{}, fmt.Errorf("encoding the event of alarm %s: %w", a.Name, err)
	}
	return RaisedAlarm{Event: event, At: a.At}, nil
}

func (a Alarm) filled() Alarm {
	for _, d := range []struct {
		field *string
		value string
	}{
		{&a.Namespace, "AWS/EC2"},
		{&a.Metric, "StatusCheckFailed_Instance"},
		{&a.Stat, "Maximum"},
		{&a.State, "ALARM"},
		{&a.Previous, "OK"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	if a.At.IsZero() {
		a.At = time.Now()
	}
	a.At = a.At.UTC()
	return a
}

func (a Alarm) metrics() []map[string]any {
	math := len(a.Instances) != 1
	var out []map[string]any
	if math {
		out = append(out, map[string]any{"id": "e1", "expression": "MAX(METRICS())", "label": a.Metric, "returnData": true})
	}
	for i, instance := range a.Instances {
		id := uuid()
		if math {
			id = fmt.Sprintf("m%d", i+1)
		}
		out = append(out, map[string]any{"id": id, "returnData": !math, "metricStat": map[string]any{
			"metric": map[string]any{"namespace": a.Namespace, "name": a.Metric, "dimensions": map[string]string{"InstanceId": instance}},
			"period": 60, "stat": a.Stat,
		}})
	}
	return out
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
