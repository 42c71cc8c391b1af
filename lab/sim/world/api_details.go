package world

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// DescribeInstanceTypes answers as EC2 does.
func (v *View) DescribeInstanceTypes(_ context.Context, in *ec2.DescribeInstanceTypesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error) {
	if err := v.called("DescribeInstanceTypes"); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(in.InstanceTypes))
	for _, t := range in.InstanceTypes {
		names = append(names, string(t))
	}
	for _, f := range in.Filters {
		if aws.ToString(f.Name) != "instance-type" {
			return nil, fmt.Errorf("%w: %s", ErrNotModelled, aws.ToString(f.Name))
		}
		names = append(names, f.Values...)
	}
	out := &ec2.DescribeInstanceTypesOutput{}
	for _, name := range names {
		if name == "m6i.large" || name == "i3en.large" {
			out.InstanceTypes = append(out.InstanceTypes, types.InstanceTypeInfo{
				InstanceType: types.InstanceType(name), Hypervisor: types.InstanceTypeHypervisorNitro, BareMetal: aws.Bool(false),
				ProcessorInfo: &types.ProcessorInfo{SupportedArchitectures: []types.ArchitectureType{types.ArchitectureTypeX8664}, Manufacturer: aws.String("Intel")},
			})
		}
	}
	return out, nil
}

// DescribeInstanceAttribute gives the shutdown behaviour, which is stop.
func (v *View) DescribeInstanceAttribute(_ context.Context, in *ec2.DescribeInstanceAttributeInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceAttributeOutput, error) {
	if err := v.called("DescribeInstanceAttribute"); err != nil {
		return nil, err
	}
	if in.Attribute != types.InstanceAttributeNameInstanceInitiatedShutdownBehavior || v.host(aws.ToString(in.InstanceId)) == nil {
		return nil, fmt.Errorf("%w: %s", ErrNotModelled, in.Attribute)
	}
	return &ec2.DescribeInstanceAttributeOutput{
		InstanceId: in.InstanceId, InstanceInitiatedShutdownBehavior: &types.AttributeValue{Value: aws.String("stop")},
	}, nil
}

// DescribeVolumes gives volumes.
func (v *View) DescribeVolumes(_ context.Context, in *ec2.DescribeVolumesInput, _ ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error) {
	if err := v.called("DescribeVolumes"); err != nil {
		return nil, err
	}
	ids := slices.Clone(in.VolumeIds)
	for _, f := range in.Filters {
		if aws.ToString(f.Name) != "volume-id" {
			return nil, fmt.Errorf("%w: %s", ErrNotModelled, aws.ToString(f.Name))
		}
		ids = append(ids, f.Values...)
	}
	out := &ec2.DescribeVolumesOutput{}
	for _, id := range ids {
		n, ok := v.w.byVolume[id]
		if !ok {
			continue
		}
		out.Volumes = append(out.Volumes, v.volume(v.w.hosts[n], id))
	}
	return out, nil
}

// DescribeNetworkInterfaces gives the interfaces of addresses in a VPC.
func (v *View) DescribeNetworkInterfaces(_ context.Context, in *ec2.DescribeNetworkInterfacesInput, _ ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	if err := v.called("DescribeNetworkInterfaces"); err != nil {
		return nil, err
	}
	var network string
	var addresses []string
	for _, f := range in.Filters {
		switch name := aws.ToString(f.Name); name {
		case "vpc-id":
			network = f.Values[0]
		case "addresses.private-ip-address":
			addresses = f.Values
		default:
			return nil, fmt.Errorf("%w: %s", ErrNotModelled, name)
		}
	}
	out := &ec2.DescribeNetworkInterfacesOutput{}
	for _, address := range addresses {
		n, ok := v.w.addresses[network+"/"+address]
		if !ok {
			continue
		}
		out.NetworkInterfaces = append(out.NetworkInterfaces, types.NetworkInterface{
			VpcId: aws.String(network), PrivateIpAddress: aws.String(address),
			Attachment: &types.NetworkInterfaceAttachment{InstanceId: aws.String(v.w.hosts[n].id), DeviceIndex: aws.Int32(0)},
		})
	}
	return out, nil
}
