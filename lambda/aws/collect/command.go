package collect

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/aws/awserr"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

// CommandAPI is the subset of the SSM API used by Commands.
type CommandAPI interface {
	SendCommand(context.Context, *ssm.SendCommandInput, ...func(*ssm.Options)) (*ssm.SendCommandOutput, error)
	GetCommandInvocation(context.Context, *ssm.GetCommandInvocationInput, ...func(*ssm.Options)) (*ssm.GetCommandInvocationOutput, error)
}

// Commands has the agents of hosts run our document. SendCommand has no token: a call whose
// answer is lost may have been carried out, and a second one is another command. The script
// takes care of that, since only one of it sends at a time.
type Commands struct {
	API CommandAPI
	// Rate is how many bytes a second a host may send. Zero is the document's default, so
	// that whoever forgets it does not fill the line of a host that has work to do.
	Rate int64
}

const (
	// delivery is how long a command may wait for the agent. The host was heard when it is
	// sent; one that reboots again is asked anew.
	delivery = 10 * time.Minute
	// margin is how long before the end of the URLs the script stops by itself.
	margin = 5 * time.Minute
	// leastSend is the shortest time that is worth a script's start.
	leastSend = time.Minute
)

// Survey asks an instance what it has from after a time. It gives the command's id.
func (c Commands) Survey(ctx context.Context, instanceID string, since time.Time) (string, error) {
	return c.send(ctx, instanceID, map[string]string{
		config.CollectStep: dump.StepSurvey, config.CollectSince: strconv.FormatInt(since.Unix(), 10),
	})
}

// Send has an instance send what a manifest asks for, and stop before its URLs end. It
// gives the command's id.
func (c Commands) Send(ctx context.Context, instanceID, manifestURL string, life time.Duration) (string, error) {
	seconds := max(min(life, Life)-margin, leastSend) / time.Second
	parameters := map[string]string{
		config.CollectStep: dump.StepSend, config.CollectSince: "0", config.CollectManifest: manifestURL,
		config.CollectSeconds: strconv.FormatInt(int64(seconds), 10),
	}
	if c.Rate > 0 {
		parameters[config.CollectRate] = strconv.FormatInt(c.Rate, 10)
	}
	return c.send(ctx, instanceID, parameters)
}

func (c Commands) send(ctx context.Context, instanceID string, parameters map[string]string) (string, error) {
	given := map[string][]string{}
	for name, value := range parameters {
		given[name] = []string{value}
	}
	out, err := c.API.SendCommand(ctx, &ssm.SendCommandInput{
		DocumentName: aws.String(config.DocumentCollect), InstanceIds: []string{instanceID}, Parameters: given,
		TimeoutSeconds: aws.Int32(int32(delivery / time.Second)),
	})
	if err != nil {
		return "", fmt.Errorf("sending %s to %s: %w", config.DocumentCollect, instanceID, err)
	}
	if out.Command == nil || aws.ToString(out.Command.CommandId) == "" {
		return "", errors.New("SSM answered without a command")
	}
	return aws.ToString(out.Command.CommandId), nil
}

// Progress is how far a command has come.
type Progress struct {
	Over   bool
	Output string // of the script, once it is over
	Why    string // it failed, as a part of a sentence; empty when the script ended by itself
}

// Poll says how far a command has come. A command that SSM does not know yet is not over.
func (c Commands) Poll(ctx context.Context, instanceID, commandID string, windows bool) (Progress, error) {
	step := config.CollectLinux
	if windows {
		step = config.CollectWindows
	}
	out, err := c.API.GetCommandInvocation(ctx, &ssm.GetCommandInvocationInput{CommandId: &commandID, InstanceId: &instanceID, PluginName: &step})
	if awserr.Code(err) == "InvocationDoesNotExist" {
		return Progress{}, nil
	}
	if err != nil {
		return Progress{}, fmt.Errorf("asking for the command %s: %w", commandID, err)
	}
	switch out.Status {
	case types.CommandInvocationStatusPending, types.CommandInvocationStatusInProgress, types.CommandInvocationStatusDelayed, types.CommandInvocationStatusCancelling:
		return Progress{}, nil
	case types.CommandInvocationStatusSuccess:
		return Progress{Over: true, Output: aws.ToString(out.StandardOutputContent)}, nil
	case types.CommandInvocationStatusFailed, types.CommandInvocationStatusTimedOut, types.CommandInvocationStatusCancelled:
	}
	return Progress{
		Over: true, Output: aws.ToString(out.StandardOutputContent),
		Why: fmt.Sprintf("the command ended %s (exit code %d)", aws.ToString(out.StatusDetails), out.ResponseCode),
	}, nil
}
