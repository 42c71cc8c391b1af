package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/props"
)

// alarms is CloudWatch when an alarm publishes to a topic.
func alarms() awsiam.IPrincipal {
	return awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)
}

// fromAlarms is the condition that a service acts for an alarm of this account and
// Region whose name matches the pattern, and for nobody else's.
func fromAlarms(s Stack, pattern string) *map[string]any {
	return &map[string]any{
		"StringEquals": map[string]any{"aws:SourceAccount": s.Account()},
		"ArnLike":      map[string]any{"aws:SourceArn": alarmARN(s, pattern)},
	}
}

// fromOwnAlarms is fromAlarms for those that watch Crashcart.
func fromOwnAlarms(s Stack) *map[string]any { return fromAlarms(s, props.OwnAlarms+"*") }

func alarmARN(s Stack, pattern string) *string {
	return s.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("cloudwatch"), Resource: jsii.String("alarm"), ResourceName: jsii.String(pattern),
		ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
}
