package trigger

import (
	"strings"
	"time"
)

// alarmKeyPrefix, requestKeyPrefix and invokeKeyPrefix keep the source keys of
// different kinds of trigger apart.
const (
	alarmKeyPrefix   = "alarm/"
	requestKeyPrefix = "request/"
	invokeKeyPrefix  = "invoke/"
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
	return err == nil && keyTime(at) == changedAt && contributor == clean(contributor, maxLabel)
}

// keyTime writes a time in a source key.
func keyTime(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }
