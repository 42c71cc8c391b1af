package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"crashcart/lambda/domain/config"
)

// FollowupQueue is what a case comes through to its follow-up. A message is the id of a
// case and nothing else.
//
// Nothing is lost with a dead letter: the sweep starts every open case that has no
// follow-up. The letter says that the direct way is broken.
type FollowupQueue struct {
	Queue       awssqs.Queue
	DeadLetters awssqs.Queue
}

func newFollowupQueue(s Stack) FollowupQueue {
	dead := awssqs.NewQueue(s.Stack, jsii.String("FollowupDeadLetters"), &awssqs.QueueProps{
		QueueName:       jsii.String(followupName + "-dead"),
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: daysLong(deadDays),
	})
	return FollowupQueue{
		DeadLetters: dead,
		Queue: awssqs.NewQueue(s.Stack, jsii.String("FollowupQueue"), &awssqs.QueueProps{
			QueueName:         jsii.String(followupName),
			Encryption:        awssqs.QueueEncryption_SQS_MANAGED,
			EnforceSSL:        jsii.Bool(true),
			VisibilityTimeout: awscdk.Duration_Seconds(jsii.Number(visibilityTimes * config.FollowupTimeout.Seconds())),
			RetentionPeriod:   daysLong(queueDays),
			DeadLetterQueue:   &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(tries)},
		}),
	}
}

// close denies the messages of the queue to everybody but the interrupt function's role,
// which sends them, and the follow-up's, which takes them. No service sends any, and none
// is let in. Rights that somebody has elsewhere open nothing.
//
// What a forged message could do is little: it starts the follow-up of a case that is in
// the casebook. Who takes a message away delays one until the next sweep.
func (q FollowupQueue) close(interrupt, followup awsiam.IRole) {
	deny := func(sid string, but awsiam.IRole, actions ...string) {
		q.Queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Sid: jsii.String(sid), Effect: awsiam.Effect_DENY,
			Principals: &[]awsiam.IPrincipal{awsiam.NewStarPrincipal()},
			Actions:    jsii.Strings(actions...),
			Resources:  &[]*string{q.Queue.QueueArn()},
			// A request of a service, or of nobody, has no such key, and is denied, too.
			Conditions: &map[string]any{"ArnNotEquals": map[string]any{"aws:PrincipalArn": but.RoleArn()}},
		}))
	}
	deny("OnlyTheInterrupt", interrupt, "sqs:SendMessage")
	deny("OnlyTheFollowup", followup, "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage")
}
