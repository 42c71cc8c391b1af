package trigger

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// stateAlarm is the one alarm state that asks for anything ("AlarmState" in the
// Amazon CloudWatch API Reference: OK, ALARM, INSUFFICIENT_DATA).
const stateAlarm = "ALARM"

// maxName is the length of an alarm's or a group's name in characters
// ("PutMetricAlarm" in the Amazon CloudWatch API Reference,
// "CreateAutoScalingGroup" in the Amazon EC2 Auto Scaling API Reference).
const maxName = 255

// cloudWatchTime is how CloudWatch writes the time of a state change: an offset
// without a colon, so not RFC 3339 ("Alarm events and EventBridge" in the
// Amazon CloudWatch User Guide, samples). Parsing takes any fraction.
const cloudWatchTime = "2006-01-02T15:04:05-0700"

// owner is where an alarm lives. All that its metrics name lives there too.
type owner struct{ partition, region, account string }

// alarmARN is an alarm's ARN, taken apart.
type alarmARN struct {
	owner
	name string
}

// parseAlarmARN takes arn:<partition>:cloudwatch:<region>:<account>:alarm:<name>
// ("Resource types defined by Amazon CloudWatch" in the Service Authorization
// Reference). The name may hold colons.
func parseAlarmARN(s string) (alarmARN, error) {
	parts := strings.SplitN(s, ":", 7)
	if len(parts) != 7 || parts[0] != "arn" || parts[2] != "cloudwatch" || parts[5] != "alarm" {
		return alarmARN{}, fmt.Errorf("%s is not the ARN of an alarm", quote(s))
	}
	partition, region, account, name := parts[1], parts[3], parts[4], parts[6]
	switch {
	case !isCode(partition):
		return alarmARN{}, fmt.Errorf("the alarm's ARN %s has no valid partition", quote(s))
	case !isCode(region):
		return alarmARN{}, fmt.Errorf("the alarm's ARN %s has no valid Region", quote(s))
	case !isAccount(account):
		return alarmARN{}, fmt.Errorf("the alarm's ARN %s has no 12-digit account", quote(s))
	}
	if err := checkAlarmName(name); err != nil {
		return alarmARN{}, fmt.Errorf("the alarm's ARN %s: %w", quote(s), err)
	}
	return alarmARN{owner: owner{partition: partition, region: region, account: account}, name: name}, nil
}

// isCode reports whether s can be a partition or a Region: "aws-us-gov", "eu-central-1".
func isCode(s string) bool {
	const longest = 32
	return s != "" && len(s) <= longest && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// isAccount reports whether s can be an account's id.
func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// checkAlarmName refuses what CloudWatch would not have taken for a name.
func checkAlarmName(name string) error {
	return checkName("an alarm's name", name)
}

// checkName refuses a name that is empty, longer than maxName or has a control character.
// It also refuses the two code points that SQS does not carry ("SendMessage" in the Amazon
// SQS API Reference), since a name has to come back through the queue.
func checkName(what, name string) error {
	n := utf8.RuneCountInString(name)
	if n == 0 || n > maxName {
		return fmt.Errorf("%s has 1 to %d characters, not %d", what, maxName, n)
	}
	unfit := func(r rune) bool { return unicode.IsControl(r) || r == 0xFFFE || r == 0xFFFF }
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unfit) {
		return fmt.Errorf("%s has a control character in it", what)
	}
	return nil
}

// parseTime takes the layouts in which CloudWatch writes the time of a state change. It
// gives UTC.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{cloudWatchTime, time.RFC3339} {
		if at, err := time.Parse(layout, s); err == nil {
			at = at.UTC()
			return at, checkTime(at)
		}
	}
	return time.Time{}, fmt.Errorf("%s is not a time such as 2006-01-02T15:04:05.000+0000", quote(s))
}

// checkTime refuses times at which no alarm can have changed. Among them are the zero time
// and those that RFC 3339 cannot write.
func checkTime(at time.Time) error {
	if year := at.UTC().Year(); year < 1970 || year > 9999 {
		return fmt.Errorf("the year %d is not that of any event", year)
	}
	return nil
}

// timeOf gives the time that key must hold.
func timeOf(o object, key string) (time.Time, error) {
	s, err := o.text(key)
	if err != nil {
		return time.Time{}, err
	}
	at, err := parseTime(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", o.at(key), err)
	}
	return at, nil
}
