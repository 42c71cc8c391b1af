package stack

import (
	"cmp"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/props"
	"crashcart/lambda/domain/config"
)

// ownPeriod is the period of the alarms that watch Crashcart, in minutes.
const ownPeriod = 5

// addAlarms watches Crashcart itself: each of these means that a hang may have gone
// without an answer, or a case without an end. They have a topic of their own, and
// their names begin so that no intake rule ever takes them for a request.
func addAlarms(s Stack) {
	every := minutesLong(ownPeriod)
	sum := jsii.String("Sum")
	ownAlarm(s, "dead-letters", "A trigger could not be handled and is in the dead letters, and this alarm lasts until somebody deletes it there. "+
		"What it was: crashcart explain. It is too old to act on; if its host still hangs, ask again: crashcart interrupt ID",
		s.Intake.DeadLetters.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{Period: every, Statistic: jsii.String("Maximum")}))
	ownAlarm(s, "errors", "The interrupt function ended with an error: see its log",
		s.Interrupt.MetricErrors(&awscloudwatch.MetricOptions{Period: every, Statistic: sum}))
	ownAlarm(s, "throttles", "The interrupt function was throttled: triggers wait, and grow old",
		s.Interrupt.MetricThrottles(&awscloudwatch.MetricOptions{Period: every, Statistic: sum}))
	ownAlarm(s, "undecided", "A target could neither be decided nor put back in the queue: see the function's log",
		decisions(outcomeFailed, ownPeriod))
	ownAlarmAfter(s, unansweredPeriods, "unanswered", "The guard could not answer for ten minutes, for lack of a fact: see why in the function's log; a permission may be missing",
		metric(config.MetricUnanswered, "Sum", ownPeriod, nil))
	addCountAlarms(s)
	addFollowupAlarms(s)
	addDeliveryAlarms(s)
}

// unansweredPeriods in a row are a fault. A single call that was throttled is not: the
// target gets more passes for half an hour.
const unansweredPeriods = 2

// ownAlarm goes off as soon as there is one of what it counts.
func ownAlarm(s Stack, name, description string, metric awscloudwatch.IMetric) {
	ownAlarmWith(s, name, description, metric, awscloudwatch.AlarmProps{})
}

// ownAlarmAfter goes off when there is one in each of several periods in a row.
func ownAlarmAfter(s Stack, periods int, name, description string, metric awscloudwatch.IMetric) {
	ownAlarmWith(s, name, description, metric, awscloudwatch.AlarmProps{EvaluationPeriods: jsii.Number(periods)})
}

// ownAlarmWith goes off as soon as there is one of what it counts, except as the props
// say.
func ownAlarmWith(s Stack, name, description string, metric awscloudwatch.IMetric, p awscloudwatch.AlarmProps) {
	p.AlarmName = jsii.String(props.OwnAlarms + name)
	p.AlarmDescription = jsii.String(description)
	p.Metric = metric
	p.Threshold = cmp.Or(p.Threshold, jsii.Number(1))
	p.EvaluationPeriods = cmp.Or(p.EvaluationPeriods, jsii.Number(1))
	p.ComparisonOperator = cmp.Or(p.ComparisonOperator, awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD)
	p.TreatMissingData = cmp.Or(p.TreatMissingData, awscloudwatch.TreatMissingData_NOT_BREACHING) // nothing to count, in most periods
	alarm := awscloudwatch.NewAlarm(s.Stack, jsii.String("Own alarm "+name), &p)
	alarm.AddAlarmAction(awscloudwatchactions.NewSnsAction(s.Alarms))
}
