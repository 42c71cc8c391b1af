package lab

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"crashcart/lab/cloudwatch"
	"crashcart/lab/sns"
)

// alarmTime is the layout of the times in an alarm's state, which is not RFC
// 3339 ("Alarm events and EventBridge", Amazon CloudWatch User Guide).
const alarmTime = "2006-01-02T15:04:05.000-0700"

// Route is how an alarm gets to the function.
type Route int

const (
	// ViaEventBridge is a rule with the intake queue as its target.
	ViaEventBridge Route = iota
	// ViaSNS is an action that publishes to Lab.Topic, to which the queue is
	// subscribed.
	ViaSNS
	// ViaRawSNS is the same with Lab.RawTopic, whose subscription is raw.
	ViaRawSNS
	// ViaLambda is the action that invokes the function.
	ViaLambda
)

// Alarm is a CloudWatch alarm to raise. Name is required. What it watches is a
// metric by the dimensions of Instances, Group, TargetGroup and Dimensions; with
// several of them it is a metric math alarm over one metric each. With Children
// it is a composite alarm and watches nothing else.
type Alarm struct {
	Name        string
	Description string
	Namespace   string // default AWS/EC2, of a target group AWS/ApplicationELB
	Metric      string // default StatusCheckFailed_Instance, of a target group UnHealthyHostCount
	Stat        string // default Maximum
	Anomaly     bool   // of one metric: a band of expected values instead of a threshold
	// Missing makes it a heartbeat alarm as package infra/watch has it: no sample of the
	// metric has come, and that counts as breaching. The defaults are then CWAgent,
	// mem_used_percent and SampleCount.
	Missing bool

	Instances   []string          // InstanceId
	Group       string            // AutoScalingGroupName
	TargetGroup string            // TargetGroup and LoadBalancer, by a name in Lab.Balancer
	Dimensions  map[string]string // any other ones

	// Children are alarms in Lab.Alarms, by name. Those that are in the state of
	// this one triggered it.
	Children []string
	// Contributor are the attributes of one time series of a Metrics Insights
	// alarm, which is raised by itself.
	Contributor map[string]string

	Muted      bool   // by a mute rule: the event says so, and no action runs
	Suppressed string // a composite's actions by WaitPeriod, ExtensionPeriod or Alarm, likewise

	State    string // default ALARM
	Previous string // default OK; a composite's may be State, when its actions were suppressed until now
	// At is the state change's wall-clock time; default the moment it is raised.
	At time.Time

	Via Route
}

// RaisedAlarm is an alarm as it was delivered.
type RaisedAlarm struct {
	Event     []byte // the event's JSON, or the payload's; by SNS the message within the envelope
	MessageID string // of the queue message that carries it; of an invocation, the request id
	At        time.Time

	via      Route
	subject  string
	delivery sns.Delivery // the last one, by SNS
}

// RaiseAlarm puts an alarm into Lab.Alarms in its state and delivers what AWS
// does. The same can be delivered again with Redeliver.
func (l *Lab) RaiseAlarm(a Alarm) (RaisedAlarm, error) {
	c, err := l.change(a)
	if err != nil {
		return RaisedAlarm{}, err
	}
	raised, err := c.event()
	if err != nil {
		return RaisedAlarm{}, err
	}
	if err := l.Alarms.Put(c.stored()); err != nil {
		return RaisedAlarm{}, fmt.Errorf("raising an alarm: %w", err)
	}
	return l.deliver(raised)
}

// Redeliver delivers an alarm again, byte by byte, and gives the id of the new
// message or request, empty if no function is deployed that could be invoked.
func (l *Lab) Redeliver(r RaisedAlarm) string {
	again, err := l.deliver(r)
	if err != nil {
		return "" // only an invocation can fail after it has been made once
	}
	return again.MessageID
}

// deliver sends an alarm on its route, for the first time or again.
func (l *Lab) deliver(r RaisedAlarm) (RaisedAlarm, error) {
	switch {
	case r.via == ViaEventBridge:
		r.MessageID = l.Queue.Send(string(r.Event), nil, 0)
	case r.via == ViaLambda:
		id, err := l.InvokeAsync(r.Event)
		if err != nil {
			return r, fmt.Errorf("invoking the function for an alarm: %w", err)
		}
		r.MessageID = id
	case r.delivery.MessageID != "":
		r.delivery = r.delivery.Again()
		r.MessageID = r.delivery.MessageID
	default:
		all, err := l.topic(r.via).Publish(string(r.Event), r.subject, nil)
		if err != nil {
			return r, err
		}
		r.delivery = all[0] // the intake queue's, which Start subscribed
		r.MessageID = r.delivery.MessageID
	}
	return r, nil
}

// AlarmEvent makes the event, message or payload without delivering it, and
// without changing Lab.Alarms.
func (l *Lab) AlarmEvent(a Alarm) (RaisedAlarm, error) {
	c, err := l.change(a)
	if err != nil {
		return RaisedAlarm{}, err
	}
	return c.event()
}

func (l *Lab) topic(via Route) *sns.Topic {
	if via == ViaRawSNS {
		return l.RawTopic
	}
	return l.Topic
}

// event encodes a state change for its route. An alarm that is muted or
// suppressed takes no actions ("Alarm actions", Amazon CloudWatch User Guide).
func (c change) event() (RaisedAlarm, error) {
	if c.Via != ViaEventBridge && (c.Muted || c.Suppressed != "") {
		return RaisedAlarm{}, fmt.Errorf("alarm %s: a muted or suppressed alarm takes no actions", c.Name)
	}
	if c.Via == ViaLambda && c.Contributor != nil {
		return RaisedAlarm{}, errors.New("how the Lambda action names a contributor is not published")
	}
	body := c.message
	switch c.Via {
	case ViaEventBridge:
		body = c.eventBridge
	case ViaLambda:
		body = c.payload
	}
	raw, err := json.Marshal(body())
	if err != nil {
		return RaisedAlarm{}, fmt.Errorf("encoding alarm %s: %w", c.Name, err)
	}
	return RaisedAlarm{Event: raw, At: c.At, via: c.Via, subject: c.subject()}, nil
}

// stored is the alarm as DescribeAlarms tells it from now on.
func (c change) stored() cloudwatch.Alarm {
	at := c.lab.Clock.Now().Add(time.Until(c.At)) // so old in the lab as it is on the wall
	out := cloudwatch.Alarm{
		Name: c.Name, Description: c.Description, Metrics: c.metrics, Children: c.Children,
		State: c.State, Reason: c.reason, ReasonData: c.reasonData, Transitioned: at,
		SuppressedBy: c.Suppressed, SuppressedReason: c.suppressedReason(),
	}
	if c.Suppressed != "" || c.released() {
		out.Suppressor = suppressor
	}
	switch c.Via {
	case ViaSNS, ViaRawSNS:
		out.Actions = []string{c.lab.topic(c.Via).ARN()}
	case ViaLambda:
		out.Actions = []string{fmt.Sprintf("arn:aws:lambda:%s:%s:function:crashcart-interrupt", c.lab.Region, c.lab.Account)}
	}
	return out
}

func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
