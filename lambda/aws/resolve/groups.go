package resolve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// groupNames is how many names one request takes ("DescribeAutoScalingGroups", Amazon
// EC2 Auto Scaling API Reference: 50 by default).
const groupNames = 50

// scalingGroup is an Auto Scaling group, with the target groups that it registers its
// members in.
type scalingGroup struct {
	members      []instance.Member
	targetGroups []string // ARNs
}

func (r *Resolver) scalingGroups(ctx context.Context, names []string) map[string]fact.Of[scalingGroup] {
	return inChunks(names, groupNames, func(chunk []string) (map[string]scalingGroup, error) {
		found := map[string]scalingGroup{}
		pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(r.AutoScaling, &autoscaling.DescribeAutoScalingGroupsInput{
			AutoScalingGroupNames: chunk,
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("describing Auto Scaling groups: %w", err)
			}
			for _, g := range page.AutoScalingGroups {
				group := scalingGroup{targetGroups: g.TargetGroupARNs}
				for _, m := range g.Instances {
					group.members = append(group.members, instance.Member{ID: aws.ToString(m.InstanceId), Lifecycle: string(m.LifecycleState)})
				}
				found[aws.ToString(g.AutoScalingGroupName)] = group
			}
		}
		return found, nil
	}, func() fact.Of[scalingGroup] {
		return fact.Failed[scalingGroup](errors.New("EC2 Auto Scaling does not know the group"))
	})
}

// wildcards escapes what EC2 reads as a pattern in the value of a filter: a tag may be
// called "*" ("List and filter your resources", Amazon EC2 User Guide).
var wildcards = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)

// tagGroups asks for the running instances that have a value of the group tag.
func (r *Resolver) tagGroups(ctx context.Context, names []string) map[string]fact.Of[[]string] {
	return inChunks(names, 1, func(chunk []string) (map[string][]string, error) {
		found, err := r.describeWhere(ctx,
			filter("tag:"+config.GroupTagKey, wildcards.Replace(chunk[0])), filter("instance-state-name", string(types.InstanceStateNameRunning)))
		if err != nil {
			return nil, err
		}
		// EC2's own comparison is only a filter: who is in the group is decided here.
		maps.DeleteFunc(found, func(_ string, d instance.Description) bool { return d.GroupTag != chunk[0] })
		return map[string][]string{chunk[0]: slices.Sorted(maps.Keys(found))}, nil
	}, func() fact.Of[[]string] { return fact.Failed[[]string](errors.New("the group is not known")) })
}

// nameGroup puts an instance that names no group into the first target group that has it.
// Hosts behind one load balancer are one group, whatever alarm asks.
func (b *Round) nameGroup(i *instance.Instance) {
	if !alone(i) || i.Via != "" {
		return
	}
	if registered, err := b.registrations(i); err == nil && len(registered) > 0 {
		i.Via = registered[0].TargetGroup
	}
}

// registrations are those of an instance in all target groups that may have it, by ARN. It
// needs an answer of all of them.
func (b *Round) registrations(i *instance.Instance) ([]instance.Registration, error) {
	arns, err := b.poolsOf(i)
	if err != nil {
		return nil, err
	}
	d, err := i.Description.Get()
	if err != nil {
		return nil, err
	}
	var all []instance.Registration
	for _, arn := range arns {
		p, err := b.pools[arn].Get()
		if err != nil {
			return nil, err
		}
		all = append(all, p.registrations(i.ID, d)...)
	}
	return all, nil
}

// group is the group of an instance, with its members and without their pings. Its name is
// empty for no group.
func (b *Round) group(i *instance.Instance) (instance.Group, error) {
	kind, name := i.GroupName()
	g := instance.Group{Kind: kind, Name: name}
	switch kind {
	case instance.GroupAutoScaling:
		known, err := b.scaling[name].Get()
		if err != nil {
			return instance.Group{}, err
		}
		g.Members = slices.Clone(known.members)
	case instance.GroupTag:
		ids, err := b.tagged[name].Get()
		if err != nil {
			return instance.Group{}, err
		}
		for _, id := range ids {
			g.Members = append(g.Members, instance.Member{ID: id})
		}
	case instance.GroupTargets:
		members, err := b.targets(i.Via)
		if err != nil {
			return instance.Group{}, err
		}
		g.Members = members
		if !slices.ContainsFunc(members, func(m instance.Member) bool { return m.ID == i.ID }) {
			g.Members = append(g.Members, instance.Member{ID: i.ID}) // deregistered meanwhile
		}
	}
	return g, nil
}

// targets are the instances that are registered in a target group, whatever their health.
func (b *Round) targets(arn string) ([]instance.Member, error) {
	p, err := b.pools[arn].Get()
	if err != nil {
		return nil, err
	}
	if p.gone {
		return nil, fmt.Errorf("there is no target group %s any more", instance.TargetGroupName(arn))
	}
	name := func(target string) string { return target }
	if p.group.TargetType == elbtypes.TargetTypeEnumIp {
		owners, err := b.owners[arn].Get()
		if err != nil {
			return nil, err
		}
		name = func(address string) string { return owners[address] }
	}
	silent := map[string]bool{}
	for target := range p.silent() {
		silent[name(target)] = true
	}
	var members []instance.Member
	for _, id := range unique(p.ids(), name) {
		members = append(members, instance.Member{ID: id, Unhealthy: silent[id]})
	}
	return members, nil
}

// groupOf is the group of an instance, with the signs of life of its members.
func (b *Round) groupOf(i *instance.Instance) fact.Of[instance.Group] {
	if _, err := i.Description.Get(); err != nil {
		return fact.Failed[instance.Group](err)
	}
	if alone(i) && i.Via == "" {
		// It is in no group only if none of its VPC's target groups has it.
		if _, err := b.registrations(i); err != nil {
			return fact.Failed[instance.Group](err)
		}
	}
	g, err := b.group(i)
	if err == nil && g.Name != "" {
		err = b.addSigns(i, &g)
	}
	return answered(g, err)
}
