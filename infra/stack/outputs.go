package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"crashcart/lambda/domain/config"
)

// addOutputs tells where everything is, and the commands that are needed before
// anything else is read. The lever's are here in full, so that it can be pulled by
// whoever has the AWS CLI and nothing of Crashcart.
func addOutputs(s Stack) {
	output := func(name, value, description string) {
		awscdk.NewCfnOutput(s.Stack, jsii.String(name), &awscdk.CfnOutputProps{
			Value: jsii.String(value), Description: jsii.String(description),
		})
	}
	output(config.OutputRegion, *s.Region(), "The Region it works in")
	output(config.OutputFunction, *s.Interrupt.FunctionName(), "The function that decides and interrupts")
	output(config.OutputTable, *s.Casebook.TableName(), "The casebook")
	output(config.OutputBucket, *s.Evidence.BucketName(), "The evidence")
	output(config.OutputQueue, *s.Intake.Queue.QueueUrl(), "The intake queue")
	output(config.OutputDeadLetters, *s.Intake.DeadLetters.QueueUrl(), "What could not be handled")
	output(config.OutputIntake, *s.Intake.Topic.TopicArn(), "The topic for alarm actions, people and other monitors")
	output(config.OutputNotifications, *s.Notifications.TopicArn(), "The topic that decisions are told to")

	region := " --region " + *s.Region()
	table := " --table-name " + *s.Casebook.TableName()
	lever := `'{"pk":{"S":"lever"},"sk":{"S":"lever"}`
	output("Subscribe", "aws sns subscribe"+region+" --topic-arn "+*s.Notifications.TopicArn()+" --protocol email --notification-endpoint YOU@EXAMPLE.COM",
		"Be told of decisions")
	output("DryRun", "aws lambda invoke"+region+" --function-name "+*s.Interrupt.FunctionName()+" --cli-binary-format raw-in-base64-out"+
		` --payload '{"instanceIds":["INSTANCE"],"reason":"first dry run","dryRun":true}' /dev/stdout`,
		"Ask what would become of an instance; nothing is interrupted")
	output("PullLever", "aws dynamodb put-item"+region+table+" --item "+lever+`,"reason":{"S":"WHY"}}'`, "Stop every interrupt, at once")
	output("ReleaseLever", "aws dynamodb delete-item"+region+table+" --key "+lever+"}'", "Let interrupts through again")
}
