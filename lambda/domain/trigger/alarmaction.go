package trigger

import (
	"strings"
)

// decodeAlarmAction reads what CloudWatch sends to a function that is an alarm's action
// ("Invoke a Lambda function from an alarm" in the Amazon CloudWatch User Guide). It comes
// only as the payload of an invoke. alarmArn is the alarm's identity. alarmData.alarmName
// may differ from it, as it does in a published sample.
func decodeAlarmAction(payload object, from origin) Record {
	if !from.bare() {
		return ignore(ReasonNotDirect, "an alarm's Lambda action counts only as the payload of a Lambda invoke, not inside %s", from.path)
	}
	source, err := payload.text("source")
	if err != nil {
		return malformed(err)
	}
	if source != sourceCloudWatch {
		return ignore(ReasonUnknownShape, "alarmData from %s, which is not decoded", quote(source))
	}
	data, err := payload.object("alarmData")
	if err != nil {
		return malformed(err)
	}
	targets := func(c *change, detail, state object) ([]Ref, Record) {
		if where := contributorTrace(payload, detail, state); where != "" {
			return nil, ignore(ReasonContributorUnreadable,
				"%s: this is the action of one contributor, and AWS publishes no field of this payload that names it; use the EventBridge event", where)
		}
		return alarmTargets(c, detail, state)
	}
	return decodeDetail(data, func() (string, error) { return payload.text("alarmArn") }, "lambda/alarm", targets)
}

// contributorTrace finds what shows that a payload is about one contributor of an alarm
// with many series. The action of such an alarm is sent once for each contributor, but AWS
// does not publish how it names the contributor. So any key that speaks of a contributor
// counts, and so does a query that groups.
func contributorTrace(objects ...object) string {
	for _, o := range objects {
		for _, key := range o.keys() {
			if strings.Contains(strings.ToLower(key), "contributor") && o.given(key) {
				return o.at(key) + " is there"
			}
		}
	}
	configuration, err := objects[1].object("configuration")
	if err != nil || !configuration.given("metrics") {
		return ""
	}
	metrics, err := readMetrics(configuration)
	if err != nil {
		return ""
	}
	for _, m := range metrics {
		if groups(m.expression) {
			return "the alarm's query has a GROUP BY"
		}
	}
	return ""
}

// groups reports whether an expression is a query with one series for each value of a
// label ("Query components and syntax" of Metrics Insights in the Amazon CloudWatch User
// Guide). Its keywords may be in any case.
func groups(expression string) bool {
	words := strings.Fields(strings.ToUpper(expression))
	for i, word := range words {
		if word == "GROUP" && i > 0 && i+1 < len(words) && words[i+1] == "BY" {
			return true
		}
	}
	return false
}
