package stack

import (
	"cmp"
	"fmt"

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
	ownAlarm(s, "dead-letters", "A trigger could not be handled and is in the dead letters, where it stays for two weeks",
		s.Intake.DeadLetters.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{Period: every, Statistic: jsii.String("Maximum")}))
	ownAlarm(s, "errors", "The interrupt function ended with an error: see its log",
		s.Interrupt.MetricErrors(&awscloudwatch.MetricOptions{Period: every, Statistic: sum}))
	ownAlarm(s, "throttles", "The interrupt function was throttled: triggers wait, and grow old",
		s.Interrupt.MetricThrottles(&awscloudwatch.MetricOptions{Period: every, Statistic: sum}))
	ownAlarm(s, "undecided", "A target could neither be decided nor put back in the queue: see the function's log",
		decisions(outcomeFailed, ownPeriod))
	ownAlarmAfter(s, unansweredPeriods, "unanswered", "The guard could not answer for ten minutes, for lack of a fact: see why in the function's log; a permission may be missing",
		metric(config.MetricUnanswered, "Sum", ownPeriod, nil))
	addSweepAlarms(s)
	addDeliveryAlarms(s)
}

// addSweepAlarms watches what the sweeps find, and the sweeps.
func addSweepAlarms(s Stack) {
	ownAlarmWith(s, "overdue", fmt.Sprintf("A case was not closed within %.0f hours. Which: crashcart cases --overdue. "+
		"See what became of the host (crashcart case ID), then: crashcart case close ID --reason TEXT", config.OpenFor.Hours()),
		metric(config.MetricOverdueCases, "Maximum", ownPeriod, nil), awscloudwatch.AlarmProps{
			TreatMissingData: awscloudwatch.TreatMissingData_IGNORE, // what was overdue still is, until somebody counts again
		})
	// The metric is there only while there is such a case, so a missing one means none.
	ownAlarm(s, "stuck", "A claim died: the function ended before it wrote what became of the interrupt. It may have been sent, and is not sent again. "+
		"Which: crashcart cases --open, and crashcart cases --overdue when it is old. "+
		"See what became of the host (crashcart case ID), then: crashcart case close ID --reason TEXT",
		metric(config.MetricStuckCases, "Maximum", ownPeriod, nil))
	ownAlarm(s, "sweep-errors", "The open cases could not be counted: see the log of "+followupName,
		s.Followup.MetricErrors(&awscloudwatch.MetricOptions{Period: minutesLong(ownPeriod), Statistic: jsii.String("Sum")}))
	ownAlarmWith(s, "sweep-missing", fmt.Sprintf("Nobody has counted the open cases for at least %d minutes: see the log of %s and its schedule. "+
		"Until it counts again, nobody is notified of a case that is overdue", missedSweeps*ownPeriod, followupName),
		metric(config.MetricOpenCases, "SampleCount", ownPeriod, nil), awscloudwatch.AlarmProps{
			ComparisonOperator: awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD,
			EvaluationPeriods:  jsii.Number(missedSweeps),
			TreatMissingData:   awscloudwatch.TreatMissingData_BREACHING, // nothing arrives when nobody counts
		})
}

// missedSweeps in a row mean that nobody sweeps: two sweeps may fall into one period
// and none into the next.
const missedSweeps = 3

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
