package watch

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// TargetGroup makes the alarm of a target group behind an application or a network
// load balancer, called <prefix>unhealthy-<name>. It takes the ends of the two ARNs,
// targetgroup/<name>/<id> and app/<name>/<id> or net/<name>/<id>, as CloudWatch has
// them. The alarm comes first of all and proves least: a broken deployment looks the
// same, so the guard wants the silence of the instance's agent besides.
func TargetGroup(scope constructs.Construct, prefix, targetGroup, loadBalancer string) awscloudwatch.Alarm {
	name := targetGroup
	if parts := strings.Split(targetGroup, "/"); len(parts) == 3 {
		name = parts[1]
	}
	space := "AWS/ApplicationELB"
	if strings.HasPrefix(loadBalancer, "net/") {
		space = "AWS/NetworkELB"
	}
	return awscloudwatch.NewAlarm(scope, jsii.String("Unhealthy "+targetGroup+" "+loadBalancer), &awscloudwatch.AlarmProps{
		AlarmName:        jsii.String(prefix + "unhealthy-" + name),
		AlarmDescription: jsii.String("A target of " + name + " is unhealthy"),
		Metric: metric(space, "UnHealthyHostCount", "Minimum", map[string]string{
			"TargetGroup": targetGroup, "LoadBalancer": loadBalancer,
		}),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		Threshold:          jsii.Number(1),
		EvaluationPeriods:  jsii.Number(standing),
		// A load balancer without targets says nothing of any.
		TreatMissingData: awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}
