package resolve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// names are the groups of one kind that the instances are in.
func (b *Round) names(kind instance.GroupKind) []string {
	return unique(b.asks, func(a Ask) string {
		if k, name := a.Instance.GroupName(); k == kind {
			return name
		}
		return ""
	})
}

// alone says whether an instance names no group itself, so that only target groups can say
// what it belongs to.
func alone(i *instance.Instance) bool {
	d, err := i.Description.Get()
	return err == nil && d.Exists && d.AutoScaling == "" && d.GroupTag == ""
}

// searched says whether all target groups of the VPC may have the instance: it names no
// group, or one that does not say which. A node of a Kubernetes cluster that names a group is
// left out, since its answers do not count.
func (b *Round) searched(i *instance.Instance) bool {
	d, err := i.Description.Get()
	switch {
	case err != nil || !d.Exists:
		return false
	case alone(i):
		return true
	case d.Kubernetes:
		return false
	case d.AutoScaling != "":
		g, err := b.scaling[d.AutoScaling].Get()
		return err == nil && len(g.targetGroups) == 0
	}
	return true
}

// anybody says whether an instance of the batch is such a one.
func (b *Round) anybody(is func(*instance.Instance) bool) bool {
	return slices.ContainsFunc(b.asks, func(a Ask) bool { return is(a.Instance) })
}

// wantedCatalog gives the call that lists all target groups, or nil. Those that are
// remembered are asked about at once. For an instance alone they are listed all the same:
// what it belongs to must not be decided without a group that is new.
func (b *Round) wantedCatalog(ctx context.Context) func() {
	if b.listed || !b.anybody(b.searched) {
		return nil
	}
	b.listed = true
	c, warm := b.r.remembered()
	if warm {
		b.catalog = fact.Known(c)
	}
	if warm && !b.anybody(alone) {
		return nil
	}
	return func() { b.catalog = answered(b.r.readCatalog(ctx)) }
}

// poolsOf gives the target groups that may have the instance: the one it was found in, and
// those of its Auto Scaling group. Where they may be others, these are all of its VPC.
func (b *Round) poolsOf(i *instance.Instance) ([]string, error) {
	d, err := i.Description.Get()
	switch {
	case err != nil:
		return nil, err
	case !d.Exists:
		return nil, errNoInstance
	}
	arns := []string{i.Via}
	if d.AutoScaling != "" {
		g, err := b.scaling[d.AutoScaling].Get()
		if err != nil {
			return nil, err
		}
		arns = append(arns, g.targetGroups...)
	}
	if b.searched(i) {
		all, err := b.poolsOfVPC(i, d.VPC)
		if err != nil {
			return nil, err
		}
		arns = append(arns, all...)
	}
	return unique(arns, func(arn string) string { return arn }), nil
}

// poolsOfVPC gives all target groups of a VPC. Where they are too many to ask about, what
// is known of an instance in a group must do. One in no group may be in any of them.
func (b *Round) poolsOfVPC(i *instance.Instance, vpc string) ([]string, error) {
	if vpc == "" {
		return nil, errors.New("EC2 did not say its VPC")
	}
	c, err := b.catalog.Get()
	if err != nil {
		return nil, err
	}
	all := c.of(vpc)
	if len(all) <= groupsAsked {
		return all, nil
	}
	if _, group := i.GroupName(); group != "" {
		return nil, nil
	}
	return nil, fmt.Errorf("its VPC has %d target groups, and at most %d are asked about: put the tag %s on the hosts, to say which are one group",
		len(all), groupsAsked, config.GroupTagKey)
}

// wantedPools are the target groups to ask about. The one that an instance was found in is
// known from the beginning.
func (b *Round) wantedPools() []string {
	var arns []string
	for _, a := range b.asks {
		arns = append(arns, a.Instance.Via)
		if more, err := b.poolsOf(a.Instance); err == nil {
			arns = append(arns, more...)
		}
	}
	return arns
}

// wantedOwners are the target groups whose members are addresses, and were not looked up
// yet.
func (b *Round) wantedOwners() map[string]pool {
	pools := map[string]pool{}
	for _, a := range b.asks {
		via := a.Instance.Via
		if kind, _ := a.Instance.GroupName(); kind != instance.GroupTargets {
			continue
		}
		_, have := b.owners[via]
		if p, err := b.pools[via].Get(); err == nil && !have && p.group.TargetType == types.TargetTypeEnumIp {
			pools[via] = p
		}
	}
	return pools
}

// ownersOf finds the instances behind the addresses of target groups.
func (t Targets) ownersOf(ctx context.Context, pools map[string]pool) map[string]fact.Of[map[string]string] {
	return inChunks(slices.Sorted(maps.Keys(pools)), 1, func(chunk []string) (map[string]map[string]string, error) {
		p := pools[chunk[0]]
		found, err := t.owners(ctx, p.group, p.ids())
		return map[string]map[string]string{chunk[0]: found}, err
	}, func() fact.Of[map[string]string] { return fact.Known[map[string]string](nil) })
}

// wantedPings are the agents of members and neighbours.
func (b *Round) wantedPings() []string {
	var ids []string
	for _, a := range b.asks {
		if g, err := b.group(a.Instance); err == nil {
			for _, m := range g.Members {
				ids = append(ids, m.ID)
			}
		}
		if others, err := neighbourIDs(a.Instance, b.kin); err == nil {
			ids = append(ids, others...)
		}
	}
	return ids
}
