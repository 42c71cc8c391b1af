package executions_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"crashcart/lambda/aws/executions"
)

const (
	machine   = "arn:aws-cn:states:cn-north-1:111122223333:stateMachine:crashcart-followup"
	execution = "arn:aws-cn:states:cn-north-1:111122223333:execution:crashcart-followup:i-0a1b2c3d4e5f60718-0123456789abcdef"
	caseID    = "i-0a1b2c3d4e5f60718-0123456789abcdef"
)

// service answers each call with what it is set to, if the call is as it must be.
type service struct {
	t      *testing.T
	err    error
	status types.ExecutionStatus
}

func (s service) StartExecution(_ context.Context, in *sfn.StartExecutionInput, _ ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error) {
	if *in.StateMachineArn != machine || *in.Name != caseID || *in.Input != `{"caseId":"`+caseID+`"}` {
		s.t.Errorf("started %s as %s with %s", *in.StateMachineArn, *in.Name, *in.Input)
	}
	return &sfn.StartExecutionOutput{}, s.err
}

func (s service) DescribeExecution(_ context.Context, in *sfn.DescribeExecutionInput, _ ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error) {
	s.execution(in.ExecutionArn)
	return &sfn.DescribeExecutionOutput{Status: s.status}, s.err
}

func (s service) RedriveExecution(_ context.Context, in *sfn.RedriveExecutionInput, _ ...func(*sfn.Options)) (*sfn.RedriveExecutionOutput, error) {
	s.execution(in.ExecutionArn)
	return &sfn.RedriveExecutionOutput{}, s.err
}

func (s service) execution(arn *string) {
	if got := aws.ToString(arn); got != execution {
		s.t.Errorf("asked for %s, want %s", got, execution)
	}
}

var errOutage = errors.New("no answer")

func TestAnExecutionThatWasStartedBeforeIsNoError(t *testing.T) {
	for err, want := range map[error]error{nil: nil, &types.ExecutionAlreadyExists{}: nil, errOutage: errOutage} {
		if got := (executions.Machine{API: service{t: t, err: err}, ARN: machine}).Start(t.Context(), caseID); !errors.Is(got, want) {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
	}
}

func TestEveryStatusOfStepFunctionsIsKnown(t *testing.T) {
	want := map[types.ExecutionStatus]executions.Status{
		types.ExecutionStatusRunning: executions.Running, types.ExecutionStatusPendingRedrive: executions.Running,
		types.ExecutionStatusSucceeded: executions.Succeeded, types.ExecutionStatusFailed: executions.Failed,
		types.ExecutionStatusTimedOut: executions.Failed, types.ExecutionStatusAborted: executions.Failed,
	}
	for _, status := range types.ExecutionStatus("").Values() {
		got, err := executions.Machine{API: service{t: t, status: status}, ARN: machine}.Status(t.Context(), caseID)
		if err != nil || got != want[status] || got == "" {
			t.Errorf("%s: %q, %v, want %q", status, got, err, want[status])
		}
	}
}

// What is not known must not be taken for an execution that is missing, or has failed.
func TestAnAnswerThatSaysNothingIsAnError(t *testing.T) {
	for name, s := range map[string]service{"an outage": {t: t, err: errOutage}, "an unknown status": {t: t, status: "RESTING"}} {
		if got, err := (executions.Machine{API: s, ARN: machine}).Status(t.Context(), caseID); err == nil || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	got, err := executions.Machine{API: service{t: t, err: &types.ExecutionDoesNotExist{}}, ARN: machine}.Status(t.Context(), caseID)
	if err != nil || got != executions.Missing {
		t.Errorf("none: %q, %v", got, err)
	}
}

func TestOnlyStepFunctionsItselfSaysThatNothingCanBeRedriven(t *testing.T) {
	for err, never := range map[error]bool{nil: false, errOutage: false, &types.ExecutionLimitExceeded{}: false, &types.ExecutionNotRedrivable{}: true, &types.ExecutionDoesNotExist{}: true} {
		got := (executions.Machine{API: service{t: t, err: err}, ARN: machine}).Redrive(t.Context(), caseID)
		if errors.Is(got, executions.ErrNotRedrivable) != never || !errors.Is(got, err) {
			t.Errorf("%v: %v", err, got)
		}
	}
}
