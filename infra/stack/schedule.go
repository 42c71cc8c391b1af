package stack

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"
)

// schedule is an event that a function gets again and again, in every mode of the stack.
type schedule struct {
	id, description string // of the rule
	target          string // the function's id, with which other ids begin
	event           string
	minutes         int
}

// invoke makes the rule. It is written out, because CDK's own target would grant by itself.
//
// What failed is not repeated, and there are no dead letters for it: the next event finds
// the same. An event that is older than the next one is thrown away.
func (e schedule) invoke(s Stack, fn awslambda.Function) awsevents.CfnRule {
	age := minutesLong(e.minutes).ToSeconds(nil)
	awslambda.NewCfnEventInvokeConfig(s.Stack, jsii.String(e.target+"Async"), &awslambda.CfnEventInvokeConfigProps{
		FunctionName:             fn.FunctionName(),
		Qualifier:                jsii.String("$LATEST"),
		MaximumRetryAttempts:     jsii.Number(0),
		MaximumEventAgeInSeconds: age,
	})
	rule := awsevents.NewCfnRule(s.Stack, jsii.String(e.id), &awsevents.CfnRuleProps{
		Description:        jsii.String(e.description),
		ScheduleExpression: jsii.String(fmt.Sprintf("rate(%d minutes)", e.minutes)),
		State:              jsii.String("ENABLED"),
		Targets: &[]any{&awsevents.CfnRule_TargetProperty{
			Id: jsii.String(e.target), Arn: fn.FunctionArn(), Input: jsii.String(e.event),
			RetryPolicy: &awsevents.CfnRule_RetryPolicyProperty{MaximumEventAgeInSeconds: age},
		}},
	})
	awslambda.NewCfnPermission(s.Stack, jsii.String(e.target+"BySchedule"), &awslambda.CfnPermissionProps{
		Action:       jsii.String("lambda:InvokeFunction"),
		FunctionName: fn.FunctionArn(),
		Principal:    jsii.String("events.amazonaws.com"),
		SourceArn:    rule.AttrArn(), // this one rule: the account is in its ARN
	})
	return rule
}
