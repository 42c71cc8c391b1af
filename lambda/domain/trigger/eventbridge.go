package trigger

import "fmt"

// The source and detail-types of CloudWatch's own events ("Alarm events and EventBridge" in
// the Amazon CloudWatch User Guide). Only AWS can publish a source that begins with "aws."
// ("PutEvents" in the Amazon EventBridge API Reference).
const (
	sourceCloudWatch  = "aws.cloudwatch"
	sourceAutoScaling = "aws.autoscaling"
	typeStateChange   = "CloudWatch Alarm State Change"
	typeContributor   = "CloudWatch Alarm Contributor State Change"
	typeConfigChange  = "CloudWatch Alarm Configuration Change"
)

// isEvent reports whether the message is an EventBridge event.
func isEvent(message object) bool { return message.has("source") && message.has("detail-type") }

// isAlarmEvent reports whether it is one of CloudWatch's own.
func isAlarmEvent(message object) bool {
	source, err := message.text("source")
	return err == nil && source == sourceCloudWatch && isEvent(message)
}

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
		return decodeStateChange(event, from, alarmTargets)
	case source == sourceCloudWatch && detailType == typeContributor:
		return decodeStateChange(event, from, contributorTargets)
	case source == sourceCloudWatch && detailType == typeConfigChange:
		return ignore(ReasonNotAStateChange, "an alarm was created, changed or deleted, and did not change state")
	case source == sourceAutoScaling:
		return ignore(ReasonAutoScaling, "Auto Scaling reports %s, as it does for healthy instances too", quote(detailType))
	}
	return ignore(ReasonUnknownShape, "an event from %s of type %s, which is not decoded", quote(source), quote(detailType))
}

// decodeStateChange reads a state change of an alarm, or of one contributor of it.
func decodeStateChange(event object, from origin, targets targetReader) Record {
	detail, err := event.object("detail")
	if err != nil {
		return malformed(err)
	}
	return decodeDetail(detail, func() (string, error) { return firstResource(event) }, from.via("eventbridge"), targets)
}

// firstResource gives resources[0], where EventBridge puts the alarm's ARN.
func firstResource(event object) (string, error) {
	const most = 1000 // an event lists one
	resources, err := event.list("resources", most)
	if err != nil {
		return "", err
	}
	if len(resources) == 0 {
		return "", fmt.Errorf("%s is empty, so the alarm is not named", event.at("resources"))
	}
	return readText(event.at("resources[0]"), resources[0])
}
