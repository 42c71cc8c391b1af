// Package slack is the stack that joins a Slack channel to Crashcart. It is a stack of its
// own: what Amazon Q Developer in chat applications refuses, a channel that has a
// configuration already, or a name, then never rolls back the stack that interrupts.
//
// It knows Crashcart's topics by their names and takes nothing from the other stack, which
// so can always be changed. It notifies the channel of every decision and of every alarm
// that watches Crashcart, and lets the channel ask, with
//
//	@Amazon Q run crashcart-eu-central-1 i-0a1b2c3d4e5f60718 hung
//
// which publishes a line of text to the intake topic. Text is no approval: it
// interrupts only what alarms may interrupt as well, in the mode auto and with the
// tag auto, and everything else is held for a person with a role.
//
// A channel has at most one configuration in an account. Where it has one already, the
// stack makes what can be made without owning that: the command and the policy.
package slack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awschatbot"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/props"
	"crashcart/infra/stack"
)

// Name is the stack's name.
const Name = stack.Name + "-Slack"

// shared begins every name here that a whole account shares, whatever the Region.
const shared = "crashcart-"

// Stack is the stack with what its parts need of each other.
type Stack struct {
	awscdk.Stack

	mayAsk awsiam.ManagedPolicy
	ask    awschatbot.CfnCustomAction
}

// New adds the stack to an app, to be deployed after the one that interrupts.
func New(scope constructs.Construct, to props.Slack, after stack.Stack) Stack {
	s := Stack{Stack: awscdk.NewStack(scope, jsii.String(Name), &awscdk.StackProps{
		Description: jsii.String("Crashcart: a Slack channel that is notified of decisions, and may ask"),
	})}
	s.AddStackDependency(after.Stack, jsii.String("the topics"))
	s.mayAsk = newMayAsk(s)
	s.ask = newAsk(s)
	if to.Configuration != "" {
		addInstructions(s, to.Configuration)
	} else {
		newChannel(s, to)
	}
	return s
}

// topic gives the ARN of a topic of the other stack.
func (s Stack) topic(name string) *string {
	return s.FormatArn(&awscdk.ArnComponents{Service: jsii.String("sns"), Resource: jsii.String(name)})
}

// named gives a name that no other Region's stack has.
func (s Stack) named() *string { return jsii.String(shared + *s.Region()) }

// newMayAsk makes the policy that is all a channel needs.
func newMayAsk(s Stack) awsiam.ManagedPolicy {
	return awsiam.NewManagedPolicy(s.Stack, jsii.String("MayAsk"), &awsiam.ManagedPolicyProps{
		Description: jsii.String("What Crashcart's Slack channel may do: publish to the intake topic"),
		Statements: &[]awsiam.PolicyStatement{awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String("Ask"), Actions: jsii.Strings("sns:Publish"), Resources: &[]*string{s.topic(stack.IntakeTopicName)},
		})},
	})
}

// newAsk makes the command. Its alias has the Region in it as well, since one channel may
// have the commands of several.
func newAsk(s Stack) awschatbot.CfnCustomAction {
	return awschatbot.NewCfnCustomAction(s.Stack, jsii.String("Ask"), &awschatbot.CfnCustomActionProps{
		ActionName: s.named(),
		AliasName:  s.named(),
		Definition: &awschatbot.CfnCustomAction_CustomActionDefinitionProperty{
			CommandText: jsii.String("sns publish --topic-arn " + *s.topic(stack.IntakeTopicName) + " --region " + *s.Region() +
				` --message "interrupt $instance because $reason"`),
		},
	})
}
