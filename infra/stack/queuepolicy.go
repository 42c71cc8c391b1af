package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// closeQueue denies the messages of the intake queue to everybody but the two services
// that fill it and the function's role. Rights that somebody has elsewhere open nothing.
//
// Without it every policy of the account that allows sqs:SendMessage on * lets its holder
// forge an alarm, or a target on its next pass. Managing the queue stays as IAM has it:
// nobody is locked out of its policy, its settings, its purging or its end.
func closeQueue(s Stack, role awsiam.IRole) {
	deny := func(sid string, conditions map[string]any) {
		s.Intake.Queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String(sid), Effect: awsiam.Effect_DENY,
			Principals: &[]awsiam.IPrincipal{awsiam.NewStarPrincipal()},
			// Whoever receives a message hides it from the function.
			Actions:    jsii.Strings("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage", "sqs:SendMessage"),
			Resources:  &[]*string{s.Intake.Queue.QueueArn()},
			Conditions: &conditions,
		}))
	}
	deny("OnlyTheFunction", map[string]any{
		"ArnNotEquals": map[string]any{"aws:PrincipalArn": role.RoleArn()},
		// A request of nobody has no such key, and is denied, too.
		"BoolIfExists": map[string]any{"aws:PrincipalIsAWSService": "false"},
	})
	// A service may call by a name of its Region besides its plain one, so all its names are
	// compared ("AWS global condition context keys", IAM User Guide). Where a request does not
	// carry them, the statements that let topic and rule in still decide.
	const names = "aws:PrincipalServiceNamesList"
	deny("OnlyTopicAndRule", map[string]any{
		"ForAllValues:StringNotEquals": map[string]any{names: jsii.Strings("events.amazonaws.com", "sns.amazonaws.com")},
		"Null":                         map[string]any{names: "false"},
	})
}
