package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

const (
	// commandTakes bounds a command, in seconds of the lab: minutes on the wall.
	commandTakes = 3600
	// commandEvery is how often, on the wall, a command is asked for its result.
	commandEvery = 200 * time.Millisecond
)

// command runs a script in the guest as anybody would on EC2, by Systems Manager, and
// gives what it printed.
func (r *run) command(ctx context.Context, script string) (string, error) {
	client := ssm.NewFromConfig(r.lab.Config())
	sent, err := client.SendCommand(ctx, &ssm.SendCommandInput{
		DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{InstanceID}, TimeoutSeconds: aws.Int32(commandTakes),
		Parameters: map[string][]string{"commands": {script}, "executionTimeout": {fmt.Sprint(commandTakes)}},
	})
	if err != nil {
		return "", fmt.Errorf("sending a command: %w", err)
	}
	tick := time.NewTicker(commandEvery)
	defer tick.Stop()
	for {
		out, err := client.GetCommandInvocation(ctx, &ssm.GetCommandInvocationInput{CommandId: sent.Command.CommandId, InstanceId: aws.String(InstanceID)})
		if _, early := errors.AsType[*types.InvocationDoesNotExist](err); err != nil && !early {
			return "", fmt.Errorf("asking for a command's result: %w", err)
		}
		if err == nil {
			switch out.Status {
			case types.CommandInvocationStatusPending, types.CommandInvocationStatusInProgress, types.CommandInvocationStatusDelayed:
			case types.CommandInvocationStatusSuccess:
				return aws.ToString(out.StandardOutputContent), nil
			default:
				return "", fmt.Errorf("a command ended as %s, with %d: %q", aws.ToString(out.StatusDetails), out.ResponseCode, aws.ToString(out.StandardErrorContent))
			}
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("waiting for a command's result: %w", ctx.Err())
		case <-tick.C:
		}
	}
}
