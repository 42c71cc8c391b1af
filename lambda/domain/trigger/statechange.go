package trigger

import (
	"time"

	"crashcart/lambda/domain/printable"
)

// change is one alarm's state change, the same for every route on which it came.
type change struct {
	alarm       Alarm
	owner       owner
	contributor string // the id of the contributor that changed; empty where the alarm did
	reason      string
}

// report is what a message says of an alarm's state change, as it came.
type report struct {
	arn    string // the alarm's identity
	name   string // only shown: it may differ from the ARN's, and may be missing
	reason string // may be missing
	at     time.Time
}

// newChange checks a report.
func newChange(r report) (change, error) {
	parsed, err := parseAlarmARN(r.arn)
	if err != nil {
		return change{}, err
	}
	if r.name == "" {
		r.name = parsed.name
	}
	if err := checkAlarmName(r.name); err != nil {
		return change{}, err
	}
	return change{
		alarm:  Alarm{Name: r.name, ARN: r.arn, Region: parsed.region, State: stateAlarm, ChangedAt: r.at},
		owner:  parsed.owner,
		reason: printable.Line(r.reason, maxText),
	}, nil
}

// record is the trigger that the change makes.
func (c change) record(source string, targets []Ref) Record {
	if len(targets) > MaxTargets {
		return ignore(ReasonTooManyTargets, "the alarm names %d targets, %d at most", len(targets), MaxTargets)
	}
	return Record{Trigger: &Trigger{
		Kind:      KindAlarm,
		Source:    source,
		Alarm:     &c.alarm,
		Reason:    c.reason,
		At:        c.alarm.ChangedAt,
		SourceKey: alarmKey(c.alarm.ARN, c.contributor, c.alarm.ChangedAt),
		Targets:   targets,
	}}
}

// targetReader gives what a state change names. If that is nothing, the record says why. It
// may set the contributor in c.
type targetReader func(c *change, detail, state object) ([]Ref, Record)

// decodeDetail reads a state change. EventBridge's detail and the Lambda action's alarmData
// have the same shape. previousState is not read: a composite goes from ALARM to ALARM, so
// it proves nothing.
func decodeDetail(detail object, arn func() (string, error), source string, targets targetReader) Record {
	state, err := detail.object("state")
	if err != nil {
		return malformed(err)
	}
	if record := stands(detail, state); record.Ignored != nil {
		return record
	}
	identity, err := arn()
	if err != nil {
		return malformed(err)
	}
	c, err := readChange(detail, state, identity)
	if err != nil {
		return malformed(err)
	}
	refs, record := targets(&c, detail, state)
	if record.Ignored != nil {
		return record
	}
	return c.record(source, refs)
}

// readChange reads which alarm changed, when and why.
func readChange(detail, state object, arn string) (change, error) {
	r := report{arn: arn}
	var err error
	if r.name, err = detail.optional("alarmName"); err != nil {
		return change{}, err
	}
	if r.at, err = timeOf(state, "timestamp"); err != nil {
		return change{}, err
	}
	if r.reason, err = state.optional("reason"); err != nil {
		return change{}, err
	}
	return newChange(r)
}

// stands is an Ignored record unless the alarm is in ALARM and is meant to act. CloudWatch
// sends the event of a muted alarm and of a suppressed composite too, and only a field in it
// says so ("Alarm mute rules" and "Suppressing composite alarm actions" in the Amazon
// CloudWatch User Guide). A value of any type in such a field holds the trigger back,
// unless it is empty.
func stands(detail, state object) Record {
	value, err := state.text("value")
	switch {
	case err != nil:
		return malformed(err)
	case value != stateAlarm:
		return notInAlarm(value)
	case detail.given("muteDetail"):
		return ignore(ReasonMuted, "the alarm is muted%s", mutedBy(detail))
	case state.given("actionsSuppressedBy") && string(state.fields["actionsSuppressedBy"]) != `""`:
		by := "something that cannot be read"
		if s, err := state.text("actionsSuppressedBy"); err == nil {
			by = quote(s)
		}
		return ignore(ReasonSuppressed, "the alarm's actions are suppressed by %s", by)
	}
	return Record{}
}

// notInAlarm is the record of an alarm in any other state.
func notInAlarm(state string) Record {
	reason, ok := map[string]Reason{"OK": ReasonOK, "INSUFFICIENT_DATA": ReasonInsufficientData}[state]
	if !ok {
		reason = ReasonNotInAlarm
	}
	return ignore(reason, "the alarm's state is %s", quote(state))
}

// mutedBy names the mute rule, where the event does.
func mutedBy(detail object) string {
	mute, err := detail.object("muteDetail")
	if err != nil {
		return ""
	}
	rule, err := mute.text("mutedByArn")
	if err != nil {
		return ""
	}
	return " by " + quote(rule)
}

// alarmTargets gives what a metric alarm's metrics name, or the children of a composite. It
// is a targetReader.
func alarmTargets(c *change, detail, state object) ([]Ref, Record) {
	configuration, err := detail.object("configuration")
	if err != nil {
		return nil, malformed(err)
	}
	switch {
	case configuration.given("metrics"):
		metrics, err := readMetrics(configuration)
		if err != nil {
			return nil, malformed(err)
		}
		return metricTargets(metrics, c.owner)
	case configuration.given("alarmRule"):
		children, err := childrenInReason(state)
		return c.compositeTargets(children, err)
	}
	return nil, ignore(ReasonNoInstance, "%s", withoutMetrics(configuration))
}
