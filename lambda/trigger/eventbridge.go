package trigger

import (
	"fmt"
	"time"
)

// The source and detail-types of CloudWatch's own events ("Alarm events and
// EventBridge" in the Amazon CloudWatch User Guide). Nobody else can publish a
// source that begins with "aws." ("PutEvents" in the Amazon EventBridge API
// Reference).
const (
	sourceCloudWatch = "aws.cloudwatch"
	typeStateChange  = "CloudWatch Alarm State Change"
	typeConfigChange = "CloudWatch Alarm Configuration Change"
)

// decodeEventBridge reads an EventBridge event.
func decodeEventBridge(event object, from origin) Record {
	source, err := event.text("source")
	if err != nil {
		return malformed(err)
	}
	detailType, err := event.text("detail-type")
	if err != nil {
		return malformed(err)
	}
	switch {
	case source == sourceCloudWatch && detailType == typeStateChange:
		return decodeStateChange(event, from)
	case source == sourceCloudWatch && detailType == typeConfigChange:
		return ignore(ReasonNotAStateChange, "an alarm was created, changed or deleted, and did not change state")
	}
	return ignore(ReasonUnknownShape, "an event from %s of type %s, which is not decoded", quote(source), quote(detailType))
}

// change is what an alarm's state change says, before its metrics are read.
type change struct {
	alarm         Alarm
	reason        string
	configuration object
}

// decodeStateChange reads an alarm's state change. previousState is left alone:
// a composite goes from ALARM to ALARM, so it proves nothing.
func decodeStateChange(event object, from origin) Record {
	detail, err := event.object("detail")
	if err != nil {
		return malformed(err)
	}
	state, err := detail.object("state")
	if err != nil {
		return malformed(err)
	}
	if record := stands(detail, state); record.Ignored != nil {
		return record
	}
	c, err := readChange(event, detail, state)
	if err != nil {
		return malformed(err)
	}
	refs, record := readInstances(c.configuration)
	if record.Ignored != nil {
		return record
	}
	return Record{Trigger: &Trigger{
		Kind:      KindAlarm,
		Source:    from.via("eventbridge"),
		Alarm:     &c.alarm,
		Reason:    c.reason,
		At:        c.alarm.ChangedAt,
		SourceKey: alarmKey(c.alarm.ARN, "", c.alarm.ChangedAt),
		Targets:   refs,
	}}
}

// stands is an Ignored record unless the alarm is in ALARM and somebody means
// it to act. CloudWatch sends the event of a muted alarm and of a suppressed
// composite all the same, and only says so in it ("Alarm mute rules" and
// "Suppressing composite alarm actions" in the Amazon CloudWatch User Guide).
// Either field with a value of any type but an empty one holds the trigger back.
func stands(detail, state object) Record {
	value, err := state.text("value")
	switch {
	case err != nil:
		return malformed(err)
	case value != stateAlarm:
		return ignore(ReasonNotInAlarm, "the alarm's state is %s", quote(value))
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

// readChange reads which alarm changed, when and why.
func readChange(event, detail, state object) (change, error) {
	arn, err := firstResource(event)
	if err != nil {
		return change{}, err
	}
	parsed, err := parseAlarmARN(arn)
	if err != nil {
		return change{}, err
	}
	name, err := detail.optional("alarmName")
	if err != nil {
		return change{}, err
	}
	if name == "" {
		name = parsed.name
	}
	if err := checkAlarmName(name); err != nil {
		return change{}, fmt.Errorf("%s: %w", detail.at("alarmName"), err)
	}
	at, err := timeOf(state, "timestamp")
	if err != nil {
		return change{}, err
	}
	reason, err := state.optional("reason")
	if err != nil {
		return change{}, err
	}
	configuration, err := detail.object("configuration")
	if err != nil {
		return change{}, err
	}
	alarm := Alarm{Name: name, ARN: arn, Region: parsed.region, State: stateAlarm, ChangedAt: at}
	return change{alarm: alarm, reason: clean(reason, maxText), configuration: configuration}, nil
}

// firstResource gives resources[0], where EventBridge puts the alarm's ARN.
func firstResource(event object) (string, error) {
	const most = 1000 // an event lists one; nothing here reads a second
	resources, err := event.list("resources", most)
	if err != nil {
		return "", err
	}
	if len(resources) == 0 {
		return "", fmt.Errorf("%s is empty, so the alarm is not named", event.at("resources"))
	}
	return readText(event.at("resources[0]"), resources[0])
}

// timeOf gives the time that key must hold.
func timeOf(o object, key string) (time.Time, error) {
	s, err := o.text(key)
	if err != nil {
		return time.Time{}, err
	}
	at, err := parseTime(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", o.at(key), err)
	}
	return at, nil
}
