package world

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// DescribeAutoScalingGroups answers as EC2 Auto Scaling does.
func (v *View) DescribeAutoScalingGroups(_ context.Context, in *autoscaling.DescribeAutoScalingGroupsInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	if err := v.called("DescribeAutoScalingGroups"); err != nil {
		return nil, err
	}
	if len(in.Filters) > 0 || in.NextToken != nil || len(in.AutoScalingGroupNames) == 0 {
		return nil, fmt.Errorf("%w: every group", ErrNotModelled)
	}
	out := &autoscaling.DescribeAutoScalingGroupsOutput{}
	for _, name := range in.AutoScalingGroupNames {
		g := v.w.groupNames[name]
		if g == nil {
			continue
		}
		one := astypes.AutoScalingGroup{
			AutoScalingGroupName: aws.String(name), HealthCheckType: aws.String("EC2"),
			DesiredCapacity: aws.Int32(int32(len(g.hosts))), MinSize: aws.Int32(0), MaxSize: aws.Int32(int32(2 * len(g.hosts))), //nolint:gosec // few
			Instances: make([]astypes.Instance, 0, len(g.hosts)),
		}
		if g.targets != nil {
			one.TargetGroupARNs = []string{g.targets.arn}
		}
		for _, n := range g.hosts {
			h := v.w.hosts[n]
			one.Instances = append(one.Instances, astypes.Instance{
				InstanceId: aws.String(h.id), LifecycleState: v.lifecycle(h), HealthStatus: aws.String("Healthy"), AvailabilityZone: aws.String(zoneName(h.zone)),
			})
		}
		out.AutoScalingGroups = append(out.AutoScalingGroups, one)
	}
	return out, nil
}

// lifecycle is what the group does with a member.
func (v *View) lifecycle(h *host) astypes.LifecycleState {
	switch e := h.life.at(v.now); {
	case e&leaving != 0 && e&off == 0:
		return astypes.LifecycleStateTerminatingWait
	case e&leaving != 0:
		return astypes.LifecycleStateTerminated
	case e&standing != 0 && e&off != 0:
		return astypes.LifecycleStateWarmedStopped
	case e&standing != 0:
		return astypes.LifecycleStateStandby
	case e&coming != 0:
		return astypes.LifecycleStatePending
	}
	return astypes.LifecycleStateInService
}

// DescribeTargetGroups answers as Elastic Load Balancing does: for ARNs, or for all.
func (v *View) DescribeTargetGroups(_ context.Context, in *elb.DescribeTargetGroupsInput, _ ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error) {
	if err := v.called("DescribeTargetGroups"); err != nil {
		return nil, err
	}
	out := &elb.DescribeTargetGroupsOutput{}
	if len(in.TargetGroupArns) > 0 {
		for _, arn := range in.TargetGroupArns {
			t := v.w.targetARNs[arn]
			if t == nil {
				return nil, &types.TargetGroupNotFoundException{Message: aws.String("there is no target group " + arn)}
			}
			out.TargetGroups = append(out.TargetGroups, t.described)
		}
		return out, nil
	}
	first, size := 0, int(aws.ToInt32(in.PageSize))
	if in.Marker != nil {
		n, err := strconv.Atoi(*in.Marker)
		if err != nil || n > len(v.w.targets) {
			return nil, fmt.Errorf("%w: marker", ErrNotModelled)
		}
		first = n
	}
	if size == 0 {
		size = 400 // "PageSize", Elastic Load Balancing API Reference
	}
	for n := first; n < min(first+size, len(v.w.targets)); n++ {
		out.TargetGroups = append(out.TargetGroups, v.w.targets[n].described)
	}
	if first+size < len(v.w.targets) {
		out.NextMarker = aws.String(strconv.Itoa(first + size))
	}
	return out, nil
}

func (t *targetGroup) describe() types.TargetGroup {
	out := types.TargetGroup{
		TargetGroupArn: aws.String(t.arn), TargetGroupName: aws.String(t.name), VpcId: aws.String(t.vpc.id), Port: aws.Int32(t.port),
		TargetType: types.TargetTypeEnumInstance, IpAddressType: types.TargetGroupIpAddressTypeEnumIpv4, Protocol: types.ProtocolEnumHttp,
		HealthCheckEnabled: aws.Bool(true), HealthCheckProtocol: types.ProtocolEnumHttp, HealthCheckPort: aws.String("traffic-port"),
		HealthCheckIntervalSeconds: aws.Int32(int32(t.interval)), HealthCheckTimeoutSeconds: aws.Int32(int32(t.timeout)), //nolint:gosec // small
		HealthyThresholdCount: aws.Int32(int32(t.passes)), UnhealthyThresholdCount: aws.Int32(int32(t.failures)), //nolint:gosec // small
	}
	if t.kind.byIP {
		out.TargetType = types.TargetTypeEnumIp
	}
	if t.kind.check == checkTCP {
		out.Protocol, out.HealthCheckProtocol = types.ProtocolEnumTcp, types.ProtocolEnumTcp
	}
	return out
}

// DescribeTargetHealth answers as Elastic Load Balancing does.
func (v *View) DescribeTargetHealth(_ context.Context, in *elb.DescribeTargetHealthInput, _ ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error) {
	if err := v.called("DescribeTargetHealth"); err != nil {
		return nil, err
	}
	t := v.w.targetARNs[aws.ToString(in.TargetGroupArn)]
	if t == nil {
		return nil, &types.TargetGroupNotFoundException{Message: aws.String("there is no such target group")}
	}
	out := &elb.DescribeTargetHealthOutput{TargetHealthDescriptions: make([]types.TargetHealthDescription, 0, len(t.hosts))}
	for _, n := range t.hosts {
		h := v.w.hosts[n]
		e := h.life.at(v.now)
		if e&drained != 0 && e&leaving == 0 {
			continue // it is not registered
		}
		id := h.id
		if t.kind.byIP {
			id = h.address
		}
		if len(in.Targets) > 0 && !named(in.Targets, id) {
			continue
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, types.TargetHealthDescription{
			Target:          &types.TargetDescription{Id: aws.String(id), Port: aws.Int32(t.port)},
			HealthCheckPort: aws.String(strconv.Itoa(int(t.port))),
			TargetHealth:    v.targetHealth(h, t, e),
		})
	}
	return out, nil
}

func named(targets []types.TargetDescription, id string) bool {
	for _, t := range targets {
		if aws.ToString(t.Id) == id {
			return true
		}
	}
	return false
}

// The opinions that have nothing of their own are shared.
var (
	healthy  = &types.TargetHealth{State: types.TargetHealthStateEnumHealthy}
	draining = &types.TargetHealth{State: types.TargetHealthStateEnumDraining, Reason: types.TargetHealthReasonEnumDeregistrationInProgress}
	sickFor  = map[result]*types.TargetHealth{
		timedOut: {State: types.TargetHealthStateEnumUnhealthy, Reason: types.TargetHealthReasonEnumTimeout},
		failed:   {State: types.TargetHealthStateEnumUnhealthy, Reason: types.TargetHealthReasonEnumFailedHealthChecks},
		mismatch: {State: types.TargetHealthStateEnumUnhealthy, Reason: types.TargetHealthReasonEnumResponseCodeMismatch},
	}
)

func (v *View) targetHealth(h *host, t *targetGroup, e effects) *types.TargetHealth {
	if e&leaving != 0 {
		return draining
	}
	if r := h.health(t, v.now); r != passed {
		return sickFor[r]
	}
	return healthy
}
