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

// Decode reads the payload of one invocation. It gives one Record for each message of a
// batch, in the order of the batch, and otherwise exactly one. It never fails: a message
// that asks for nothing, is broken or is unknown becomes a Record that is Ignored and says
// why. Time and memory are linear in the payload. A payload above MaxPayload is not read.
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

// decodeBody reads a message that was inside an envelope. First come the attributes that
// hold a message back, whatever it says. Then come the messages that speak for themselves,
// such as an alarm. Then come the attributes that name hosts, and last any other content.
func decodeBody(body []byte, from origin) Record {
	if record := tooLarge(body); record.Ignored != nil {
		return record
	}
	set, err := from.attributes()
	if err != nil {
		return malformed(err)
	}
	if record := set.heldBack(); record.Ignored != nil {
		return record
	}
	message, bad := open(body)
	switch {
	case set.given(attributeInstance) && !speaksForItself(message):
		return decodeAttribute(set, from)
	case bad == nil:
		return dispatch(message, from)
	case isText(body):
		return decodeText(string(body), from)
	}
	return Record{Ignored: bad}
}

// speaksForItself reports whether a message counts as what it is, whatever attributes its
// envelope carries.
func speaksForItself(message object) bool {
	return message.has(laterKey) || isAlarmEvent(message) || isAlarmMessage(message) || isNotification(message)
}

// isText reports whether a body is text, and not broken JSON.
func isText(body []byte) bool {
	return !json.Valid(body) && typeOf(body) != "an object"
}

// tooLarge is an Ignored record if the message is above MaxBody, else an empty one.
func tooLarge(body []byte) Record {
	if len(body) <= MaxBody {
		return Record{}
	}
	return ignore(ReasonTooLarge, "the message is %d bytes, %d at most", len(body), MaxBody)
}

// open reads the outermost object of a message. If that cannot be used, it says why, and
// still returns the keys that it has read.
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

// dispatch decodes the message as the one shape whose keys it has. The order matters only
// for a message that mixes shapes. Then the first shape counts: Crashcart's own refuse the
// other keys, and AWS's leave them unread.
func dispatch(message object, from origin) Record {
	switch {
	case message.has("instanceIds"), from.bare() && isRequest(message):
		return decodeRequest(message, from)
	case message.has(laterKey):
		return decodeLater(message, from)
	case message.has("alarmData"):
		return decodeAlarmAction(message, from)
	case isEvent(message):
		return decodeEventBridge(message, from)
	case isAlarmMessage(message):
		return decodeAlarmMessage(message, from)
	case isNotification(message):
		return decodeNotification(message, from)
	}
	return ignoreByName(message)
}

// isRequest reports whether the message is meant as a direct request. Where the message has
// no other shape, a key that is nearly right counts, so that its sender learns of the
// mistake.
func isRequest(message object) bool {
	if message.has("instanceIds") {
		return true
	}
	if message.has("detail-type") || message.has("Records") || message.has("alarmData") || isAlarmMessage(message) || isNotification(message) {
		return false
	}
	for key := range message.fields {
		if strings.EqualFold(key, "instanceIds") || strings.EqualFold(key, "instanceId") {
			return true
		}
	}
	return false
}
