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
	noticeKeyPrefix  = "sns/" // the notification of a message that has no identity of its own
	messageKeyPrefix = "sqs/" // the queue's message, where raw delivery has taken the notification
)

// alarmKey is the source key of an alarm's state change. It is the same on every route on
// which that change arrives.
func alarmKey(arn, contributor string, changedAt time.Time) string {
	return alarmKeyPrefix + arn + "/" + contributor + "/" + keyTime(changedAt)
}

// isAlarmKey reports whether alarmKey could have given the key for this alarm, with or
// without a contributor. The time may be another than the alarm's: the key only keeps
// triggers apart, and stays as it was when something changes the times of a trigger in the
// queue.
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

// keyTime writes a time in a source key, in milliseconds. CloudWatch gives milliseconds on
// every route ("Alarm events and EventBridge" and "Invoke a Lambda function from an alarm"
// in the Amazon CloudWatch User Guide, samples). If one route became more precise, the same
// change would still have the same key.
func keyTime(at time.Time) string {
	return at.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano)
}
