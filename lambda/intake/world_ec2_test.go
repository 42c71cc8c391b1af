package intake_test

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

func (w *world) DescribeInstances(_ context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	if err := w.call("DescribeInstances"); err != nil {
		return nil, err
	}
	var out []types.Instance
	for _, id := range w.matching(in.Filters[0]) {
		m := w.machines[id]
		var tags []types.Tag
		for k, v := range map[string]string{"crashcart": m.tag, "crashcart-group": m.groupTag, "aws:autoscaling:groupName": m.group} {
			if v != "" {
				tags = append(tags, types.Tag{Key: &k, Value: &v})
			}
		}
		var profile *types.IamInstanceProfile
		if m.profile != "" {
			profile = &types.IamInstanceProfile{Arn: &m.profile}
		}
		var platform types.PlatformValues
		if m.windows {
			platform = types.PlatformValuesWindows
		}
		out = append(out, types.Instance{
			Platform: platform, InstanceId: &id, InstanceType: types.InstanceTypeM6iLarge, Architecture: m.architecture, LaunchTime: &m.launched,
			State: &types.InstanceState{Name: types.InstanceStateNameRunning}, Tags: tags,
			VpcId: aws.String("vpc-1"), SubnetId: &m.subnet, IamInstanceProfile: profile,
			BlockDeviceMappings: []types.InstanceBlockDeviceMapping{{Ebs: &types.EbsInstanceBlockDevice{VolumeId: aws.String(volume(id))}}},
		})
	}
	return altered(w, "DescribeInstances", &ec2.DescribeInstancesOutput{Reservations: []types.Reservation{{Instances: out}}}), nil
}

// matching gives the machines that a filter of DescribeInstances lets through.
func (w *world) matching(f types.Filter) (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(w.machines)) {
		value := id
		switch *f.Name {
		case "tag:crashcart-group":
			value = w.machines[id].groupTag
		case "subnet-id":
			value = w.machines[id].subnet
		case "iam-instance-profile.arn":
			value = w.machines[id].profile
		}
		if slices.Contains(f.Values, value) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (w *world) DescribeInstanceStatus(_ context.Context, in *ec2.DescribeInstanceStatusInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error) {
	if err := w.call("DescribeInstanceStatus"); err != nil {
		return nil, err
	}
	now := w.clock()
	out := &ec2.DescribeInstanceStatusOutput{}
	for id, m := range w.machines {
		if (len(in.InstanceIds) == 0 && !m.fails(now)) || (len(in.InstanceIds) > 0 && !slices.Contains(in.InstanceIds, id)) {
			continue
		}
		summary := &types.InstanceStatusSummary{Status: types.SummaryStatusOk}
		if m.fails(now) {
			summary.Status = types.SummaryStatusImpaired
			summary.Details = []types.InstanceStatusDetails{{ImpairedSince: &m.failsFrom, Status: types.StatusTypeFailed}}
		}
		out.InstanceStatuses = append(out.InstanceStatuses, types.InstanceStatus{
			InstanceId: aws.String(id), InstanceStatus: summary, Events: m.scheduled,
			SystemStatus: &types.InstanceStatusSummary{Status: types.SummaryStatusOk},
		})
	}
	if len(in.InstanceIds) == 0 {
		return altered(w, "DescribeInstanceStatus of the Region", out), nil
	}
	return altered(w, "DescribeInstanceStatus", out), nil
}

func (w *world) DescribeInstanceTypes(context.Context, *ec2.DescribeInstanceTypesInput, ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error) {
	return altered(w, "DescribeInstanceTypes", &ec2.DescribeInstanceTypesOutput{InstanceTypes: []types.InstanceTypeInfo{{
		InstanceType: types.InstanceTypeM6iLarge, Hypervisor: types.InstanceTypeHypervisorNitro,
		ProcessorInfo: &types.ProcessorInfo{SupportedArchitectures: []types.ArchitectureType{types.ArchitectureTypeX8664}},
	}}}), w.call("DescribeInstanceTypes")
}

func (w *world) DescribeInstanceAttribute(_ context.Context, in *ec2.DescribeInstanceAttributeInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceAttributeOutput, error) {
	m := w.machines[*in.InstanceId]
	out := &ec2.DescribeInstanceAttributeOutput{InstanceInitiatedShutdownBehavior: &types.AttributeValue{Value: &m.shutdown}}
	return altered(w, "DescribeInstanceAttribute", out), w.call("DescribeInstanceAttribute")
}

func (w *world) GetConsoleOutput(_ context.Context, in *ec2.GetConsoleOutputInput, _ ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error) {
	text := base64.StdEncoding.EncodeToString([]byte(w.machines[*in.InstanceId].console))
	out := &ec2.GetConsoleOutputOutput{InstanceId: in.InstanceId, Output: &text}
	which := "GetConsoleOutput, buffered"
	if aws.ToBool(in.Latest) {
		which = "GetConsoleOutput, latest"
	}
	return altered(w, which, out), errors.Join(w.call("GetConsoleOutput"), w.fail[which])
}

func (w *world) GetConsoleScreenshot(_ context.Context, in *ec2.GetConsoleScreenshotInput, _ ...func(*ec2.Options)) (*ec2.GetConsoleScreenshotOutput, error) {
	image := base64.StdEncoding.EncodeToString([]byte(w.machines[*in.InstanceId].screen))
	out := &ec2.GetConsoleScreenshotOutput{InstanceId: in.InstanceId, ImageData: &image}
	return altered(w, "GetConsoleScreenshot", out), w.call("GetConsoleScreenshot")
}

func (w *world) SendDiagnosticInterrupt(_ context.Context, in *ec2.SendDiagnosticInterruptInput, _ ...func(*ec2.Options)) (*ec2.SendDiagnosticInterruptOutput, error) {
	if err := w.call("SendDiagnosticInterrupt"); err != nil {
		return nil, err
	}
	if *in.DryRun {
		return nil, apiError{"DryRunOperation"}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.machines[*in.InstanceId]
	m.interruptedAt = append(m.interruptedAt, w.now)
	return &ec2.SendDiagnosticInterruptOutput{}, nil
}

// apiError is an answer of EC2 with an error code.
type apiError struct{ code string }

func (e apiError) Error() string { return "api error " + e.code }

func (e apiError) ErrorCode() string { return e.code }

func (e apiError) ErrorMessage() string { return e.code }

func (e apiError) ErrorFault() smithy.ErrorFault { return smithy.FaultClient }
