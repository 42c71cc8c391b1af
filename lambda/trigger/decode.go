package trigger

import (
	"encoding/json"
	"strings"
)

const (
	// MaxPayload is the largest payload that is read, in bytes: what Lambda
	// takes in one synchronous invoke, batches from a queue included ("Lambda
	// quotas" in the AWS Lambda Developer Guide: 6 MB).
	MaxPayload = 6 << 20

	// MaxBody is the largest single message that is read, in bytes: what SQS
	// and an asynchronous invoke take ("Amazon SQS message quotas": 1 MiB;
	// "Lambda quotas": 1 MB).
	MaxBody = 1 << 20
)

// origin is the way a message came.
type origin struct {
	inv  Invocation
	path string // the envelopes around the message, outermost first; empty for the payload of an invoke
}

// bare reports whether the message is the payload itself, which only a
// principal that IAM lets invoke the function can choose.
func (f origin) bare() bool { return f.path == "" }

// via is the Source of a message of the given shape that came this way.
func (f origin) via(shape string) string {
	if f.bare() {
		return shape
	}
	return f.path + "/" + shape
}

// Decode reads the payload of one invocation and gives at least one Record: one
// for each message of a batch, in its order, otherwise exactly one. It never
// fails: what asks for nothing, is broken or is unknown is a Record that is
// Ignored, and says why. Its time and memory are linear in the payload, which
// is not read at all above MaxPayload.
func Decode(payload []byte, inv Invocation) Batch {
	if len(payload) > MaxPayload {
		return Batch{Envelope: EnvelopeEvent, Records: []Record{
			ignore(ReasonTooLarge, "the payload is %d bytes, %d at most", len(payload), MaxPayload),
		}}
	}
	inv.At = inv.At.Round(0).UTC()
	from := origin{inv: inv}
	message, bad := open(payload)
	if bad == nil && message.has("Records") && !isRequest(message) {
		return decodeRecords(message, inv)
	}
	envelope := EnvelopeEvent
	if isRequest(message) {
		envelope = EnvelopeDirect
	}
	record := tooLarge(payload)
	switch {
	case record.Ignored != nil:
	case bad != nil:
		record = Record{Ignored: bad}
	default:
		record = dispatch(message, from)
	}
	return Batch{Envelope: envelope, Records: []Record{record}}
}

// decodeBody reads a message that was inside an envelope.
func decodeBody(body []byte, from origin) Record {
	if record := tooLarge(body); record.Ignored != nil {
		return record
	}
	message, bad := open(body)
	if bad != nil {
		return Record{Ignored: bad}
	}
	return dispatch(message, from)
}

// tooLarge is an Ignored record if the message is above MaxBody, else an empty one.
func tooLarge(body []byte) Record {
	if len(body) <= MaxBody {
		return Record{}
	}
	return ignore(ReasonTooLarge, "the message is %d bytes, %d at most", len(body), MaxBody)
}

// open reads the outermost object of a message. When it cannot be used it says
// why; the keys it did read are returned all the same.
func open(body []byte) (object, *Ignored) {
	if !json.Valid(body) {
		return object{}, ignore(ReasonNotJSON, "the message is not JSON").Ignored
	}
	if kind := typeOf(body); kind != "an object" {
		return object{}, ignore(ReasonNotJSON, "the message is %s, not a JSON object", kind).Ignored
	}
	message, err := readObject("", body)
	if err != nil {
		return message, malformed(err).Ignored
	}
	return message, nil
}

// dispatch chooses the one shape whose discriminating keys the message has and
// decodes it as that. The order matters only for a message that mixes shapes,
// which the first then refuses or, being AWS's own, reads as if it were alone.
func dispatch(message object, from origin) Record {
	switch {
	case message.has("instanceIds"), from.bare() && isRequest(message):
		return decodeRequest(message, from)
	case message.has(laterKey):
		return decodeLater(message, from)
	case message.has("source") && message.has("detail-type"):
		return decodeEventBridge(message, from)
	}
	return ignore(ReasonUnknownShape, "%s", describe(message))
}

// describe says what a message of no decoded shape looks like.
func describe(message object) string {
	switch {
	case message.has("alarmData"):
		return "an alarm's Lambda action, which is not decoded"
	case message.has("Records"):
		return "a batch inside a message, which is not decoded"
	case message.has("Type") && message.has("TopicArn"):
		return "an SNS notification, which is not decoded"
	case message.has("AlarmName") && message.has("NewStateValue"):
		return "an alarm's SNS message, which is not decoded"
	case len(message.fields) == 0:
		return "an empty object"
	}
	return "none of the keys that tell a known shape: instanceIds, or source with detail-type"
}

// isRequest reports whether the message is meant as a direct request. A key
// spelled nearly right counts where nothing else claims the message, so that
// whoever typed it is told.
func isRequest(message object) bool {
	if message.has("instanceIds") {
		return true
	}
	if message.has("detail-type") || message.has("Records") {
		return false
	}
	for key := range message.fields {
		if strings.EqualFold(key, "instanceIds") || strings.EqualFold(key, "instanceId") {
			return true
		}
	}
	return false
}
