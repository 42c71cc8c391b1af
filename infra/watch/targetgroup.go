package watch

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Targets is a target group and the load balancer that it is behind. Both are the ends
// of their ARNs, as CloudWatch has them.
type Targets struct {
	Group        string // targetgroup/<name>/<id>
	LoadBalancer string // app/<name>/<id> or net/<name>/<id>
}

// TargetGroup makes the alarm of a target group behind an application or a network
// load balancer, called <prefix>unhealthy-<name>. This alarm comes before all others and
// proves least: a broken deployment raises it, too. So the guard also wants the silence
// of the instance's agent.
func TargetGroup(scope constructs.Construct, prefix string, of Targets) awscloudwatch.Alarm {
	name := of.Group
	if parts := strings.Split(of.Group, "/"); len(parts) == 3 {
		name = parts[1]
	}
	space := "AWS/ApplicationELB"
	if strings.HasPrefix(of.LoadBalancer, "net/") {
		space = "AWS/NetworkELB"
	}
	return awscloudwatch.NewAlarm(scope, jsii.String("Unhealthy "+of.Group+" "+of.LoadBalancer), &awscloudwatch.AlarmProps{
		AlarmName:        jsii.String(prefix + "unhealthy-" + name),
		AlarmDescription: jsii.String("A target of " + name + " is unhealthy"),
		Metric: metric(series{space, "UnHealthyHostCount", "Minimum"}, map[string]string{
			"TargetGroup": of.Group, "LoadBalancer": of.LoadBalancer,
		}),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		Threshold:          jsii.Number(1),
		EvaluationPeriods:  jsii.Number(standing),
		// A load balancer without targets says nothing of any.
		TreatMissingData: awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
}
