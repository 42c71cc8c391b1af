package trigger

// Reason is why a record was ignored. The list is closed: logs, metrics and
// scripts count on these words.
type Reason string

const (
	// ReasonNotJSON is a payload or body that is not one JSON object.
	ReasonNotJSON Reason = "not-json"
	// ReasonTooLarge is a body above MaxBody, which no known shape reaches.
	ReasonTooLarge Reason = "too-large"
	// ReasonUnknownShape is JSON with none of the keys that tell a known shape.
	ReasonUnknownShape Reason = "unknown-shape"
	// ReasonMalformed is a known shape with a field missing, mistyped or not allowed.
	ReasonMalformed Reason = "malformed"
	// ReasonNotInAlarm is an alarm that went to OK or INSUFFICIENT_DATA.
	ReasonNotInAlarm Reason = "not-in-alarm"
	// ReasonMuted is an alarm under a mute rule: its actions are off, its events are not.
	ReasonMuted Reason = "muted"
	// ReasonSuppressed is a composite alarm whose actions are suppressed.
	ReasonSuppressed Reason = "suppressed"
	// ReasonNotAStateChange is an alarm event that reports something else, such as an edit.
	ReasonNotAStateChange Reason = "not-a-state-change"
	// ReasonNoInstance is an alarm in ALARM whose metrics name no instance.
	ReasonNoInstance Reason = "no-instance"
	// ReasonTooManyTargets is a request above MaxTargets: that is an event, not a hang.
	ReasonTooManyTargets Reason = "too-many-targets"
	// ReasonNotDirect is a direct request that came through a queue or topic,
	// where IAM has not said that its sender may ask.
	ReasonNotDirect Reason = "not-a-direct-invoke"
)

// Reasons gives the whole closed list, in the order in which it is documented.
func Reasons() []Reason {
	return []Reason{
		ReasonNotJSON, ReasonTooLarge, ReasonUnknownShape, ReasonMalformed,
		ReasonNotInAlarm, ReasonMuted, ReasonSuppressed, ReasonNotAStateChange,
		ReasonNoInstance, ReasonTooManyTargets, ReasonNotDirect,
	}
}
