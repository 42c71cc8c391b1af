package watch

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Group makes the heartbeat alarm of an Auto Scaling group, called
// <prefix>heartbeat-group-<name>: fewer heartbeats than members in service. Which
// member is silent is found by the function, which asks for the signs of life of
// each. The group's metrics must be enabled (GroupInServiceInstances, every minute).
//
// One alarm with a time series for each member (GROUP BY InstanceId) would name the
// member itself, and can't be used: a time series that is not retrieved any more
// goes to OK, however missing data is treated ("Missing data in CloudWatch Metrics
// Insights alarms", Amazon CloudWatch User Guide).
//
// An alarm acts when its state changes. While it is in ALARM for one member it says
// nothing of a second.
func Group(scope constructs.Construct, prefix, name string) awscloudwatch.Alarm {
	of := map[string]string{"AutoScalingGroupName": name}
	return awscloudwatch.NewAlarm(scope, jsii.String("Heartbeat group "+name), &awscloudwatch.AlarmProps{
		AlarmName:        jsii.String(prefix + "heartbeat-group-" + name),
		AlarmDescription: jsii.String("A member of " + name + " has no heartbeat: its CloudWatch agent is silent"),
		Metric: awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
			Expression: jsii.String("members - FILL(beats, 0)"),
			Label:      jsii.String("members without a heartbeat"),
			Period:     awscdk.Duration_Seconds(jsii.Number(period)),
			UsingMetrics: &map[string]awscloudwatch.IMetric{
				"members": metric(series{"AWS/AutoScaling", "GroupInServiceInstances", "Minimum"}, of),
				"beats":   metric(series{namespace, heartbeat, "SampleCount"}, of),
			},
		}),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		Threshold:          jsii.Number(1),
		EvaluationPeriods:  jsii.Number(standing),
		// Without the group's own metric nothing can be said of its members.
		TreatMissingData: awscloudwatch.TreatMissingData_MISSING,
	})
}
