package resolve

import (
	"context"
	"errors"
	"maps"
	"sync"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// Round is what the second and the third round of one batch have asked for so far. What an
// answer makes worth asking is asked in the next step, side by side with all that is known
// by then.
type Round struct {
	r    *Resolver
	asks []Ask

	scaling map[string]fact.Of[scalingGroup] // by name
	tagged  map[string]fact.Of[[]string]     // the members, by the tag's value
	kin     map[common]fact.Of[kin]
	catalog fact.Of[catalog]
	listed  bool // the catalog was asked for, or is remembered

	pools  map[string]fact.Of[pool]
	owners map[string]fact.Of[map[string]string] // of a target group's addresses, by its ARN
	pings  map[string]fact.Of[instance.Ping]
}

// Second adds the facts of the second round to the instances, and finds out which group
// each is in. Third adds the rest.
func (r *Resolver) Second(ctx context.Context, asks []Ask) *Round {
	b := &Round{
		r: r, asks: asks, pools: map[string]fact.Of[pool]{}, owners: map[string]fact.Of[map[string]string]{}, pings: map[string]fact.Of[instance.Ping]{},
	}
	for _, a := range asks {
		b.pings[a.Instance.ID] = a.Instance.Ping
	}
	if len(asks) > 0 {
		sideBySideAll(func() { r.single(ctx, asks) }, func() { b.find(ctx) })
	}
	return b
}

// Third asks for the signs of life of members and neighbours, and sets the facts that need
// them. The owners of addresses cost one round more.
func (b *Round) Third(ctx context.Context) {
	for tasks := b.next(ctx); len(tasks) > 0; tasks = b.next(ctx) {
		sideBySideAll(tasks...)
	}
	for _, a := range b.asks {
		a.Instance.Group = b.groupOf(a.Instance)
		a.Instance.Targets = answered(b.registrations(a.Instance))
		a.Instance.Neighbours = answered(neighboursOf(a.Instance, b.kin, b.pings))
	}
}

// Statuses adds the full status alone to the instances. It is for those that the first round
// leaves in no question yet, and of which the next pass has to know what their checks said.
func (r *Resolver) Statuses(ctx context.Context, asks []Ask) {
	statuses := r.statuses(ctx, unique(asks, existing))
	for _, a := range asks {
		if existing(a) != "" {
			a.Instance.Status = statuses[a.Instance.ID]
		}
	}
}

// single asks for the facts that are about one instance and nothing else.
func (r *Resolver) single(ctx context.Context, asks []Ask) {
	ids := unique(asks, existing)
	var (
		statuses  map[string]fact.Of[instance.Status]
		types     map[string]fact.Of[instance.Type]
		shutdowns map[string]fact.Of[string]
		metrics   map[*instance.Instance]fact.Of[instance.Metrics]
	)
	sideBySideAll(
		func() { statuses = r.statuses(ctx, ids) },
		func() { types = r.describeTypes(ctx, typesOf(asks)) },
		func() { shutdowns = r.shutdowns(ctx, ids) },
		func() { metrics = r.metrics(ctx, asks) },
	)
	for _, a := range asks {
		i := a.Instance
		i.Metrics = metrics[i]
		d, err := i.Description.Get()
		switch {
		case err != nil:
			i.Type = fact.Failed[instance.Type](err)
		case !d.Exists:
			i.Status, i.Type, i.Shutdown = fact.Failed[instance.Status](errNoInstance), fact.Failed[instance.Type](errNoInstance), fact.Failed[string](errNoInstance)
			continue
		case d.Type == "":
			i.Type = fact.Failed[instance.Type](errors.New("EC2 did not say its type"))
		default:
			i.Type = types[d.Type]
		}
		i.Status, i.Shutdown = statuses[i.ID], shutdowns[i.ID]
	}
}

// find asks for everybody's groups and neighbours. An instance that names no group is in
// the first target group that has it.
func (b *Round) find(ctx context.Context) {
	tasks := []func(){
		func() { b.scaling = b.r.scalingGroups(ctx, b.names(instance.GroupAutoScaling)) },
		func() { b.tagged = b.r.tagGroups(ctx, b.names(instance.GroupTag)) },
		func() { b.kin = b.r.kinOf(ctx, b.asks) },
	}
	sideBySideAll(append(tasks, b.next(ctx)...)...)
	if b.anybody(alone) && len(missing(b.pools, b.wantedPools())) > 0 {
		sideBySideAll(b.next(ctx)...)
	}
	for _, a := range b.asks {
		b.nameGroup(a.Instance)
	}
}

// next gives the calls that are worth making by what is known so far. What is remembered is
// read before any of them is under way, so that which calls are made never depends on which
// is answered first.
func (b *Round) next(ctx context.Context) []func() {
	var tasks []func()
	if list := b.wantedCatalog(ctx); list != nil {
		tasks = append(tasks, list)
	}
	if arns := missing(b.pools, b.wantedPools()); len(arns) > 0 {
		known, _ := b.r.remembered()
		tasks = append(tasks, func() { maps.Copy(b.pools, b.r.pools(ctx, known, arns)) })
	}
	if pools := b.wantedOwners(); len(pools) > 0 {
		tasks = append(tasks, func() { maps.Copy(b.owners, b.r.Targets.ownersOf(ctx, pools)) })
	}
	if ids := missing(b.pings, b.wantedPings()); len(ids) > 0 {
		tasks = append(tasks, func() { maps.Copy(b.pings, b.r.pings(ctx, ids)) })
	}
	return tasks
}

// missing gives the distinct keys that were not asked for yet.
func missing[T any](have map[string]fact.Of[T], wanted []string) []string {
	return unique(wanted, func(key string) string {
		if _, ok := have[key]; ok {
			return ""
		}
		return key
	})
}

// sideBySideAll does all tasks at the same time.
func sideBySideAll(tasks ...func()) {
	var wg sync.WaitGroup
	for _, do := range tasks {
		wg.Go(do)
	}
	wg.Wait()
}
