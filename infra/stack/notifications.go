package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
)

// The names of the topics. Whoever subscribes to them types them, and the stack for Slack
// makes their ARNs from them.
const (
	IntakeTopicName       = "crashcart-intake"
	NotificationTopicName = "crashcart-notifications"
	AlarmTopicName        = "crashcart-alarms"
)

// newNotifications makes the topic for the notifications of decisions. They name instances,
// groups and addresses of evidence, so it is under the key. The functions publish
// by their own roles, and nobody else does.
func newNotifications(s Stack, key awskms.Key) awssns.Topic {
	return awssns.NewTopic(s.Stack, jsii.String("Notifications"), &awssns.TopicProps{
		TopicName:   jsii.String(NotificationTopicName),
		DisplayName: jsii.String("Crashcart"),
		MasterKey:   key,
		EnforceSSL:  jsii.Bool(true),
	})
}

// newAlarmTopic makes the topic of the alarms that watch Crashcart.
//
// It has no key. If the key is disabled, no notification can be published and the casebook
// cannot be read; then the alarm that says so must still come through. What an alarm says
// is a metric's name and figure, and nothing of any host. Transport is TLS only.
func newAlarmTopic(s Stack) awssns.Topic {
	topic := awssns.NewTopic(s.Stack, jsii.String("AlarmTopic"), &awssns.TopicProps{
		TopicName:   jsii.String(AlarmTopicName),
		DisplayName: jsii.String("Crashcart alarms"),
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
