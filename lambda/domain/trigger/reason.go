package trigger

// Reason is why a record was ignored. The list is closed: logs, metrics and scripts depend
// on these words.
type Reason string

// The reasons.
const (
	// ReasonNotJSON is a payload that is not one JSON object, or a body that is neither
	// a JSON object nor text.
	ReasonNotJSON Reason = "not-json"
	// ReasonTooLarge is a body above MaxBody, or a payload above MaxPayload.
	ReasonTooLarge Reason = "too-large"
	// ReasonUnknownShape is JSON without the keys of any known shape.
	ReasonUnknownShape Reason = "unknown-shape"
	// ReasonMalformed is a known shape with a field missing, mistyped or not allowed.
	ReasonMalformed Reason = "malformed"
	// ReasonOK is an alarm that went to OK.
	ReasonOK Reason = "ok"
	// ReasonInsufficientData is an alarm that went to INSUFFICIENT_DATA.
	ReasonInsufficientData Reason = "insufficient-data"
	// ReasonNotInAlarm is an alarm in a state that CloudWatch does not have.
	ReasonNotInAlarm Reason = "not-in-alarm"
	// ReasonMuted is an alarm under a mute rule. Its actions are off, but its events come.
	ReasonMuted Reason = "muted"
	// ReasonSuppressed is a composite alarm whose actions are suppressed.
	ReasonSuppressed Reason = "suppressed"
	// ReasonNotAStateChange is an alarm event that reports something else, such as an edit.
	ReasonNotAStateChange Reason = "not-a-state-change"
	// ReasonNoInstance is an alarm in ALARM that names no instance and nothing that leads
	// to one, such as a log alarm or a metric without such a dimension.
	ReasonNoInstance Reason = "no-instance"
	// ReasonTooManyTargets is a message that names more than MaxTargets things. That is an
	// event and not a hang.
	ReasonTooManyTargets Reason = "too-many-targets"
	// ReasonNotDirect is a direct request or an alarm's Lambda action that came through a
	// queue or topic. There IAM has not said that its sender may ask.
	ReasonNotDirect Reason = "not-a-direct-invoke"
	// ReasonPopulation is an alarm whose dimension stands for many machines, such as
	// ImageId. The alarm does not say which of them hangs.
	ReasonPopulation Reason = "population"
	// ReasonContributorWithoutInstance is a contributor of an alarm whose attributes
	// name neither an instance nor an Auto Scaling group.
	ReasonContributorWithoutInstance Reason = "contributor-without-instance"
	// ReasonContributorUnreadable is a contributor in an alarm's Lambda action, whose
	// fields AWS does not publish.
	ReasonContributorUnreadable Reason = "contributor-unreadable"
	// ReasonNotTheGrammar is text that is not meant as a request.
	ReasonNotTheGrammar Reason = "not-the-grammar"
	// ReasonForceOutsideDirect is a text or a message attribute that asks for force. Only
	// a direct request may.
	ReasonForceOutsideDirect Reason = "force-outside-direct"
	// ReasonResolved is a notification with the attribute status=resolved.
	ReasonResolved Reason = "resolved"
	// ReasonNotFiring is a notification that names an instance in its attributes, and has
	// no status or an unknown one.
	ReasonNotFiring Reason = "not-firing"
	// ReasonConfirmation is SNS asking to confirm a subscription, or its end.
	ReasonConfirmation Reason = "subscription-confirmation"
	// ReasonAutoScaling is an event or a notification of Auto Scaling. It sends them for
	// healthy instances too.
	ReasonAutoScaling Reason = "auto-scaling"
	// ReasonTestNotification is what Auto Scaling sends once to try a topic or queue.
	ReasonTestNotification Reason = "test-notification"
	// ReasonChatMessage is what Amazon Q Developer or Slack sends for people to read.
	ReasonChatMessage Reason = "chat-message"
)

// Reasons gives the whole list, in its documented order.
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
