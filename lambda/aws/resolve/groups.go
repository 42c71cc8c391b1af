package resolve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// groupNames is how many names one request takes ("DescribeAutoScalingGroups", Amazon
// EC2 Auto Scaling API Reference: 50 by default).
const groupNames = 50

// groups fills in the group of every instance, with its members' signs of life.
func (r *Resolver) groups(ctx context.Context, instances []*instance.Instance) {
	arns := map[string]string{}
	for _, i := range instances {
		arns[instance.TargetGroupName(i.Via)] = i.Via
	}
	kinds := map[instance.GroupKind]func(context.Context, []string) map[string]fact.Of[instance.Group]{
		instance.GroupAutoScaling: r.scalingGroups,
		instance.GroupTag:         r.tagGroups,
		instance.GroupTargets: func(ctx context.Context, names []string) map[string]fact.Of[instance.Group] {
			return r.targetGroups(ctx, names, arns)
		},
	}
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		groups = map[instance.GroupKind]map[string]fact.Of[instance.Group]{}
	)
	for kind, ask := range kinds {
		names := unique(instances, func(i *instance.Instance) string {
			if k, name := i.GroupName(); k == kind {
				return name
			}
			return ""
		})
		wg.Go(func() {
			found := ask(ctx, names)
			mu.Lock()
			defer mu.Unlock()
			groups[kind] = found
		})
	}
	wg.Wait()
	signs := r.memberSigns(ctx, instances, groups)
	for _, i := range instances {
		i.Group = groupOf(i, groups, signs)
	}
}

func (r *Resolver) scalingGroups(ctx context.Context, names []string) map[string]fact.Of[instance.Group] {
	return inChunks(names, groupNames, func(chunk []string) (map[string]instance.Group, error) {
		found := map[string]instance.Group{}
		pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(r.AutoScaling, &autoscaling.DescribeAutoScalingGroupsInput{
			AutoScalingGroupNames: chunk,
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("describing Auto Scaling groups: %w", err)
			}
			for _, g := range page.AutoScalingGroups {
				group := instance.Group{Kind: instance.GroupAutoScaling, Name: aws.ToString(g.AutoScalingGroupName)}
				for _, m := range g.Instances {
					group.Members = append(group.Members, instance.Member{ID: aws.ToString(m.InstanceId), Lifecycle: string(m.LifecycleState)})
				}
				found[group.Name] = group
			}
		}
		return found, nil
	}, func() fact.Of[instance.Group] {
		return fact.Failed[instance.Group](errors.New("EC2 Auto Scaling does not know the group"))
	})
}

// wildcards escapes what EC2 reads as a pattern in the value of a filter: a tag may be
// called "*" ("List and filter your resources", Amazon EC2 User Guide).
var wildcards = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)

func (r *Resolver) tagGroups(ctx context.Context, names []string) map[string]fact.Of[instance.Group] {
	return inChunks(names, 1, func(chunk []string) (map[string]instance.Group, error) {
		members, err := r.describeWhere(ctx,
			filter("tag:"+config.GroupTagKey, wildcards.Replace(chunk[0])), filter("instance-state-name", string(types.InstanceStateNameRunning)))
		if err != nil {
			return nil, err
		}
		group := instance.Group{Kind: instance.GroupTag, Name: chunk[0]}
		for id, d := range members {
			// EC2's own comparison is only a filter: who is in the group is decided here.
			if d.GroupTag == chunk[0] {
				group.Members = append(group.Members, instance.Member{ID: id})
			}
		}
		return map[string]instance.Group{chunk[0]: group}, nil
	}, func() fact.Of[instance.Group] {
		return fact.Failed[instance.Group](errors.New("the group is not known"))
	})
}

func (r *Resolver) targetGroups(ctx context.Context, names []string, arns map[string]string) map[string]fact.Of[instance.Group] {
	return inChunks(names, 1, func(chunk []string) (map[string]instance.Group, error) {
		members, err := r.Targets.members(ctx, arns[chunk[0]])
		return map[string]instance.Group{chunk[0]: {Kind: instance.GroupTargets, Name: chunk[0], Members: members}}, err
	}, func() fact.Of[instance.Group] {
		return fact.Failed[instance.Group](errors.New("the group is not known"))
	})
}

// memberSigns gives the pings of all instances and members. It asks for those that are
// not known yet.
func (r *Resolver) memberSigns(ctx context.Context, instances []*instance.Instance, groups map[instance.GroupKind]map[string]fact.Of[instance.Group]) map[string]fact.Of[instance.Ping] {
	known := map[string]fact.Of[instance.Ping]{}
	for _, i := range instances {
		known[i.ID] = i.Ping
	}
	var members []instance.Member
	for _, byName := range groups {
		for _, known := range byName {
			if g, err := known.Get(); err == nil {
				members = append(members, g.Members...)
			}
		}
	}
	missing := unique(members, func(m instance.Member) string {
		if _, ok := known[m.ID]; ok {
			return ""
		}
		return m.ID
	})
	maps.Copy(known, r.pings(ctx, missing))
	return known
}

// groupOf is the group of an instance, with the signs of life of its members.
func groupOf(i *instance.Instance, groups map[instance.GroupKind]map[string]fact.Of[instance.Group], signs map[string]fact.Of[instance.Ping]) fact.Of[instance.Group] {
	if _, err := i.Description.Get(); err != nil {
		return fact.Failed[instance.Group](err)
	}
	kind, name := i.GroupName()
	if name == "" {
		return fact.Known(instance.Group{})
	}
	known := groups[kind][name]
	g, err := known.Get()
	if err != nil {
		return known
	}
	u, err := i.Unreachable.Get()
	if err != nil {
		return fact.Failed[instance.Group](err)
	}
	if kind == instance.GroupTargets && !slices.ContainsFunc(g.Members, func(m instance.Member) bool { return m.ID == i.ID }) {
		g.Members = append(slices.Clone(g.Members), instance.Member{ID: i.ID}) // deregistered meanwhile
	}
	g.Members, err = withSigns(g.Members, u, signs)
	if err != nil {
		return fact.Failed[instance.Group](err)
	}
	for _, m := range g.Members {
		if m.ID == i.ID {
			g.Lifecycle = m.Lifecycle
		}
	}
	return fact.Known(g)
}

// withSigns returns a copy of members with their signs of life. It needs the pings of
// all of them: otherwise nobody can say how many show no life.
func withSigns(members []instance.Member, u instance.Unreachable, signs map[string]fact.Of[instance.Ping]) ([]instance.Member, error) {
	out := make([]instance.Member, len(members))
	for n, m := range members {
		if m.ID == "" { // no pass can ask for its ping, so fact.ErrNotAsked would be wrong
			return nil, errors.New("a member of its group has no id")
		}
		ping, err := signs[m.ID].Get()
		if err != nil {
			return nil, fmt.Errorf("the ping of its group's member %s: %w", m.ID, err)
		}
		_, m.Unreachable = u.Region[m.ID]
		m.Ping = ping
		out[n] = m
	}
	return out, nil
}
