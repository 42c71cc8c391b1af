package trigger

import (
	"fmt"
	"strings"
	"time"

	"crashcart/lambda/domain/printable"
)

// The envelopes, as a Source names them.
const (
	pathQueue = "sqs"
	pathTopic = "sns"
	pathRaw   = "raw" // what SNS left of a notification that it delivered without its envelope
)

// maxMessageID bounds the id that SNS or SQS gave a message, in bytes. Both give a UUID
// ("Publish" in the Amazon SNS API Reference; "SendMessage" in the Amazon SQS API Reference
// calls it a string).
const maxMessageID = 128

// origin is the way a message came, and what the envelopes say of it.
type origin struct {
	inv    Invocation
	path   string // the envelopes around the message, outermost first; empty for the payload of an invoke
	queued object // the queue's record, if the outermost envelope is SQS
	notice object // the notification, if the innermost envelope is SNS
}

// bare reports whether the message is the payload itself. Only a principal that IAM lets
// invoke the function can choose that.
func (f origin) bare() bool { return f.path == "" }

// notified reports whether the innermost envelope is SNS.
func (f origin) notified() bool { return f.notice.fields != nil }

// via is the Source of a message of the given shape that came this way.
func (f origin) via(shape string) string {
	if f.bare() {
		return shape
	}
	return f.path + "/" + shape
}

// published is via for a shape that is only ever published to a topic. Where there is no
// notification, SNS has delivered raw.
func (f origin) published(shape string) string {
	if f.path == pathQueue {
		return f.via(pathRaw + "/" + shape)
	}
	return f.via(shape)
}

// inside is the origin of the message that the notification carries.
func (f origin) inside(notice object) origin {
	f.path, f.notice = f.via(pathTopic), notice
	return f
}

// stamp gives the source key and the time of a message that has neither itself. They are
// those of its notification. Raw delivery strips both ("Amazon SNS raw message delivery" in
// the Amazon SNS Developer Guide). Then the key is that of the queue's message, and the
// time is zero, which is never fresh. The time at which the queue got the message does not
// count, since SNS may deliver it 23 days late.
func (f origin) stamp() (key string, at time.Time, err error) {
	prefix, envelope, id := noticeKeyPrefix, f.notice, "MessageId"
	if f.notified() {
		at, err = timeOf(f.notice, "Timestamp")
	} else {
		prefix, envelope, id = messageKeyPrefix, f.queued, "messageId"
	}
	if err != nil {
		return "", time.Time{}, err
	}
	s, err := envelope.text(id)
	if err != nil {
		return "", time.Time{}, err
	}
	if s == "" || len(s) > maxMessageID || s != printable.Line(s, maxMessageID) || strings.Contains(s, "/") {
		return "", time.Time{}, fmt.Errorf("%s %s is not the id of a message", envelope.at(id), quote(s))
	}
	return prefix + s, at, nil
}

// timeless is what a From says in addition where the message came without a time.
func timeless(at time.Time) string {
	if at.IsZero() {
		return ", delivered raw and so without a time: it cannot be fresh"
	}
	return ""
}
