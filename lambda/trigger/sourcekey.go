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

// isAlarmKey reports whether key is what alarmKey gives for the alarm and some
// contributor, or none.
func isAlarmKey(key string, a Alarm) bool {
	rest, begins := strings.CutPrefix(key, alarmKeyPrefix+a.ARN+"/")
	contributor, ends := strings.CutSuffix(rest, "/"+keyTime(a.ChangedAt))
	return begins && ends && contributor == clean(contributor, maxLabel)
}

// keyTime writes a time in a source key.
func keyTime(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }
