package trigger

import (
	"strings"
	"time"

	"crashcart/lambda/domain/printable"
)

// The prefixes keep the source keys of different kinds of trigger apart.
const (
	alarmKeyPrefix   = "alarm/"
	requestKeyPrefix = "request/"
	invokeKeyPrefix  = "invoke/"
	noticeKeyPrefix  = "sns/" // a message without an identity of its own: that of its notification
	messageKeyPrefix = "sqs/" // and where SNS left none, that of the queue's message
)

// alarmKey is the source key of an alarm's state change: the same for every
// route on which that change arrives.
func alarmKey(arn, contributor string, changedAt time.Time) string {
	return alarmKeyPrefix + arn + "/" + contributor + "/" + keyTime(changedAt)
}

// isAlarmKey reports whether key is one that alarmKey gives for the alarm: some
// contributor or none, and some time. The time need not be the alarm's: the key
// only tells one trigger from another, and a queue that ages a trigger's times
// must leave its key alone.
func isAlarmKey(key string, a Alarm) bool {
	rest, begins := strings.CutPrefix(key, alarmKeyPrefix+a.ARN+"/")
	i := strings.LastIndexByte(rest, '/')
	if !begins || i < 0 {
		return false
	}
	contributor, changedAt := rest[:i], rest[i+1:]
	at, err := time.Parse(time.RFC3339Nano, changedAt)
	return err == nil && keyTime(at) == changedAt && contributor == printable.Line(contributor, maxLabel)
}

// keyTime writes a time in a source key, in milliseconds, which is what CloudWatch
// tells on every route ("Alarm events and EventBridge" and "Invoke a Lambda
// function from an alarm" in the Amazon CloudWatch User Guide, samples). Were
// one route more precise, the same change must still be the same.
func keyTime(at time.Time) string {
	return at.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
}
