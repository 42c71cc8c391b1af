package resolve

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"crashcart/lambda/domain/trigger"
)

// followGroup names the members of an Auto Scaling group. All but those that the group
// itself calls unhealthy are candidates: which of them fails is known only when AWS was
// asked for their signs of life, and the others are then dropped.
func (r *Router) followGroup(ctx context.Context, route *Route) {
	name := route.Ref.AutoScalingGroup
	var group *types.AutoScalingGroup
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(r.AutoScaling, &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: []string{name},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			route.Err = fmt.Errorf("describing Auto Scaling group %s: %w", name, err)
			return
		}
		for _, g := range page.AutoScalingGroups {
			if aws.ToString(g.AutoScalingGroupName) == name {
				group = &g
			}
		}
	}
	if group == nil {
		route.Never = fmt.Sprintf("there is no Auto Scaling group %s in this account and Region", name)
		return
	}
	for _, m := range group.Instances {
		health := cmp.Or(aws.ToString(m.HealthStatus), "health not given")
		ref := trigger.Ref{
			Instance: aws.ToString(m.InstanceId), Candidate: !strings.EqualFold(health, "Unhealthy"),
			From: from(route.Ref, "member of Auto Scaling group %s, %s", name, health),
		}
		if ref.Instance != "" {
			route.Instances = append(route.Instances, ref)
		}
	}
	if len(route.Instances) == 0 {
		route.Nobody = fmt.Sprintf("Auto Scaling group %s has no members", name)
	}
}
