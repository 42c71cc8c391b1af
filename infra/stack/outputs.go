package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"crashcart/lambda/domain/config"
)

// output is one output of the stack.
type output struct{ name, value, description string }

// addOutputs says where everything is. It also gives the commands that are needed
// before anything else is read. The lever's commands need the AWS CLI alone, and nothing
// of Crashcart.
func addOutputs(s Stack) {
	for _, o := range append(whereabouts(s), commands(s)...) {
		awscdk.NewCfnOutput(s.Stack, jsii.String(o.name), &awscdk.CfnOutputProps{
			Value: jsii.String(o.value), Description: jsii.String(o.description),
		})
	}
}

// whereabouts are what the stack has made and where it is.
func whereabouts(s Stack) []output {
	return []output{
		{config.OutputRegion, *s.Region(), "The Region it works in"},
		{config.OutputFunction, *s.Interrupt.FunctionName(), "The function that decides and interrupts"},
		{config.OutputTable, *s.Casebook.TableName(), "The casebook"},
		{config.OutputBucket, *s.Evidence.BucketName(), "The evidence"},
		{config.OutputQueue, *s.Intake.Queue.QueueUrl(), "The intake queue"},
		{config.OutputDeadLetters, *s.Intake.DeadLetters.QueueUrl(), "What could not be handled"},
		{config.OutputFollowupQueue, *s.FollowupQueue.Queue.QueueUrl(), "The follow-up's queue"},
		{config.OutputFollowupDeadLetters, *s.FollowupQueue.DeadLetters.QueueUrl(), "What its queue could not start"},
		{config.OutputStateMachine, *s.Followup.Machine.AttrArn(), "The state machine that follows a case to its end"},
		{config.OutputIntake, *s.Intake.Topic.TopicArn(), "The topic for alarm actions, people and other monitors"},
		{config.OutputNotifications, *s.Notifications.TopicArn(), "The topic for the notifications of decisions"},
		{"AlarmTopicArn", *s.Alarms.TopicArn(), "The topic of the alarms that watch Crashcart"},
	}
}

// commands are lines for a shell.
func commands(s Stack) []output {
	region := " --region " + *s.Region()
	table := " --table-name " + *s.Casebook.TableName()
	lever := `'{"pk":{"S":"lever"},"sk":{"S":"lever"}`
	return []output{
		{"Subscribe", subscribe(s, s.Notifications), "Be notified of decisions"},
		{"SubscribeAlarms", subscribe(s, s.Alarms), "Be notified when Crashcart itself is in trouble"},
		{
			"DryRun", "aws lambda invoke" + region + " --function-name " + *s.Interrupt.FunctionName() + " --cli-binary-format raw-in-base64-out" +
				` --payload '{"instanceIds":["INSTANCE"],"reason":"first dry run","dryRun":true}' /dev/stdout`,
			"Ask what would become of an instance; nothing is interrupted",
		},
		{"PullLever", "aws dynamodb put-item" + region + table + " --item " + lever + `,"reason":{"S":"WHY"}}'`, "Stop every interrupt, at once"},
		{"ReleaseLever", "aws dynamodb delete-item" + region + table + " --key " + lever + "}'", "Let interrupts through again"},
	}
}

func subscribe(s Stack, topic awssns.Topic) string {
	return "aws sns subscribe --region " + *s.Region() + " --topic-arn " + *topic.TopicArn() + " --protocol email --notification-endpoint YOU@EXAMPLE.COM"
}
