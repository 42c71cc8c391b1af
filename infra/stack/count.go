package stack

import (
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
	countName = "crashcart-count"
	// countMemory in MB is the least that Lambda gives ("Configure Lambda function
	// memory", AWS Lambda Developer Guide). In the lab the function takes less than
	// a tenth of it, and nobody waits for it.
	countMemory = 128
	// countSeconds is time for three tries of one query, on a tenth of a CPU.
	countSeconds = 30
	// countConcurrency keeps counts from running beside each other.
	countConcurrency = 1
	// countMinutes is how often it counts.
	countMinutes = 5
)

// Count is the function that only counts, and its schedule. That a count is missing is an
// alarm.
type Count struct {
	Function awslambda.Function
	Rule     awsevents.CfnRule
}

// newCount makes the count with its role, its log and its schedule.
func newCount(s Stack, p props.Props, code string) Count {
	// The log goes with the stack: what it has counted is in the casebook.
	logs := awslogs.NewCfnLogGroup(s.Stack, jsii.String("CountLog"), &awslogs.CfnLogGroupProps{
		RetentionInDays: jsii.Number(p.LogDays),
	})
	fn := newFunction(s, "Count", awslambda.FunctionProps{
		FunctionName:                 jsii.String(countName),
		Description:                  jsii.String("Counts the cases that are open, and those that nobody has closed in time"),
		Code:                         awslambda.Code_FromAsset(jsii.String(code), nil),
		Role:                         newRole(s, "CountRole", "What Crashcart's count may do", lambdaService(), permissions.Count(places(s, logs))),
		Environment:                  &map[string]*string{config.EnvTable: s.Casebook.TableName()},
		MemorySize:                   jsii.Number(countMemory),
		Timeout:                      awscdk.Duration_Seconds(jsii.Number(countSeconds)),
		LogGroup:                     awslogs.LogGroup_FromLogGroupName(s.Stack, jsii.String("CountLogs"), logs.Ref()),
		ReservedConcurrentExecutions: reserved(p, countConcurrency),
	})
	rule := schedule{
		id: "Counts", description: "Has the open cases counted", target: "Count", event: config.CountEvent, minutes: countMinutes,
	}.invoke(s, fn)
	return Count{Function: fn, Rule: rule}
}
