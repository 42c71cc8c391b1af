package watch

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Instance makes the heartbeat alarm of one instance, called <prefix>heartbeat-<id>.
// It suits a machine that stays. For members of a group, which come and go, there is
// Group; or the member makes this alarm for itself when it starts, with instance.sh.
func Instance(scope constructs.Construct, prefix, instanceID string) awscloudwatch.Alarm {
	return awscloudwatch.NewAlarm(scope, jsii.String("Heartbeat "+instanceID), &awscloudwatch.AlarmProps{
		AlarmName:          jsii.String(prefix + "heartbeat-" + instanceID),
		AlarmDescription:   jsii.String("No heartbeat of " + instanceID + ": its CloudWatch agent is silent"),
		Metric:             metric(series{namespace, heartbeat, "SampleCount"}, map[string]string{"InstanceId": instanceID}),
		ComparisonOperator: awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD,
		Threshold:          jsii.Number(1),
		EvaluationPeriods:  jsii.Number(silence),
		TreatMissingData:   awscloudwatch.TreatMissingData_BREACHING, // missing is what it waits for
	})
}
