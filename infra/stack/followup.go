package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/permissions"
	"crashcart/infra/props"
	"crashcart/lambda/domain/config"
)

const (
	followupName = "crashcart-followup"
	// followupMemory in MB is the least that Lambda gives ("Configure Lambda function
	// memory", AWS Lambda Developer Guide). In the lab the function takes less than
	// a tenth of it, and nobody waits for it.
	followupMemory = 128
	// followupSeconds is time for three tries of one query, on a tenth of a CPU.
	followupSeconds = 30
	// followupConcurrency keeps sweeps from running beside each other.
	followupConcurrency = 1
	// sweepMinutes is how often it sweeps, and how old a sweep's event may get: by then
	// there is another.
	sweepMinutes = 5
)

// newFollowup makes the follow-up's function with its role, its log and its schedule.
// A sweep that failed is not repeated, and there are no dead letters for it: the next
// one counts the same cases, and that a count is missing is an alarm of its own.
func newFollowup(s Stack, p props.Props, code string) awslambda.Function {
	// The log goes with the stack: what it has counted is in the casebook.
	logs := awslogs.NewCfnLogGroup(s.Stack, jsii.String("FollowupLog"), &awslogs.CfnLogGroupProps{
		RetentionInDays: jsii.Number(p.LogDays),
	})
	at := places(s, logs)
	fn := awslambda.NewFunction(s.Stack, jsii.String("Followup"), &awslambda.FunctionProps{
		FunctionName:                 jsii.String(followupName),
		Description:                  jsii.String("Counts the cases that are open, and those that nobody has closed in time"),
		Runtime:                      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:                 awslambda.Architecture_ARM_64(),
		Handler:                      jsii.String("bootstrap"),
		Code:                         awslambda.Code_FromAsset(jsii.String(code), nil),
		Role:                         newRole(s, "FollowupRole", "What Crashcart's follow-up function may do", permissions.Followup(at)),
		Environment:                  &map[string]*string{config.EnvTable: s.Casebook.TableName()},
		MemorySize:                   jsii.Number(followupMemory),
		Timeout:                      awscdk.Duration_Seconds(jsii.Number(followupSeconds)),
		LogGroup:                     awslogs.LogGroup_FromLogGroupName(s.Stack, jsii.String("FollowupLogs"), logs.Ref()),
		ReservedConcurrentExecutions: reserved(p, followupConcurrency),
	})
	awslambda.NewCfnEventInvokeConfig(s.Stack, jsii.String("FollowupAsync"), &awslambda.CfnEventInvokeConfigProps{
		FunctionName:             fn.FunctionName(),
		Qualifier:                jsii.String("$LATEST"),
		MaximumRetryAttempts:     jsii.Number(0),
		MaximumEventAgeInSeconds: minutesLong(sweepMinutes).ToSeconds(nil),
	})
	sweepRegularly(s, fn)
	return fn
}

// sweepRegularly is EventBridge's schedule, in every mode of the stack. It is written
// out, because CDK's own target would grant by itself.
func sweepRegularly(s Stack, fn awslambda.Function) {
	rule := awsevents.NewCfnRule(s.Stack, jsii.String("Sweeps"), &awsevents.CfnRuleProps{
		Description:        jsii.String("Has the open cases counted"),
		ScheduleExpression: jsii.String(fmt.Sprintf("rate(%d minutes)", sweepMinutes)),
		State:              jsii.String("ENABLED"),
		Targets: &[]any{&awsevents.CfnRule_TargetProperty{
			Id: jsii.String("Followup"), Arn: fn.FunctionArn(), Input: jsii.String(config.SweepEvent),
			RetryPolicy: &awsevents.CfnRule_RetryPolicyProperty{MaximumEventAgeInSeconds: minutesLong(sweepMinutes).ToSeconds(nil)},
		}},
	})
	awslambda.NewCfnPermission(s.Stack, jsii.String("FollowupBySchedule"), &awslambda.CfnPermissionProps{
		Action:       jsii.String("lambda:InvokeFunction"),
		FunctionName: fn.FunctionArn(),
		Principal:    jsii.String("events.amazonaws.com"),
		SourceArn:    rule.AttrArn(), // this one rule: the account is in its ARN
	})
}
