package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"

	"crashcart/infra/permissions"
)

// newStateMachine makes the state machine that invokes the follow-up until a case has
// ended. It decides nothing.
//
// It has no log and no trace. An execution has the name of its case, and Step Functions
// keeps its history for 90 days; what a step has found is in the function's log and in the
// casebook. Its state is the id of a case, so it needs no key of ours.
func newStateMachine(s Stack, fn awslambda.Function, definition string) awsstepfunctions.CfnStateMachine {
	role := newRole(s, "StateMachineRole", "What Crashcart's state machine may do", stepFunctions(s), permissions.StateMachine(*fn.FunctionArn()))
	return awsstepfunctions.NewCfnStateMachine(s.Stack, jsii.String("StateMachine"), &awsstepfunctions.CfnStateMachineProps{
		StateMachineName: jsii.String(followupName),
		StateMachineType: jsii.String("STANDARD"), // a case takes hours, and each of its steps must not be lost
		DefinitionString: jsii.String(definition),
		DefinitionSubstitutions: &map[string]any{
			"Partition": s.Partition(),
			"Followup":  fn.FunctionArn(),
		},
		RoleArn: role.RoleArn(),
	})
}

// stepFunctions is Step Functions when it works for this one state machine ("Creating an
// IAM role for your state machine in Step Functions: Prevent cross-service confused deputy
// issue", AWS Step Functions Developer Guide).
func stepFunctions(s Stack) awsiam.IPrincipal {
	return awsiam.NewServicePrincipal(jsii.String("states.amazonaws.com"), &awsiam.ServicePrincipalOpts{
		Conditions: &map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": s.Account()},
			"ArnEquals":    map[string]any{"aws:SourceArn": stateMachineARN(s)},
		},
	})
}

// stateMachineARN is made from its name, and not asked of the resource: the function and the
// roles must know it before there is a state machine.
func stateMachineARN(s Stack) *string { return statesARN(s, "stateMachine", followupName) }

// executionsARN are all executions of the state machine. Each has the name of its case.
func executionsARN(s Stack) *string { return statesARN(s, "execution", followupName+":*") }

func statesARN(s Stack, resource, name string) *string {
	return s.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("states"), Resource: jsii.String(resource), ResourceName: jsii.String(name),
		ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
}
