package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/props"
)

// ownPeriod is the period of the alarms that watch Crashcart, in minutes.
const ownPeriod = 5

// addAlarms watches Crashcart itself: each of these means that a hang may have gone
// without an answer. They tell the notification topic, and their names begin so that
// no intake rule ever takes them for a request.
func addAlarms(s Stack) {
	every := minutesLong(ownPeriod)
	sum := jsii.String("Sum")
	ownAlarm(s, "dead-letters", "A trigger could not be handled and is in the dead letters, where it stays for two weeks",
		s.Intake.DeadLetters.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{Period: every, Statistic: jsii.String("Maximum")}))
	ownAlarm(s, "errors", "The interrupt function ended with an error: see its log",
		s.Interrupt.MetricErrors(&awscloudwatch.MetricOptions{Period: every, Statistic: sum}))
	ownAlarm(s, "throttles", "The interrupt function was throttled: triggers wait, and grow old",
		s.Interrupt.MetricThrottles(&awscloudwatch.MetricOptions{Period: every, Statistic: sum}))
	ownAlarm(s, "undecided", "The guard could not answer and the target could not be put back in the queue: see the function's log",
		decisions(outcomeFailed, ownPeriod))
}

// ownAlarm goes off as soon as there is one of what it counts.
func ownAlarm(s Stack, name, description string, metric awscloudwatch.IMetric) {
	alarm := awscloudwatch.NewAlarm(s.Stack, jsii.String("Own alarm "+name), &awscloudwatch.AlarmProps{
		AlarmName:          jsii.String(props.OwnAlarms + name),
		AlarmDescription:   jsii.String(description),
		Metric:             metric,
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		Threshold:          jsii.Number(1),
		EvaluationPeriods:  jsii.Number(1),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING, // nothing to count, in most periods
	})
	alarm.AddAlarmAction(awscloudwatchactions.NewSnsAction(s.Notifications))
}
