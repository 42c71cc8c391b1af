package slack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awschatbot"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/props"
	"crashcart/infra/stack"
)

// newChannel makes the configuration of a channel that has none.
//
// The channel's role and its guardrail allow one action and nothing more. The
// default guardrail is AdministratorAccess ("Understanding permissions", Amazon Q
// Developer in chat applications Administrator Guide): with it anybody in the
// channel could send a diagnostic interrupt without a guard.
func newChannel(s Stack, to props.Slack) {
	role := awsiam.NewRole(s.Stack, jsii.String("Role"), &awsiam.RoleProps{
		Description: jsii.String("Crashcart's Slack channel"),
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("chatbot.amazonaws.com"), &awsiam.ServicePrincipalOpts{
			Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": s.Account()}},
		}),
		ManagedPolicies: &[]awsiam.IManagedPolicy{s.mayAsk},
	})
	awschatbot.NewCfnSlackChannelConfiguration(s.Stack, jsii.String("Channel"), &awschatbot.CfnSlackChannelConfigurationProps{
		ConfigurationName:         s.named(),
		SlackWorkspaceId:          jsii.String(to.Workspace),
		SlackChannelId:            jsii.String(to.Channel),
		IamRoleArn:                role.RoleArn(),
		GuardrailPolicies:         &[]*string{s.mayAsk.ManagedPolicyArn()},
		SnsTopicArns:              &[]any{s.topic(stack.NotificationTopicName), s.topic(stack.AlarmTopicName)},
		CustomizationResourceArns: &[]*string{s.ask.AttrCustomActionArn()},
		LoggingLevel:              jsii.String("INFO"),
	})
}
