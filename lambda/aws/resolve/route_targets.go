package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// followTargets names the unhealthy targets of a target group. A target that is
// an address is found by its network interface, in the group's own VPC.
func (r *Router) followTargets(ctx context.Context, route *Route) {
	arn := route.Ref.TargetGroup
	group, health, err := r.Targets.group(ctx, arn)
	if _, gone := errors.AsType[*types.TargetGroupNotFoundException](err); gone {
		route.Never = fmt.Sprintf("there is no target group %s in this account and Region", instance.TargetGroupName(arn))
		return
	}
	if err != nil {
		route.Err = err
		return
	}
	name := instance.TargetGroupName(arn)
	sick := unhealthy(health)
	ids := slices.Sorted(maps.Keys(sick))
	switch {
	case group.TargetType != types.TargetTypeEnumInstance && group.TargetType != types.TargetTypeEnumIp:
		route.Never = fmt.Sprintf("the targets of target group %s are of type %s, not instances", name, group.TargetType)
		return
	case len(ids) == 0:
		route.Nobody = fmt.Sprintf("no target of target group %s is unhealthy", name)
		return
	}
	if group.TargetType == types.TargetTypeEnumIp {
		r.followAddresses(ctx, route, group, ids, sick)
		return
	}
	for _, id := range ids {
		route.Instances = add(route.Instances, trigger.Ref{
			Instance: id, Via: arn, From: from(route.Ref, "target group %s, unhealthy (%s)", name, sick[id]),
		})
	}
}

// followAddresses names the instances whose own addresses are unhealthy targets.
func (r *Router) followAddresses(ctx context.Context, route *Route, group types.TargetGroup, addresses []string, sick map[string]string) {
	owners, err := r.Targets.owners(ctx, group, addresses)
	if err != nil {
		route.Err = err
		return
	}
	name := instance.TargetGroupName(route.Ref.TargetGroup)
	for _, address := range addresses {
		if owner := owners[address]; owner != "" {
			route.Instances = add(route.Instances, trigger.Ref{
				Instance: owner, Via: route.Ref.TargetGroup,
				From: from(route.Ref, "target %s of target group %s, unhealthy (%s)", address, name, sick[address]),
			})
		}
	}
	if len(route.Instances) == 0 {
		route.Never = fmt.Sprintf("the unhealthy addresses of target group %s belong to no instance", name)
	}
}

// unhealthy gives the targets that fail their health check, and why. A target may
// be registered with several ports; one that fails is enough.
func unhealthy(health []types.TargetHealthDescription) map[string]string {
	sick := map[string]string{}
	for _, d := range health {
		if d.Target == nil || d.TargetHealth == nil || aws.ToString(d.Target.Id) == "" {
			continue
		}
		switch d.TargetHealth.State {
		case types.TargetHealthStateEnumUnhealthy, types.TargetHealthStateEnumUnhealthyDraining:
			sick[*d.Target.Id] = cmp.Or(sick[*d.Target.Id], string(d.TargetHealth.Reason), "no reason given")
		}
	}
	return sick
}
