package world

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// listed is an answer that stays right for a while: as long as no host of it starts or
// stops.
type listed struct {
	from, to int64
	out      *ec2.DescribeInstancesOutput
}

// running says since when a host's instance runs, or that it does not, and from when to
// when that is so.
func (h *host) running(at int64) (launched, from, to int64, is bool) {
	launched, from, to = h.launched, 0, int64(1)<<62
	for _, s := range h.launches {
		switch {
		case at < s.from:
			return launched, from, s.from, true
		case at < s.to:
			return launched, s.from, s.to, false
		}
		launched, from = s.to, s.to
	}
	return launched, from, to, true
}

// describe is a host as DescribeInstances has it. A host that is off has been terminated,
// or stands by in a warm pool.
func (h *host) describe(now int64) types.Instance {
	out := h.described
	launched, _, _, runs := h.running(now)
	if launched != h.launched {
		out.LaunchTime = aws.Time(at(launched))
	}
	if !runs {
		out.State = &types.InstanceState{Name: types.InstanceStateNameTerminated, Code: aws.Int32(48)}
		if h.life.at(now)&standing != 0 {
			out.State = &types.InstanceState{Name: types.InstanceStateNameStopped, Code: aws.Int32(80)}
		}
	}
	return out
}

// DescribeInstances answers as EC2 does. It knows the filters that the product uses.
func (v *View) DescribeInstances(_ context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	v.count("DescribeInstances")
	hosts, out, err := v.candidates(in)
	if err != nil || out != nil {
		return out, err
	}
	var found []types.Instance
	for _, n := range hosts {
		i := v.w.hosts[n].describe(v.now)
		ok, err := matches(&i, in.Filters)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, i)
		}
	}
	return page(found, in)
}

// page is a page of the answer.
func page(found []types.Instance, in *ec2.DescribeInstancesInput) (*ec2.DescribeInstancesOutput, error) {
	first, size := 0, int(aws.ToInt32(in.MaxResults))
	if in.NextToken != nil {
		if _, err := fmt.Sscanf(*in.NextToken, "from-%d", &first); err != nil || first > len(found) {
			return nil, &smithy.GenericAPIError{Code: "InvalidParameterValue", Message: "the token is not valid"}
		}
	}
	out := &ec2.DescribeInstancesOutput{}
	found = found[first:]
	if size > 0 && size < len(found) {
		found = found[:size]
		out.NextToken = aws.String(fmt.Sprintf("from-%d", first+size))
	}
	if len(found) > 0 {
		out.Reservations = []types.Reservation{{Instances: found}}
	}
	return out, nil
}

// candidates are the hosts among which an answer is to be looked for, in order, or the
// whole answer.
func (v *View) candidates(in *ec2.DescribeInstancesInput) ([]int32, *ec2.DescribeInstancesOutput, error) {
	if len(in.InstanceIds) > 0 {
		var hosts []int32
		for _, id := range in.InstanceIds {
			n, ok := v.w.byID[id]
			if !ok {
				return nil, nil, &smithy.GenericAPIError{Code: "InvalidInstanceID.NotFound", Message: "the instance ID '" + id + "' does not exist"}
			}
			hosts = append(hosts, n)
		}
		return hosts, nil, nil
	}
	var hosts []int32
	for _, f := range in.Filters {
		switch aws.ToString(f.Name) {
		case "instance-id":
			for _, id := range f.Values {
				if n, ok := v.w.byID[id]; ok {
					hosts = append(hosts, n)
				}
			}
			return sorted(hosts), nil, nil
		case "subnet-id":
			if out := v.cached(f, in); out != nil {
				return nil, out, nil
			}
			for _, id := range f.Values {
				if s := v.w.subnetIDs[id]; s != nil {
					hosts = append(hosts, s.hosts...)
				}
			}
			return sorted(hosts), nil, nil
		case "iam-instance-profile.arn":
			if out := v.cached(f, in); out != nil {
				return nil, out, nil
			}
			for _, arn := range f.Values {
				if p := v.w.profileARNs[arn]; p != nil {
					hosts = append(hosts, p.hosts...)
				}
			}
			return sorted(hosts), nil, nil
		}
	}
	all, err := v.w.within(WholeRegion, 0)
	return all, nil, err
}

func sorted(hosts []int32) []int32 {
	if !slices.IsSorted(hosts) {
		slices.Sort(hosts)
	}
	return slices.Compact(hosts)
}

// cached is the answer for the running hosts of one subnet or profile. It is made once, and
// again when one of them starts or stops. It is nil for any other question.
func (v *View) cached(f types.Filter, in *ec2.DescribeInstancesInput) *ec2.DescribeInstancesOutput {
	if len(f.Values) != 1 || len(in.Filters) != 2 || in.NextToken != nil {
		return nil
	}
	for _, other := range in.Filters {
		if name := aws.ToString(other.Name); name != aws.ToString(f.Name) && (name != "instance-state-name" || len(other.Values) != 1 || other.Values[0] != "running") {
			return nil
		}
	}
	var hosts []int32
	var kept *atomicListed
	if s := v.w.subnetIDs[f.Values[0]]; s != nil {
		hosts, kept = s.hosts, &v.subnets[s.n]
	} else if p := v.w.profileARNs[f.Values[0]]; p != nil {
		hosts, kept = p.hosts, &v.profiles[p.n]
	} else {
		return nil
	}
	if size := int(aws.ToInt32(in.MaxResults)); size > 0 && size < len(hosts) {
		return nil
	}
	if l := kept.Load(); l != nil && l.from <= v.now && v.now < l.to {
		return l.out
	}
	l := &listed{to: int64(1) << 62, out: &ec2.DescribeInstancesOutput{}}
	var found []types.Instance
	for _, n := range hosts {
		h := v.w.hosts[n]
		_, from, to, runs := h.running(v.now)
		l.from, l.to = max(l.from, from), min(l.to, to)
		if runs {
			found = append(found, h.describe(v.now))
		}
	}
	if len(found) > 0 {
		l.out.Reservations = []types.Reservation{{Instances: found}}
	}
	kept.Store(l)
	return l.out
}

// matches says whether an instance passes every filter.
func matches(i *types.Instance, filters []types.Filter) (bool, error) {
	for _, f := range filters {
		var values []string
		switch name := aws.ToString(f.Name); {
		case name == "instance-id":
			values = []string{*i.InstanceId}
		case name == "subnet-id":
			values = []string{*i.SubnetId}
		case name == "vpc-id":
			values = []string{*i.VpcId}
		case name == "iam-instance-profile.arn":
			values = []string{*i.IamInstanceProfile.Arn}
		case name == "instance-state-name":
			values = []string{string(i.State.Name)}
		case strings.HasPrefix(name, "tag:"):
			for _, t := range i.Tags {
				if *t.Key == strings.TrimPrefix(name, "tag:") {
					values = append(values, *t.Value)
				}
			}
		default:
			return false, fmt.Errorf("%w: %s", errNotModelled, name)
		}
		if !slices.ContainsFunc(values, func(value string) bool { return slices.Contains(f.Values, value) }) {
			return false, nil
		}
	}
	return true, nil
}

// DescribeInstanceTypes answers as EC2 does.
func (v *View) DescribeInstanceTypes(_ context.Context, in *ec2.DescribeInstanceTypesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error) {
	v.count("DescribeInstanceTypes")
	names := make([]string, 0, len(in.InstanceTypes))
	for _, t := range in.InstanceTypes {
		names = append(names, string(t))
	}
	for _, f := range in.Filters {
		if aws.ToString(f.Name) != "instance-type" {
			return nil, fmt.Errorf("%w: %s", errNotModelled, aws.ToString(f.Name))
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
	v.count("DescribeInstanceAttribute")
	if in.Attribute != types.InstanceAttributeNameInstanceInitiatedShutdownBehavior || v.host(aws.ToString(in.InstanceId)) == nil {
		return nil, fmt.Errorf("%w: %s", errNotModelled, in.Attribute)
	}
	return &ec2.DescribeInstanceAttributeOutput{
		InstanceId: in.InstanceId, InstanceInitiatedShutdownBehavior: &types.AttributeValue{Value: aws.String("stop")},
	}, nil
}

// DescribeVolumes gives volumes. None is a Multi-Attach one.
func (v *View) DescribeVolumes(_ context.Context, in *ec2.DescribeVolumesInput, _ ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error) {
	v.count("DescribeVolumes")
	ids := slices.Clone(in.VolumeIds)
	for _, f := range in.Filters {
		if aws.ToString(f.Name) != "volume-id" {
			return nil, fmt.Errorf("%w: %s", errNotModelled, aws.ToString(f.Name))
		}
		ids = append(ids, f.Values...)
	}
	out := &ec2.DescribeVolumesOutput{}
	for _, id := range ids {
		n, ok := v.w.byVolume[id]
		if !ok {
			continue
		}
		out.Volumes = append(out.Volumes, types.Volume{
			VolumeId: aws.String(id), MultiAttachEnabled: aws.Bool(false), State: types.VolumeStateInUse,
			Attachments: []types.VolumeAttachment{{InstanceId: aws.String(v.w.hosts[n].id), VolumeId: aws.String(id), State: types.VolumeAttachmentStateAttached}},
		})
	}
	return out, nil
}

// DescribeNetworkInterfaces gives the interfaces of addresses in a VPC.
func (v *View) DescribeNetworkInterfaces(_ context.Context, in *ec2.DescribeNetworkInterfacesInput, _ ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	v.count("DescribeNetworkInterfaces")
	var network string
	var addresses []string
	for _, f := range in.Filters {
		switch name := aws.ToString(f.Name); name {
		case "vpc-id":
			network = f.Values[0]
		case "addresses.private-ip-address":
			addresses = f.Values
		default:
			return nil, fmt.Errorf("%w: %s", errNotModelled, name)
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

// GetConsoleOutput gives the newest console of an instance.
func (v *View) GetConsoleOutput(_ context.Context, in *ec2.GetConsoleOutputInput, _ ...func(*ec2.Options)) (*ec2.GetConsoleOutputOutput, error) {
	v.count("GetConsoleOutput")
	h := v.host(aws.ToString(in.InstanceId))
	if h == nil {
		return nil, &smithy.GenericAPIError{Code: "InvalidInstanceID.NotFound", Message: "there is no such instance"}
	}
	return &ec2.GetConsoleOutputOutput{
		InstanceId: in.InstanceId, Timestamp: aws.Time(at(v.now)), Output: aws.String(base64.StdEncoding.EncodeToString(h.console(v.now))),
	}, nil
}

// Console is the newest console of a host, as GetConsoleOutput has it.
func (v *View) Console(host int) []byte { return v.w.hosts[host].console(v.now) }
