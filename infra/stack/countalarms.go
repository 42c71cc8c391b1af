package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"crashcart/lambda/domain/config"
)

// missedCounts in a row mean that nobody counts: two counts may fall into one period and
// none into the next.
const missedCounts = 3

// addCountAlarms watches what the count finds, and the count.
func addCountAlarms(s Stack) {
	const byHand = "See what became of the host (crashcart case ID), then: crashcart case close ID --reason TEXT"
	ownAlarmWith(s, "overdue", fmt.Sprintf("A case was not closed within %.0f hours, although the follow-up should have: see the log of %s. "+
		"Which: crashcart cases --overdue. "+byHand, config.OpenFor.Hours(), followupName),
		metric(config.MetricOverdueCases, "Maximum", ownPeriod, nil), awscloudwatch.AlarmProps{
			TreatMissingData: awscloudwatch.TreatMissingData_IGNORE, // what was overdue still is, until somebody counts again
		})
	// The metric is there only while there is such a case, so a missing one means none.
	ownAlarm(s, "stuck", "A claim died: the function ended before it wrote what became of the interrupt. It may have been sent, and is not sent again. "+
		"The follow-up takes it as sent within five minutes, and notifies. If this alarm stays, it does not. "+
		"Which: crashcart cases --open, and crashcart cases --overdue when it is old. "+byHand,
		metric(config.MetricStuckCases, "Maximum", ownPeriod, nil))
	ownAlarm(s, "count-errors", "The open cases could not be counted: see the log of "+countName,
		s.Count.Function.MetricErrors(&awscloudwatch.MetricOptions{Period: minutesLong(ownPeriod), Statistic: jsii.String("Sum")}))
	ownAlarmWith(s, "count-missing", fmt.Sprintf("Nobody has counted the open cases for at least %d minutes: see the log of %s and its schedule. "+
		"Until it counts again, nobody is notified of a case that is overdue", missedCounts*ownPeriod, countName),
		metric(config.MetricOpenCases, "SampleCount", ownPeriod, nil), awscloudwatch.AlarmProps{
			ComparisonOperator: awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD,
			EvaluationPeriods:  jsii.Number(missedCounts),
			TreatMissingData:   awscloudwatch.TreatMissingData_BREACHING, // nothing arrives when nobody counts
		})
}
