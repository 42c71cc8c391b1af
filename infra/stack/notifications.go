package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
)

// newNotifications makes the topic for the notifications of decisions. They name instances,
// groups and addresses of evidence, so it is under the key. The function publishes
// by its own role, and besides it only the alarms that watch Crashcart.
func newNotifications(s Stack, key awskms.Key) awssns.Topic {
	topic := awssns.NewTopic(s.Stack, jsii.String("Notifications"), &awssns.TopicProps{
		TopicName:   jsii.String("crashcart-notifications"),
		DisplayName: jsii.String("Crashcart"),
		MasterKey:   key,
		EnforceSSL:  jsii.Bool(true),
	})
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("OwnAlarms"),
		Principals: &[]awsiam.IPrincipal{alarms()},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: fromOwnAlarms(s),
	}))
	return topic
}
