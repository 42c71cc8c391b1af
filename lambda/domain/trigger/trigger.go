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
//	EventBridge event   source and detail-type; CloudWatch's state change of an
//	                    alarm, metric or composite, or of one contributor
//	alarm's action      alarmData; what an alarm sends to a function that is its
//	                    action; only as the payload of an invoke
//	alarm's message     AlarmName and NewStateValue; what an alarm publishes to SNS
//	text                one whole line: interrupt i-... [i-...] [dry-run] because
//	                    <reason>; only inside SNS or a queue
//	attributes          any message inside SNS with the message attributes
//	                    instance_id and status=firing; its content is not read
//	direct request      instanceIds; only as the payload of an invoke, because
//	                    only there IAM has said that the sender may ask
//	later               crashcart; only as the body of a queue message: a trigger
//	                    that EncodeLater put back
//
// They come as the payload of an invoke or in these envelopes, which nest:
//
//	SQS batch           Records[].eventSource is "aws:sqs"; one Record for each
//	SNS to a function   Records[].EventSource is "aws:sns"
//	SNS notification    Type and TopicArn; as SNS delivers it to a queue
//	SNS raw delivery    nothing: the queue's message is the content itself, and
//	                    its messageAttributes are those of the notification
//
// A text and attributes have no time of their own. Theirs is the notification's;
// raw delivery strips that, and they are decoded with a zero At, never fresh. An
// alarm has its own time, and one source key by whichever route it comes. So an
// alarm's message counts as that also when it carries attributes; they can hold
// it back (force, status=resolved) and add nothing.
//
// What an alarm names is read from its dimensions, its children or its
// contributor. An instance counts before anything wider. A target group is given
// as an ARN, made of the dimension and the alarm's own partition, Region and
// account; an Auto Scaling group as its name; a composite's child as its ARN.
// Whoever takes the Trigger has to look up what stands in those.
//
// AWS's own shapes may hold any field besides those that are read, since AWS
// adds some every year; the requests and the later message, which are Crashcart's,
// may not. Keys match exactly, and an object that has a key twice is refused
// wherever it is read. Whatever is read is bounded: MaxPayload, MaxBody,
// MaxTargets, and texts of a kibibyte without control characters.
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
// invoke's invocation, a notification's publication. It is zero when the message
// has no time of its own, and then it can never be fresh.
type Trigger struct {
	Kind        Kind      `json:"kind"`
	Source      string    `json:"source"` // the envelopes it came through and its shape: "sqs/sns/alarm", "sqs/raw/text", "lambda"
	Alarm       *Alarm    `json:"alarm,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	RequestedBy string    `json:"requestedBy,omitempty"`
	At          time.Time `json:"at,omitzero"`
	SourceKey   string    `json:"sourceKey"`        // what makes a second delivery of the same thing the same thing
	DryRun      bool      `json:"dryRun,omitempty"` // dryRun whatever the stack's mode
	Force       []string  `json:"force,omitempty"`  // rules to override; only ever set on KindDirect
	Targets     []Ref     `json:"targets"`
	Pass        int       `json:"pass,omitempty"` // how often "later" has put it back in the queue
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
	// former pass looked. A check that passes now has then passed since.
	CheckFailed bool `json:"checkFailed,omitempty"`

	// Via is the ARN of the target group in which the instance was found.
	Via string `json:"via,omitempty"`

	// Candidate says that the instance is named only because its group is. It is
	// looked at, and dropped unless it fails.
	Candidate bool `json:"-"`
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
