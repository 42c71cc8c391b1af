// Package trigger reads whatever came in and says what it asks for.
//
// A payload becomes a Batch of Records. Each Record is either a Trigger, which is a
// request to interrupt, or Ignored, with one of a closed list of reasons. A few keys show
// the shape of a message. It is then decoded as that one shape; no shape is ever tried
// out. An instance id is read from the field that names it, and is never searched for in
// text. Nothing here does I/O.
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
// Text and attributes have no time of their own. Theirs is that of the notification. Raw
// delivery strips it; then At is zero, and the trigger is never fresh. An alarm has its
// own time, and the same source key on every route. So an alarm's message counts as an
// alarm even when it carries attributes. These can hold it back (force, status=resolved)
// and add nothing.
//
// What an alarm names is read from its dimensions, its children or its contributor. An
// instance counts before anything wider. A target group is given as an ARN, made of the
// dimension and the alarm's own partition, Region and account. An Auto Scaling group is
// given as its name, and a composite's child as its ARN. Package resolve finds the
// instances of those.
//
// AWS's own shapes may hold fields besides those that are read, since AWS adds some every
// year. The requests and the later message are Crashcart's own, and may not. Keys match
// exactly, and an object that has a key twice is refused wherever it is read. All that is
// read is bounded: MaxPayload, MaxBody, MaxTargets, and texts of one printable line of at
// most a kibibyte.
//
// Everyone who may write to the queue can forge an alarm, and so can ask for what an alarm
// may ask for. Nothing in a queue can ask for more: a direct request there is ignored, and
// a later message never carries force or the kind direct.
package trigger

import "time"

// MaxTargets is how many distinct things one message may name. A message that names more
// reports an event. To interrupt everything that it names would make the event worse.
const MaxTargets = 100

// Kind says who asks. For a direct invoke asking is enough; the other kinds need more.
type Kind string

// The kinds of trigger.
const (
	// KindAlarm is a CloudWatch alarm that went into ALARM.
	KindAlarm Kind = "alarm"
	// KindDirect is a Lambda invoke: IAM has said that its sender may ask.
	KindDirect Kind = "direct"
	// KindText is a line that a person or Slack published to the intake topic.
	KindText Kind = "text"
	// KindAttribute is a notification that names hosts in its message attributes.
	KindAttribute Kind = "attribute"
)

// Trigger is one request to interrupt, decoded.
//
// At is when the thing happened that it reports: the alarm changed its state, the request
// was made or the function invoked, or the notification was published. It is zero when the
// message has no such time. Then the trigger is never fresh.
type Trigger struct {
	Kind        Kind      `json:"kind"`
	Source      string    `json:"source"` // the envelopes it came through and its shape: "sqs/sns/alarm", "sqs/raw/text", "lambda"
	Alarm       *Alarm    `json:"alarm,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	RequestedBy string    `json:"requestedBy,omitempty"`
	At          time.Time `json:"at,omitzero"`
	SourceKey   string    `json:"sourceKey"`        // the same for every delivery of the same thing
	DryRun      bool      `json:"dryRun,omitempty"` // a dry run in every mode of the stack
	Force       []string  `json:"force,omitempty"`  // rules to override; only ever set on KindDirect
	Targets     []Ref     `json:"targets"`
	Pass        int       `json:"pass,omitempty"` // how often it was put back into the queue
}

// Alarm is the CloudWatch alarm behind a trigger.
type Alarm struct {
	Name      string    `json:"name"`
	ARN       string    `json:"arn"`
	Region    string    `json:"region"` // that of the ARN; no other field of a message is trusted for it
	State     string    `json:"state"`
	ChangedAt time.Time `json:"changedAt"`
}

// Ref is one thing that a trigger names, and where in the event it is named. Exactly one
// of the first four fields is set.
type Ref struct {
	Instance         string `json:"instance,omitempty"`
	AutoScalingGroup string `json:"autoScalingGroup,omitempty"`
	TargetGroup      string `json:"targetGroup,omitempty"`
	Alarm            string `json:"alarm,omitempty"`
	From             string `json:"from"`

	// Via is the ARN of the target group in which the instance was found.
	Via string `json:"via,omitempty"`

	// Seen is what the pass before saw of the instance. It is nil at the first pass.
	Seen *Seen `json:"seen,omitempty"`

	// Candidate says that the instance is named only because its group is. It is dropped
	// unless it shows a sign of a hang.
	Candidate bool `json:"-"`
}

// Ignored says why a record asks for nothing.
type Ignored struct {
	Reason Reason `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// Record is one decoded message. Either Trigger or Ignored is set, and never both.
// MessageID is the SQS message id; it is empty outside a queue.
type Record struct {
	MessageID string   `json:"-"`
	Trigger   *Trigger `json:"trigger,omitempty"`
	Ignored   *Ignored `json:"ignored,omitempty"`
}

// Envelope is how the function was called. The shape of its answer depends on it.
type Envelope string

// The envelopes.
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

// Invocation is what Lambda says of the call.
type Invocation struct {
	RequestID string
	At        time.Time
}
