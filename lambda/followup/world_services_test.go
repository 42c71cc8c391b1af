package followup_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
)

// shelf is the table as the function sees it.
type shelf struct {
	*dynamodb.Client
	w *world
}

func (s shelf) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, opts ...func(*dynamodb.Options)) (out *dynamodb.BatchGetItemOutput, err error) {
	err = s.w.gate.through(bookRead, func() (err error) { out, err = s.Client.BatchGetItem(ctx, in, opts...); return err })
	return out, err
}

func (s shelf) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, opts ...func(*dynamodb.Options)) (out *dynamodb.UpdateItemOutput, err error) {
	err = s.w.gate.through(bookWrite, func() (err error) {
		if out, err = s.Client.UpdateItem(ctx, in, opts...); err == nil {
			s.w.mu.Lock()
			defer s.w.mu.Unlock()
			s.w.steps++
		}
		return err
	})
	return out, err
}

func (s shelf) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (out *dynamodb.TransactWriteItemsOutput, err error) {
	err = s.w.gate.through(bookWrite, func() (err error) {
		if out, err = s.Client.TransactWriteItems(ctx, in, opts...); err == nil {
			s.w.mu.Lock()
			defer s.w.mu.Unlock()
			s.w.closings++
		}
		return err
	})
	return out, err
}

// Update is the notification topic.
func (w *world) Update(_ context.Context, u notify.Update) error {
	return w.gate.through(outside, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.deaf {
			return errors.New("KMSDisabled: the key of the topic is disabled")
		}
		w.told = append(w.told, u)
		return nil
	})
}

// Write is the list of the evidence.
func (w *world) Write(_ context.Context, r cases.Record, _ time.Time) error {
	return w.gate.through(outside, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.noFiles != nil {
			return w.noFiles
		}
		if w.noList--; w.noList >= 0 {
			return errNoList
		}
		w.listed = append(w.listed, r)
		return nil
	})
}

// ask lets a call to EC2, Systems Manager or Auto Scaling through.
func ask[T any](w *world, answer func(*host) *T) (out *T, err error) {
	err = w.gate.through(outside, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.blind != nil {
			return w.blind
		}
		out = answer(w.host)
		return nil
	})
	return out, err
}

func (w *world) GetConsoleOutput(_ context.Context, in *ec2.GetConsoleOutputInput, _ ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error) {
	if w.host.gone || w.host.state != ec2types.InstanceStateNameRunning {
		return nil, &smithy.GenericAPIError{Code: "InvalidInstanceID.NotFound", Message: "it does not run"}
	}
	return ask(w, func(h *host) *ec2.GetConsoleOutputOutput {
		text, at := h.console, w.now
		if !aws.ToBool(in.Latest) {
			text, at = h.buffered, h.posted
		}
		text = text[max(0, len(text)-64<<10):]
		return &ec2.GetConsoleOutputOutput{Output: aws.String(base64.StdEncoding.EncodeToString(text)), Timestamp: &at}
	})
}

func (w *world) GetConsoleScreenshot(context.Context, *ec2.GetConsoleScreenshotInput, ...func(*ec2.Options)) (*ec2.GetConsoleScreenshotOutput, error) {
	panic("nobody asks for the screen")
}

func (w *world) DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	return ask(w, func(h *host) *ec2.DescribeInstancesOutput {
		if h.gone {
			return &ec2.DescribeInstancesOutput{}
		}
		i := ec2types.Instance{InstanceId: aws.String(hostID), State: &ec2types.InstanceState{Name: h.state}, LaunchTime: &h.launched, StateTransitionReason: &h.reason}
		i.RootDeviceName = aws.String("/dev/xvda")
		for device, volume := range map[string]string{"/dev/xvda": "vol-root", "/dev/sdf": "vol-data"} {
			i.BlockDeviceMappings = append(i.BlockDeviceMappings, ec2types.InstanceBlockDeviceMapping{
				DeviceName: &device, Ebs: &ec2types.EbsInstanceBlockDevice{VolumeId: &volume},
			})
		}
		if h.windows {
			i.Platform = ec2types.PlatformValuesWindows
		}
		return &ec2.DescribeInstancesOutput{Reservations: []ec2types.Reservation{{Instances: []ec2types.Instance{i}}}}
	})
}

func (w *world) DescribeInstanceStatus(context.Context, *ec2.DescribeInstanceStatusInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error) {
	return ask(w, func(h *host) *ec2.DescribeInstanceStatusOutput {
		return &ec2.DescribeInstanceStatusOutput{InstanceStatuses: []ec2types.InstanceStatus{{
			InstanceId: aws.String(hostID), InstanceStatus: &ec2types.InstanceStatusSummary{Status: h.check},
		}}}
	})
}

func (w *world) DescribeInstanceInformation(context.Context, *ssm.DescribeInstanceInformationInput, ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error) {
	return ask(w, func(h *host) *ssm.DescribeInstanceInformationOutput {
		if h.ping.IsZero() {
			return &ssm.DescribeInstanceInformationOutput{}
		}
		return &ssm.DescribeInstanceInformationOutput{InstanceInformationList: []ssmtypes.InstanceInformation{{InstanceId: aws.String(hostID), LastPingDateTime: &h.ping}}}
	})
}

func (w *world) DescribeAutoScalingInstances(context.Context, *autoscaling.DescribeAutoScalingInstancesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingInstancesOutput, error) {
	return ask(w, func(h *host) *autoscaling.DescribeAutoScalingInstancesOutput {
		return &autoscaling.DescribeAutoScalingInstancesOutput{AutoScalingInstances: []astypes.AutoScalingInstanceDetails{{
			InstanceId: aws.String(hostID), AutoScalingGroupName: aws.String("web"), LifecycleState: &h.lifecycle,
		}}}
	})
}

func (w *world) GetObject(_ context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (out *s3.GetObjectOutput, err error) {
	err = w.gate.through(outside, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		text, ok := w.files[*in.Key]
		switch {
		case w.noFiles != nil:
			return w.noFiles
		case !ok:
			return &smithy.GenericAPIError{Code: "NoSuchKey", Message: "The specified key does not exist."}
		}
		out = &s3.GetObjectOutput{Body: io.NopCloser(bytes.NewReader(text))}
		return nil
	})
	return out, err
}

func (w *world) PutObject(_ context.Context, in *s3.PutObjectInput, _ ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	err := w.gate.through(outside, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		text, err := io.ReadAll(in.Body)
		switch _, there := w.files[*in.Key]; {
		case err != nil:
			return err
		case w.noFiles != nil:
			return w.noFiles
		case there && aws.ToString(in.IfNoneMatch) == "*":
			return &smithy.GenericAPIError{Code: "PreconditionFailed", Message: "At least one of the pre-conditions you specified did not hold"}
		}
		w.files[*in.Key] = text
		return nil
	})
	return &s3.PutObjectOutput{}, err
}

// kept are the consoles of the case from after its interrupt, oldest first.
func (w *world) kept(id string) (keys []string) {
	for _, key := range slices.Sorted(maps.Keys(w.files)) {
		if strings.HasPrefix(key, "cases/"+id+"/after/") {
			keys = append(keys, key)
		}
	}
	return keys
}

func (w *world) StartExecution(_ context.Context, in *sfn.StartExecutionInput, _ ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error) {
	err := w.gate.through(outside, func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if err := w.noStart[*in.Name]; err != nil {
			return err
		}
		if want := fmt.Sprintf(`{"caseId":%q}`, *in.Name); *in.Input != want || *in.StateMachineArn != machine {
			return fmt.Errorf("started %s with %s, want %s", *in.StateMachineArn, *in.Input, want)
		}
		if w.runs[*in.Name] != nil {
			return &sfntypes.ExecutionAlreadyExists{}
		}
		w.runs[*in.Name] = &run{status: sfntypes.ExecutionStatusRunning}
		return nil
	})
	return &sfn.StartExecutionOutput{}, err
}

// found gives the execution of an ARN.
func (w *world) found(arn *string) (*run, error) {
	name, ok := strings.CutPrefix(*arn, "arn:aws:states:eu-central-1:111122223333:execution:crashcart-followup:")
	if r := w.runs[name]; ok && r != nil {
		return r, nil
	}
	return nil, &sfntypes.ExecutionDoesNotExist{}
}

func (w *world) DescribeExecution(_ context.Context, in *sfn.DescribeExecutionInput, _ ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.found(in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	return &sfn.DescribeExecutionOutput{Status: r.status}, nil
}

func (w *world) RedriveExecution(_ context.Context, in *sfn.RedriveExecutionInput, _ ...func(*sfn.Options)) (*sfn.RedriveExecutionOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.found(in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	if r.full {
		return nil, &sfntypes.ExecutionNotRedrivable{}
	}
	r.redriven++
	r.status = sfntypes.ExecutionStatusRunning
	return &sfn.RedriveExecutionOutput{}, nil
}
