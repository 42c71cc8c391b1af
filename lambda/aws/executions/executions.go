// Package executions starts the executions of the follow-up's state machine, and asks
// what has become of them. An execution is called like its case, so Step Functions starts
// the follow-up of a case only once.
package executions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"crashcart/lambda/aws/awserr"
)

// API is the subset of the Step Functions API used here.
type API interface {
	StartExecution(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
	DescribeExecution(context.Context, *sfn.DescribeExecutionInput, ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
	RedriveExecution(context.Context, *sfn.RedriveExecutionInput, ...func(*sfn.Options)) (*sfn.RedriveExecutionOutput, error)
}

// Machine is one state machine.
type Machine struct {
	API API
	ARN string
}

// Status is what has become of an execution.
type Status string

// What an execution may have become.
const (
	Missing   Status = "missing"   // there is none of that name
	Running   Status = "running"   // it runs, or waits to be redriven
	Succeeded Status = "succeeded" // it went to its end
	Failed    Status = "failed"    // it failed, timed out, or was aborted
)

// Start starts the execution of a case. One that was started before is no error, whatever
// has become of it.
func (m Machine) Start(ctx context.Context, caseID string) error {
	input, err := json.Marshal(map[string]string{"caseId": caseID})
	if err != nil {
		return fmt.Errorf("starting the follow-up of case %s: %w", caseID, err)
	}
	_, err = m.API.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: &m.ARN, Name: &caseID, Input: aws.String(string(input))})
	if err != nil && awserr.Code(err) != "ExecutionAlreadyExists" {
		return fmt.Errorf("starting the follow-up of case %s: %w", caseID, err)
	}
	return nil
}

// Status asks what has become of the execution of a case.
func (m Machine) Status(ctx context.Context, caseID string) (Status, error) {
	out, err := m.API.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(m.execution(caseID))})
	switch {
	case awserr.Code(err) == "ExecutionDoesNotExist":
		return Missing, nil
	case err != nil:
		return "", fmt.Errorf("asking for the follow-up of case %s: %w", caseID, err)
	}
	switch out.Status {
	case types.ExecutionStatusRunning, types.ExecutionStatusPendingRedrive:
		return Running, nil
	case types.ExecutionStatusSucceeded:
		return Succeeded, nil
	case types.ExecutionStatusFailed, types.ExecutionStatusTimedOut, types.ExecutionStatusAborted:
		return Failed, nil
	default:
		return "", fmt.Errorf("asking for the follow-up of case %s: its status is %q", caseID, out.Status)
	}
}

// ErrNotRedrivable says that an execution can never be continued: it is too old, or its
// history is full.
var ErrNotRedrivable = errors.New("the execution cannot be redriven")

// Redrive continues the execution of a case, which has failed, where it failed. The error
// is ErrNotRedrivable if that is never possible.
func (m Machine) Redrive(ctx context.Context, caseID string) error {
	_, err := m.API.RedriveExecution(ctx, &sfn.RedriveExecutionInput{ExecutionArn: aws.String(m.execution(caseID))})
	switch code := awserr.Code(err); {
	case err == nil:
		return nil
	case code == "ExecutionNotRedrivable" || code == "ExecutionDoesNotExist":
		return fmt.Errorf("redriving the follow-up of case %s: %w: %w", caseID, ErrNotRedrivable, err)
	default:
		return fmt.Errorf("redriving the follow-up of case %s: %w", caseID, err)
	}
}

// execution is the ARN of a case's execution. It has the machine's parts ("Resource types
// defined by AWS Step Functions", Service Authorization Reference).
func (m Machine) execution(caseID string) string {
	return strings.Replace(m.ARN, ":stateMachine:", ":execution:", 1) + ":" + caseID
}
