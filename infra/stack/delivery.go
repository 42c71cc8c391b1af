package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"crashcart/lambda/domain/config"
)

// waitingSeconds is how old the oldest message of a queue may get. SQS keeps a target's
// next pass back for up to a quarter of an hour, and one failed try hides a message for six
// minutes (visibility). Neither is an alarm. A trigger is fresh for half an hour, so there
// is time left to act on it.
const waitingSeconds = 1200

// addDeliveryAlarms watches the ways in and out. Where one of them is broken, the functions
// have nothing to do, and so there is no error and no line in a log.
func addDeliveryAlarms(s Stack) {
	waitingAlarm(s, "waiting", s.Intake.Queue,
		"A trigger has waited in the intake queue for twenty minutes: nobody reads it, or not fast enough. It is refused when it is half an hour old. "+
			"See the event source mapping of "+interruptName+", and its throttles")
	ruleAlarm(s, "rule-alarms", s.Intake.Rule.RuleName(),
		"EventBridge could not hand an alarm to the intake queue. What is not in the dead letters is lost: see the policies of both queues")
	for _, t := range []struct {
		name, lost string
		topic      awssns.Topic
	}{
		{"intake", "a trigger. What is not in the dead letters is lost", s.Intake.Topic},
		{"notifications", "a notification. Decisions are in the log, cases in the casebook", s.Notifications},
		{"alarms", "an alarm that watches Crashcart. CloudWatch shows which are in ALARM", s.Alarms},
	} {
		ownAlarm(s, "undelivered-"+t.name, fmt.Sprintf("SNS could not deliver to a subscriber of the topic crashcart-%s: %s", t.name, t.lost),
			t.topic.MetricNumberOfNotificationsFailed(&awscloudwatch.MetricOptions{Period: minutesLong(ownPeriod), Statistic: jsii.String("Sum")}))
	}
	ownAlarm(s, "untold", "A notification could not be published, or was never sent: see the functions' logs, and whether the key is enabled. "+
		"What was decided: crashcart cases",
		metric(config.MetricUntold, "Sum", ownPeriod, nil))
}

// waitingAlarm goes off when nobody takes the messages of a queue.
func waitingAlarm(s Stack, name string, queue awssqs.Queue, description string) {
	ownAlarmWith(s, name, description,
		queue.MetricApproximateAgeOfOldestMessage(&awscloudwatch.MetricOptions{Period: minutesLong(ownPeriod), Statistic: jsii.String("Maximum")}),
		awscloudwatch.AlarmProps{Threshold: jsii.Number(waitingSeconds)})
}

// ruleAlarm goes off when EventBridge gives up on a target of the rule ("Monitoring Amazon
// EventBridge", Amazon EventBridge User Guide).
func ruleAlarm(s Stack, name string, rule *string, description string) {
	ownAlarm(s, name, description, awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String("AWS/Events"), MetricName: jsii.String("FailedInvocations"), Statistic: jsii.String("Sum"),
		DimensionsMap: &map[string]*string{"RuleName": rule}, Period: minutesLong(ownPeriod),
	}))
}
