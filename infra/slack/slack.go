package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awschatbot"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/props"
)

// addSlack notifies a Slack channel of every decision, and lets it ask, with
//
//	@Amazon Q run crashcart i-0a1b2c3d4e5f60718 hung
//
// which publishes a line of text to the intake topic. Text is no approval: it
// interrupts only what alarms may interrupt as well, in the mode auto and with the
// tag auto, and everything else is held for a person with a role.
//
// The channel's role and its guardrail allow that one action and nothing more. The
// default guardrail is AdministratorAccess ("Understanding permissions", Amazon Q
// Developer in chat applications Administrator Guide): with it anybody in the
// channel could send a diagnostic interrupt without a guard.
func addSlack(s Stack, to *props.Slack) {
	if to == nil {
		return
	}
	ask := awsiam.NewManagedPolicy(s.Stack, jsii.String("SlackMayAsk"), &awsiam.ManagedPolicyProps{
		Description: jsii.String("What Crashcart's Slack channel may do: publish to the intake topic"),
		Statements: &[]awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String("Ask"), Actions: jsii.Strings("sns:Publish"), Resources: &[]*string{s.Intake.Topic.TopicArn()},
		})},
	})
	role := awsiam.NewRole(s.Stack, jsii.String("SlackRole"), &awsiam.RoleProps{
		Description: jsii.String("Crashcart's Slack channel"),
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("chatbot.amazonaws.com"), &awsiam.ServicePrincipalOpts{
			Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": s.Account()}},
		}),
		ManagedPolicies: &[]awsiam.IManagedPolicy{ask},
	})
	action := awschatbot.NewCfnCustomAction(s.Stack, jsii.String("SlackAction"), &awschatbot.CfnCustomActionProps{
		ActionName: jsii.String("crashcart-interrupt"),
		AliasName:  jsii.String("crashcart"),
		Definition: &awschatbot.CfnCustomAction_CustomActionDefinitionProperty{
			CommandText: jsii.String("sns publish --topic-arn " + *s.Intake.Topic.TopicArn() + " --region " + *s.Region() +
				` --message "interrupt $instance because $reason"`),
		},
	})
	awschatbot.NewCfnSlackChannelConfiguration(s.Stack, jsii.String("Slack"), &awschatbot.CfnSlackChannelConfigurationProps{
		ConfigurationName:         jsii.String("crashcart"),
		SlackWorkspaceId:          jsii.String(to.Workspace),
		SlackChannelId:            jsii.String(to.Channel),
		IamRoleArn:                role.RoleArn(),
		GuardrailPolicies:         &[]*string{ask.ManagedPolicyArn()},
		SnsTopicArns:              &[]any{s.Notifications.TopicArn()},
		CustomizationResourceArns: &[]*string{action.AttrCustomActionArn()},
		LoggingLevel:              jsii.String("INFO"),
	})
}
