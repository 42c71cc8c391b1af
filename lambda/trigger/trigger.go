// Package trigger reads whatever came in and says what it asks for.
//
// A payload becomes a Batch of Records. Each Record is either a Trigger, a
// request to interrupt, or Ignored with one of a closed list of reasons. The
// shape is chosen by its discriminating keys and then decoded as that one
// shape; it is never found out by trial. An instance id is read from the field
// that names it, never searched for in text. Nothing here does I/O.
//
// These messages are decoded:
//
//	EventBridge event   source and detail-type; CloudWatch's alarm state change,
//	                    as the payload or as the body of a queue message
//	SQS batch           Records[].eventSource is "aws:sqs"; one Record for each
//	direct request      instanceIds; only as the payload of an invoke, because
//	                    only there IAM has said that the sender may ask
//	later               crashcart; only as the body of a queue message: a trigger
//	                    that EncodeLater put back
//
// AWS's own shapes may hold any field besides those that are read, since AWS
// adds some every year; the last two, which are Crashcart's, may not. Keys match
// exactly, and an object that has a key twice is refused wherever it is read.
// Whatever is read is bounded: MaxPayload, MaxBody, MaxTargets, and texts of a
// kibibyte without control characters.
//
// Whoever may write to the queue can forge an alarm, and so can ask for what an
// alarm may ask for. Nothing in a queue asks for more: a direct request there is
// ignored, and a later message never carries force or the kind direct.
package trigger

import "time"

// Kind says who is asking, which decides whether asking is enough.
type Kind string

const (
	// KindAlarm is a CloudWatch alarm that went into ALARM.
	KindAlarm Kind = "alarm"
	// KindDirect is a Lambda invoke: IAM has already said that this principal may ask.
	KindDirect Kind = "direct"
	// KindText is a line that a person or Slack published to the intake topic.
	KindText Kind = "text"
	// KindAttribute is a notification that names hosts in its message attributes.
	KindAttribute Kind = "attribute"
)

// Trigger is one request to interrupt, decoded.
//
// At is when the thing it reports happened: an alarm's state change, a direct
// invoke's invocation. It is zero when the message has no time of its own, and
// then it can never be fresh.
type Trigger struct {
	Kind        Kind      `json:"kind"`
	Source      string    `json:"source"` // the envelopes it came through, outermost first: "sqs/eventbridge", "lambda"
	Alarm       *Alarm    `json:"alarm,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	RequestedBy string    `json:"requestedBy,omitempty"`
	At          time.Time `json:"at,omitzero"`
	SourceKey   string    `json:"sourceKey"`        // what makes a second delivery of the same thing the same thing
	DryRun      bool      `json:"dryRun,omitempty"` // leashed whatever the stack's mode
	Force       []string  `json:"force,omitempty"`  // rules to override; only ever set on KindDirect
	Targets     []Ref     `json:"targets"`
	Hop         int       `json:"hop,omitempty"` // how often "later" has put it back in the queue
}

// Alarm is the CloudWatch alarm behind a trigger.
type Alarm struct {
	Name      string    `json:"name"`
	ARN       string    `json:"arn"`
	Region    string    `json:"region"` // the ARN's: display names and envelopes are not trusted for it
	State     string    `json:"state"`
	ChangedAt time.Time `json:"changedAt"`
}

// Ref is one thing a trigger names, and where in the event it was named.
// Exactly one of the first four fields is set.
type Ref struct {
	Instance         string `json:"instance,omitempty"`
	AutoScalingGroup string `json:"autoScalingGroup,omitempty"`
	TargetGroup      string `json:"targetGroup,omitempty"`
	Alarm            string `json:"alarm,omitempty"`
	From             string `json:"from"`

	// CheckFailed says that AWS's own reachability check had failed for this
	// instance when it was named (the alarm watches that very check) or when a
	// former hop looked. A check that passes now has then passed since.
	CheckFailed bool `json:"checkFailed,omitempty"`
}

// Ignored says why a record asks for nothing.
type Ignored struct {
	Reason Reason `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// Record is one decoded message: a Trigger or Ignored, never both, never
// neither. MessageID is the SQS message id, empty outside a queue.
type Record struct {
	MessageID string   `json:"-"`
	Trigger   *Trigger `json:"trigger,omitempty"`
	Ignored   *Ignored `json:"ignored,omitempty"`
}

// Envelope is how Lambda was called, which decides the shape of the answer.
type Envelope string

const (
	// EnvelopeDirect is a person's or program's own request.
	EnvelopeDirect Envelope = "direct"
	// EnvelopeSQS is a batch from the intake queue.
	EnvelopeSQS Envelope = "sqs"
	// EnvelopeEvent is a bare event, sent asynchronously: nobody reads the answer.
	EnvelopeEvent Envelope = "event"
)

// Batch is everything one invocation brought.
type Batch struct {
	Envelope Envelope `json:"-"`
	Records  []Record `json:"records"`
}

// Invocation is what Lambda says of the call itself.
type Invocation struct {
	RequestID string
	At        time.Time
}
