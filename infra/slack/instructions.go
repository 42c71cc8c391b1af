package slack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/stack"
)

// addInstructions says, as outputs, how to join a configuration that somebody else owns:
// what to give its role and its guardrails, which topics to add, and the line that gives
// the channel the command.
func addInstructions(s Stack, configuration string) {
	arn := s.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("chatbot"), Region: jsii.String(""), Resource: jsii.String("chat-configuration"),
		ResourceName: jsii.String("slack-channel/" + configuration),
	})
	for _, o := range []struct{ name, value, description string }{
		{"Topics", *s.topic(stack.NotificationTopicName) + " " + *s.topic(stack.AlarmTopicName), "Add these to the topics of the channel's configuration"},
		{"PolicyArn", *s.mayAsk.ManagedPolicyArn(), "Attach this to the channel's role, and add it to its guardrails, if they do not allow as much"},
		{
			"Associate", "aws chatbot associate-to-configuration --region " + home + " --chat-configuration " + *arn + " --resource " + *s.ask.AttrCustomActionArn(),
			"Gives the channel the command",
		},
	} {
		awscdk.NewCfnOutput(s.Stack, jsii.String(o.name), &awscdk.CfnOutputProps{
			Value: jsii.String(o.value), Description: jsii.String(o.description),
		})
	}
}

// home is a Region that has the service's endpoint, which serves all Regions ("Amazon Q
// Developer in chat applications endpoints and quotas", AWS General Reference).
const home = "us-east-2"
