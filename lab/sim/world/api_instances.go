package world

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// listed is an answer that stays right for a while: as long as no host of it starts or
// stops, or is given a volume.
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
	if launched != h.launched || now < h.moved {
		out.BlockDeviceMappings = h.mappings(launched, now)
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
	if err := v.called("DescribeInstances"); err != nil {
		return nil, err
	}
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
		hosts, err := v.known(in.InstanceIds)
		return hosts, nil, err
	}
	for _, f := range in.Filters {
		if aws.ToString(f.Name) == "instance-id" {
			var hosts []int32
			for _, id := range f.Values {
				if n, ok := v.w.byID[id]; ok {
					hosts = append(hosts, n)
				}
			}
			return sorted(hosts), nil, nil
		}
		if !isShared(f) {
			continue
		}
		if out := v.cached(f, in); out != nil {
			return nil, out, nil
		}
		var hosts []int32
		for _, value := range f.Values {
			more, _ := v.sharing(f, value)
			hosts = append(hosts, more...)
		}
		return sorted(hosts), nil, nil
	}
	all, err := v.w.within(WholeRegion, 0)
	return all, nil, err
}

// known are the hosts of ids. One that does not exist fails the whole call.
func (v *View) known(ids []string) ([]int32, error) {
	hosts := make([]int32, 0, len(ids))
	for _, id := range ids {
		n, ok := v.w.byID[id]
		if !ok {
			return nil, &smithy.GenericAPIError{Code: "InvalidInstanceID.NotFound", Message: "the instance ID '" + id + "' does not exist"}
		}
		hosts = append(hosts, n)
	}
	return hosts, nil
}

func sorted(hosts []int32) []int32 {
	if !slices.IsSorted(hosts) {
		slices.Sort(hosts)
	}
	return slices.Compact(hosts)
}

// The filters for what hosts share.
const (
	bySubnet  = "subnet-id"
	byProfile = "iam-instance-profile.arn"
)

func isShared(f types.Filter) bool {
	return aws.ToString(f.Name) == bySubnet || aws.ToString(f.Name) == byProfile
}

// sharing are the hosts of a subnet, or of a profile, and where the answer about them is
// kept. It is nil for one that is not there.
func (v *View) sharing(f types.Filter, value string) ([]int32, *atomicListed) {
	if aws.ToString(f.Name) == bySubnet {
		if s := v.w.subnetIDs[value]; s != nil {
			return s.hosts, &v.subnets[s.n]
		}
	} else if p := v.w.profileARNs[value]; p != nil {
		return p.hosts, &v.profiles[p.n]
	}
	return nil, nil
}

// cached is the answer for the running hosts of one subnet or profile. It is made once, and
// again when one of them starts or stops. It is nil for any other question.
func (v *View) cached(f types.Filter, in *ec2.DescribeInstancesInput) *ec2.DescribeInstancesOutput {
	if len(f.Values) != 1 || in.NextToken != nil || !asksForRunning(in.Filters) {
		return nil
	}
	hosts, kept := v.sharing(f, f.Values[0])
	if size := int(aws.ToInt32(in.MaxResults)); kept == nil || size > 0 && size < len(hosts) {
		return nil
	}
	l := kept.Load()
	if l == nil || v.now < l.from || v.now >= l.to {
		l = v.list(hosts)
		kept.Store(l)
	}
	return l.out
}

// asksForRunning says whether the filters are those of running hosts that share one thing.
func asksForRunning(filters []types.Filter) bool {
	if len(filters) != 2 {
		return false
	}
	running := slices.ContainsFunc(filters, func(f types.Filter) bool {
		return aws.ToString(f.Name) == "instance-state-name" && len(f.Values) == 1 && f.Values[0] == "running"
	})
	return running && slices.ContainsFunc(filters, isShared)
}

// list describes the hosts that run, and says how long that is right.
func (v *View) list(hosts []int32) *listed {
	l := &listed{to: int64(1) << 62, out: &ec2.DescribeInstancesOutput{}}
	var found []types.Instance
	for _, n := range hosts {
		h := v.w.hosts[n]
		_, from, to, runs := h.running(v.now)
		if v.now < h.moved {
			to = min(to, h.moved)
		} else {
			from = max(from, h.moved)
		}
		l.from, l.to = max(l.from, from), min(l.to, to)
		if runs {
			found = append(found, h.describe(v.now))
		}
	}
	if len(found) > 0 {
		l.out.Reservations = []types.Reservation{{Instances: found}}
	}
	return l
}

// matches says whether an instance passes every filter.
func matches(i *types.Instance, filters []types.Filter) (bool, error) {
	for _, f := range filters {
		var values []string
		switch name := aws.ToString(f.Name); {
		case name == "instance-id":
			values = []string{*i.InstanceId}
		case name == bySubnet:
			values = []string{*i.SubnetId}
		case name == "vpc-id":
			values = []string{*i.VpcId}
		case name == byProfile:
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
			return false, fmt.Errorf("%w: %s", ErrNotModelled, name)
		}
		if !slices.ContainsFunc(values, func(value string) bool { return slices.Contains(f.Values, value) }) {
			return false, nil
		}
	}
	return true, nil
}
