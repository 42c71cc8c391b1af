package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"
)

// addFollowupAlarms watches the follow-up. Without it a case stays open, and holds its
// group's slot, until somebody closes it.
func addFollowupAlarms(s Stack) {
	for _, ended := range []struct{ name, metric, how string }{
		{"failed", "ExecutionsFailed", "failed: even its last state, which closes the case as unproven, did not succeed"},
		{"timed-out", "ExecutionsTimedOut", "took longer than its case may be open"},
		{"aborted", "ExecutionsAborted", "was stopped by somebody"},
	} {
		ownAlarm(s, "followup-"+ended.name, "The follow-up of a case "+ended.how+". The next sweep tries to end the case. "+
			"The execution, in Step Functions, has the case's name: crashcart case ID", executions(s, ended.metric))
	}
	ownAlarm(s, "followup-errors", "The follow-up ended with an error. A step is tried again for minutes, then its case is closed as unproven: see the log of "+followupName,
		s.Followup.Function.MetricErrors(&awscloudwatch.MetricOptions{Period: minutesLong(ownPeriod), Statistic: jsii.String("Sum")}))
	ownAlarm(s, "followup-throttles", "The follow-up was throttled. Its steps wait; after minutes a case is closed as unproven. Give it more concurrent executions: crashcart.reservedConcurrency in cdk.json",
		s.Followup.Function.MetricThrottles(&awscloudwatch.MetricOptions{Period: minutesLong(ownPeriod), Statistic: jsii.String("Sum")}))
	ownAlarm(s, "followup-dead-letters", "The follow-up of a case could not be started from its queue. The sweep starts it within five minutes: see crashcart cases --open, and the log of "+
		followupName+". Then purge the dead letters",
		s.FollowupQueue.DeadLetters.MetricApproximateNumberOfMessagesVisible(&awscloudwatch.MetricOptions{Period: minutesLong(ownPeriod), Statistic: jsii.String("Maximum")}))
	waitingAlarm(s, "followup-waiting", s.FollowupQueue.Queue,
		"A case has waited in the follow-up's queue for twenty minutes: nobody reads it. The sweep starts its follow-up all the same. "+
			"See the event source mapping of "+followupName)
	ruleAlarm(s, "rule-sweeps", s.Followup.Rule.Ref(), "EventBridge could not invoke "+followupName+" for a sweep: see the function's policy")
	ruleAlarm(s, "rule-counts", s.Count.Rule.Ref(), "EventBridge could not invoke "+countName+": see the function's policy")
}

// executions counts the state machine's executions ("Monitoring Step Functions metrics
// using Amazon CloudWatch", AWS Step Functions Developer Guide).
func executions(s Stack, name string) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String("AWS/States"), MetricName: jsii.String(name), Statistic: jsii.String("Sum"),
		DimensionsMap: &map[string]*string{"StateMachineArn": s.Followup.Machine.AttrArn()}, Period: minutesLong(ownPeriod),
	})
}
