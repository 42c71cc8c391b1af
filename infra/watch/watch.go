// Package watch makes the alarms that Crashcart acts on.
//
// The one that sees most hangs is the heartbeat: a metric that the CloudWatch agent
// sends every minute, whose absence is the alarm. EC2's own status check is an ARP
// request, and a machine with a frozen disk or without memory goes on answering it.
//
// Every alarm begins with a prefix that the stack's EventBridge rule lets in, so it
// needs no action. Beside each construct lies the same alarm as a shell script for
// the AWS CLI; a test holds the two together.
//
// The agent must aggregate its metrics by what the alarm asks for ("CloudWatch agent
// configuration file: metrics section", Amazon CloudWatch User Guide), because an
// alarm wants the exact dimensions of a metric:
//
//	"metrics": {
//	  "append_dimensions": {"InstanceId": "${aws:InstanceId}", "AutoScalingGroupName": "${aws:AutoScalingGroupName}"},
//	  "aggregation_dimensions": [["InstanceId"], ["AutoScalingGroupName"]],
//	  "metrics_collected": {"mem": {"measurement": ["mem_used_percent"], "metrics_collection_interval": 60}}
//	}
//
// Nothing here makes an alarm interrupt anything: the instance's tag, the stack's
// mode and the guard do.
package watch

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"
)

const (
	namespace = "CWAgent"
	// heartbeat is a metric that every agent on Linux can send. On Windows it is
	// another one; any that comes once a minute will do.
	heartbeat = "mem_used_percent"

	period = 60 // seconds, the interval at which the agent sends
	// silence is how many periods must be without a heartbeat. CloudWatch waits for
	// two more before it believes in missing data ("How alarm state is evaluated when data
	// is missing", Amazon CloudWatch User Guide), so the alarm comes after about five
	// minutes; the SSM agent's silence, which the guard asks for, takes six.
	silence = 3
	// standing is how many periods a group or a load balancer must report a failing
	// member: long enough for a member that is only just starting.
	standing = 5
)

// series names a metric and what is asked of it.
type series struct{ namespace, name, statistic string }

// metric is a metric over one period.
func metric(of series, dimensions map[string]string) awscloudwatch.Metric {
	values := map[string]*string{}
	for k, v := range dimensions {
		values[k] = jsii.String(v)
	}
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String(of.namespace), MetricName: jsii.String(of.name), Statistic: jsii.String(of.statistic),
		DimensionsMap: &values, Period: awscdk.Duration_Seconds(jsii.Number(period)),
	})
}
