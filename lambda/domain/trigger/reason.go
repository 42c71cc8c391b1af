package trigger

// Reason is why a record was ignored. The list is closed: logs, metrics and
// scripts count on these words.
type Reason string

const (
	// ReasonNotJSON is a payload that is not one JSON object, or a body that is
	// neither that nor text.
	ReasonNotJSON Reason = "not-json"
	// ReasonTooLarge is a body above MaxBody, which no known shape reaches.
	ReasonTooLarge Reason = "too-large"
	// ReasonUnknownShape is JSON with none of the keys that tell a known shape.
	ReasonUnknownShape Reason = "unknown-shape"
	// ReasonMalformed is a known shape with a field missing, mistyped or not allowed.
	ReasonMalformed Reason = "malformed"
	// ReasonOK is an alarm that went to OK.
	ReasonOK Reason = "ok"
	// ReasonInsufficientData is an alarm that went to INSUFFICIENT_DATA.
	ReasonInsufficientData Reason = "insufficient-data"
	// ReasonNotInAlarm is an alarm in a state that CloudWatch does not have.
	ReasonNotInAlarm Reason = "not-in-alarm"
	// ReasonMuted is an alarm under a mute rule: its actions are off, its events are not.
	ReasonMuted Reason = "muted"
	// ReasonSuppressed is a composite alarm whose actions are suppressed.
	ReasonSuppressed Reason = "suppressed"
	// ReasonNotAStateChange is an alarm event that reports something else, such as an edit.
	ReasonNotAStateChange Reason = "not-a-state-change"
	// ReasonNoInstance is an alarm in ALARM that names no instance, and nothing that
	// leads to one: a log alarm, a metric without such a dimension.
	ReasonNoInstance Reason = "no-instance"
	// ReasonTooManyTargets is a request above MaxTargets: that is an event, not a hang.
	ReasonTooManyTargets Reason = "too-many-targets"
	// ReasonNotDirect is a direct request or an alarm's Lambda action that came
	// through a queue or topic, where IAM has not said that its sender may ask.
	ReasonNotDirect Reason = "not-a-direct-invoke"
	// ReasonPopulation is an alarm whose dimension stands for many machines, such as
	// ImageId: which of them hangs is not in it.
	ReasonPopulation Reason = "population"
	// ReasonContributorWithoutInstance is a contributor of an alarm whose attributes
	// name neither an instance nor an Auto Scaling group.
	ReasonContributorWithoutInstance Reason = "contributor-without-instance"
	// ReasonContributorUnreadable is a contributor in an alarm's Lambda action, whose
	// fields AWS does not publish.
	ReasonContributorUnreadable Reason = "contributor-unreadable"
	// ReasonNotTheGrammar is text that is not meant as a request.
	ReasonNotTheGrammar Reason = "not-the-grammar"
	// ReasonForceOutsideDirect is a text or a message attribute that asks for force,
	// which exists only in a direct request.
	ReasonForceOutsideDirect Reason = "force-outside-direct"
	// ReasonResolved is a notification with the attribute status=resolved.
	ReasonResolved Reason = "resolved"
	// ReasonNotFiring is a notification that names an instance in its attributes,
	// with no status or an unknown one.
	ReasonNotFiring Reason = "not-firing"
	// ReasonConfirmation is SNS asking to confirm a subscription, or its end.
	ReasonConfirmation Reason = "subscription-confirmation"
	// ReasonAutoScaling is an event or a notification of Auto Scaling, which
	// terminates healthy instances too.
	ReasonAutoScaling Reason = "auto-scaling"
	// ReasonTestNotification is what Auto Scaling sends once to try a topic or queue.
	ReasonTestNotification Reason = "test-notification"
	// ReasonChatMessage is what Amazon Q Developer or Slack sends for people to read.
	ReasonChatMessage Reason = "chat-message"
)

// Reasons gives the whole closed list, in the order in which it is documented.
func Reasons() []Reason {
	return []Reason{
		ReasonNotJSON, ReasonTooLarge, ReasonUnknownShape, ReasonMalformed,
		ReasonOK, ReasonInsufficientData, ReasonNotInAlarm, ReasonMuted, ReasonSuppressed, ReasonNotAStateChange,
		ReasonNoInstance, ReasonTooManyTargets, ReasonNotDirect,
		ReasonPopulation, ReasonContributorWithoutInstance, ReasonContributorUnreadable,
		ReasonNotTheGrammar, ReasonForceOutsideDirect, ReasonResolved, ReasonNotFiring,
		ReasonConfirmation, ReasonAutoScaling, ReasonTestNotification, ReasonChatMessage,
	}
}
