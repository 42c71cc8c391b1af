package trigger

// isAlarmMessage reports whether the message is what an alarm publishes to SNS.
func isAlarmMessage(message object) bool {
	return message.has("AlarmName") && message.has("NewStateValue")
}

// decodeAlarmMessage reads the message that an alarm publishes to SNS ("Using Amazon
// CloudWatch alarms", actions, in the Amazon CloudWatch User Guide). It has a time and an
// identity of its own, so the envelope's do not count. Its Region is a display name ("EU
// (Frankfurt)"), so that of the ARN counts.
func decodeAlarmMessage(message object, from origin) Record {
	state, err := message.text("NewStateValue")
	switch {
	case err != nil:
		return malformed(err)
	case state != stateAlarm:
		return notInAlarm(state)
	}
	var contributor string
	var refs []Ref
	var record Record
	single := message.given("AlarmContributorId") || message.given("AlarmContributorAttributes")
	if single {
		contributor, refs, record = messageContributor(message)
	}
	if record.Ignored != nil {
		return record
	}
	c, err := readMessageChange(message)
	if err != nil {
		return malformed(err)
	}
	if c.contributor = contributor; !single {
		refs, record = messageTargets(&c, message)
	}
	if record.Ignored != nil {
		return record
	}
	return c.record(from.published("alarm"), refs)
}

// readMessageChange reads which alarm changed, when and why. A contributor of a PromQL
// alarm has no reason.
func readMessageChange(message object) (change, error) {
	var r report
	var err error
	if r.arn, err = message.text("AlarmArn"); err != nil {
		return change{}, err
	}
	if r.name, err = message.text("AlarmName"); err != nil {
		return change{}, err
	}
	if r.reason, err = message.optional("NewStateReason"); err != nil {
		return change{}, err
	}
	if r.at, err = timeOf(message, "StateChangeTime"); err != nil {
		return change{}, err
	}
	return newChange(r)
}

// messageContributor reads the one contributor that a message is about.
func messageContributor(message object) (string, []Ref, Record) {
	id, err := contributorID(message, "AlarmContributorId")
	if err != nil {
		return "", nil, malformed(err)
	}
	refs, record := readAttributes(message, "AlarmContributorAttributes", id)
	return id, refs, record
}

// messageTargets gives what the message's Trigger names, or its children.
func messageTargets(c *change, message object) ([]Ref, Record) {
	switch {
	case message.given("Trigger"):
		trigger, err := message.object("Trigger")
		if err != nil {
			return nil, malformed(err)
		}
		metrics, err := readTrigger(trigger)
		if err != nil {
			return nil, malformed(err)
		}
		return metricTargets(metrics, c.owner)
	case message.given("AlarmRule"), message.given(messageKeys.list):
		return c.compositeTargets(readChildren(message, messageKeys))
	}
	return nil, ignore(ReasonNoInstance, "the alarm's message has no Trigger that could name an instance")
}
