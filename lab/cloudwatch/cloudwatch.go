// Package cloudwatch stands in for Amazon CloudWatch: its alarms, which there are, what
// they watch, and in which state they are; and the metrics of a fleet's hosts.
//
// # Alarms
//
// Nothing is evaluated: an alarm is in the state it was put in. As at AWS,
// DescribeAlarms gives only metric alarms unless AlarmTypes asks for more. An
// unknown name is absent from the answer and no error. The children of an alarm
// come with little more than their names.
//
// # Metrics
//
// GetMetricData has what follows from what the hosts did (fleet.Track): AWS/EBS
// VolumeWriteOps and VolumeIdleTime by VolumeId, AWS/EC2 NetworkOut by InstanceId, and the
// metric that a host sends of itself, by InstanceId alone. A period has no point until it
// is published (Publish), and none for what did not run. Hosts have a past of any length.
package cloudwatch

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"crashcart/lab/clock"
	"crashcart/lab/fleet"
)

// The states of an alarm ("DescribeAlarms", Amazon CloudWatch API Reference).
const (
	StateOK      = "OK"
	StateAlarm   = "ALARM"
	StateUnknown = "INSUFFICIENT_DATA"
)

var states = []string{StateOK, StateAlarm, StateUnknown}

// Metric is what an alarm watches: a metric, or with Expression an expression
// over the others.
type Metric struct {
	ID         string // needed when there are several
	Expression string
	Label      string
	Namespace  string
	Name       string
	Dimensions map[string]string
	Stat       string // default Maximum
	ReturnData bool
}

// Alarm is an alarm and its state. Name is required. One with children or a rule
// is a composite alarm, one with a query a log alarm, any other a metric alarm.
type Alarm struct {
	Name        string
	Description string
	Metrics     []Metric
	Children    []string // names, which Rule refers to
	Rule        string   // default: any of the children in ALARM
	Query       string

	State      string // default INSUFFICIENT_DATA
	Reason     string
	ReasonData string // JSON
	// Transitioned and Updated are lab times: of the change of the state's value,
	// and of the last change of anything of the state. Both default to now.
	Transitioned time.Time
	Updated      time.Time

	ActionsDisabled  bool
	Actions          []string // ARNs, on ALARM
	SuppressedBy     string   // of a composite: WaitPeriod, ExtensionPeriod or Alarm
	SuppressedReason string
	Suppressor       string // the name of the alarm that suppresses it
}

// The kinds of alarms ("DescribeAlarms", parameter AlarmTypes).
const (
	typeMetric    = "MetricAlarm"
	typeComposite = "CompositeAlarm"
	typeLog       = "LogAlarm"
)

func (a *Alarm) kind() string {
	switch {
	case a.Rule != "":
		return typeComposite
	case a.Query != "":
		return typeLog
	}
	return typeMetric
}

// Handler serves the alarms of one account and Region. It is safe for concurrent
// use.
type Handler struct {
	fleet           *fleet.Fleet
	clock           clock.Clock
	region, account string

	mu         sync.Mutex
	alarms     map[string]*Alarm
	publishing Publishing
}

// New makes a Region without alarms, with the metrics of f's guests. Its times are those
// that c reports.
func New(f *fleet.Fleet, c clock.Clock, region, account string) *Handler {
	h := &Handler{fleet: f, clock: c, region: region, account: account, alarms: map[string]*Alarm{}}
	h.Publish(Publishing{})
	return h
}

// ARN is the Amazon resource name of an alarm of a name, there or not.
func (h *Handler) ARN(name string) string {
	return fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:%s", h.region, h.account, name)
}

// Put creates an alarm, or replaces the one of its name.
func (h *Handler) Put(a Alarm) error {
	if a.Name == "" {
		return errors.New("an alarm must have a name")
	}
	if a.State == "" {
		a.State = StateUnknown
	}
	if !slices.Contains(states, a.State) {
		return fmt.Errorf("alarm %s: there is no state %q", a.Name, a.State)
	}
	if a.Rule == "" && len(a.Children) > 0 {
		a.Rule = AnyOf(a.Children)
	}
	now := h.clock.Now()
	if a.Transitioned.IsZero() {
		a.Transitioned = now
	}
	if a.Updated.IsZero() {
		a.Updated = a.Transitioned
	}
	a.Metrics, a.Children, a.Actions = slices.Clone(a.Metrics), slices.Clone(a.Children), slices.Clone(a.Actions)
	for i := range a.Metrics {
		a.Metrics[i].Dimensions = maps.Clone(a.Metrics[i].Dimensions)
		if a.Metrics[i].Stat == "" {
			a.Metrics[i].Stat = "Maximum"
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alarms[a.Name] = &a
	return nil
}

// AnyOf is the rule of a composite alarm that is in ALARM when any of the alarms
// of these names is ("PutCompositeAlarm", parameter AlarmRule).
func AnyOf(names []string) string {
	var terms []string
	for _, name := range names {
		terms = append(terms, fmt.Sprintf("ALARM(%q)", name))
	}
	return strings.Join(terms, " OR ")
}

// SetState changes an alarm's state, as of now.
func (h *Handler) SetState(name, state, reason, reasonData string) error {
	a, ok := h.Get(name)
	if !ok {
		return fmt.Errorf("the lab has no alarm %q", name)
	}
	now := h.clock.Now()
	if a.State != state {
		a.Transitioned = now
	}
	a.State, a.Reason, a.ReasonData, a.Updated = state, reason, reasonData, now
	return h.Put(a)
}

// Get gives an alarm by its name, with lab times, and whether there is one.
func (h *Handler) Get(name string) (Alarm, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.alarms[name]; a != nil {
		return *a, true
	}
	return Alarm{}, false
}

// Delete removes an alarm. Composite alarms that refer to it keep their rule.
func (h *Handler) Delete(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.alarms, name)
}
