package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"crashcart/lambda/domain/config"
)

const (
	// visibilityTimes is Lambda's advice for a queue that a function reads: messages stay
	// hidden for six times the function's timeout ("Using Lambda with Amazon SQS", AWS Lambda
	// Developer Guide).
	visibilityTimes = 6
	visibility      = visibilityTimes * config.FunctionTimeout
	// tries is how often a message is received before it is a dead letter: at least
	// five, by the same page, since throttling counts as well.
	tries = 5
	// queueDays is longer than any trigger is fresh. A trigger that comes too late is
	// refused with a notification, and does not vanish.
	queueDays = 1
	// deadDays is the longest that SQS keeps a message ("SetQueueAttributes", Amazon
	// SQS API Reference): time enough to come back from a holiday.
	deadDays = 14
	// ruleHours is how long EventBridge tries to hand an event over. No setting lets a
	// trigger pass that is older than an hour.
	ruleHours = 1
)

// Intake is what triggers come through before the function. A trigger can wait here
// and come back for its next pass. None is lost without a notification.
type Intake struct {
	Topic       awssns.Topic
	Queue       awssqs.Queue
	DeadLetters awssqs.Queue
	Rule        awsevents.Rule
}

func newIntake(s Stack, prefixes []string) Intake {
	dead := awssqs.NewQueue(s.Stack, jsii.String("DeadLetters"), &awssqs.QueueProps{
		QueueName:       jsii.String("crashcart-dead-letters"),
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: daysLong(deadDays),
	})
	in := Intake{
		DeadLetters: dead,
		// SSE-SQS, because under a key of ours every publisher would need a right in that
		// key's policy, and a missing right loses messages in silence.
		Queue: awssqs.NewQueue(s.Stack, jsii.String("Intake"), &awssqs.QueueProps{
			QueueName:         jsii.String("crashcart-intake"),
			Encryption:        awssqs.QueueEncryption_SQS_MANAGED,
			EnforceSSL:        jsii.Bool(true),
			VisibilityTimeout: awscdk.Duration_Seconds(jsii.Number(visibility.Seconds())),
			RetentionPeriod:   daysLong(queueDays),
			DeadLetterQueue:   &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(tries)},
		}),
	}
	in.Topic = newIntakeTopic(s, in)
	in.Rule = newAlarmRule(s, in, prefixes)
	return in
}

// newIntakeTopic makes the topic for alarm actions, people, chat and other monitors.
//
// It has no key. Under a customer managed key every publisher needs that key, which
// an alarm's action gets through the key's policy and a person through IAM; who is
// forgotten gets an error that nobody reads, and a hang goes unseen. What passes
// through are names of alarms and instances, no contents. Transport is TLS only.
func newIntakeTopic(s Stack, in Intake) awssns.Topic {
	topic := awssns.NewTopic(s.Stack, jsii.String("IntakeTopic"), &awssns.TopicProps{
		TopicName:   jsii.String(IntakeTopicName),
		DisplayName: jsii.String("Crashcart intake"),
		EnforceSSL:  jsii.Bool(true),
	})
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("Alarms"),
		Principals: &[]awsiam.IPrincipal{alarms()},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: fromAlarms(s, "*"), // an alarm that has this action was chosen
	}))
	topic.AddSubscription(awssnssubscriptions.NewSqsSubscription(in.Queue, &awssnssubscriptions.SqsSubscriptionProps{
		// Raw delivery strips the time, and without its time nothing is fresh.
		RawMessageDelivery: jsii.Bool(false),
		DeadLetterQueue:    in.DeadLetters,
	}))
	return topic
}

// newAlarmRule makes the rule for alarms by name. It never takes every alarm: one on
// a full disk or a bill is no reason to crash a machine.
func newAlarmRule(s Stack, in Intake, prefixes []string) awsevents.Rule {
	names := make([]any, len(prefixes))
	for i, prefix := range prefixes {
		names[i] = map[string]any{"prefix": prefix}
	}
	rule := awsevents.NewRule(s.Stack, jsii.String("Alarms"), &awsevents.RuleProps{
		Description: jsii.String("Alarms that may name an instance to interrupt"),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings("aws.cloudwatch"),
			DetailType: jsii.Strings("CloudWatch Alarm State Change", "CloudWatch Alarm Contributor State Change"),
			Detail: &map[string]any{
				"alarmName": names,
				"state":     map[string]any{"value": []string{"ALARM"}},
			},
		},
	})
	rule.AddTarget(awseventstargets.NewSqsQueue(in.Queue, &awseventstargets.SqsQueueProps{
		DeadLetterQueue: in.DeadLetters,
		MaxEventAge:     awscdk.Duration_Hours(jsii.Number(ruleHours)),
	}))
	return rule
}
