// Package resolve turns the ids that a trigger names into instances with every
// fact that the guard needs, in as few rounds of AWS calls as possible.
//
// First asks for what decides most targets: the instances themselves, the
// Region's failed reachability checks, and the agents' last pings. Second asks
// for the rest, and only about targets that are still in question: the full status,
// the type, the shutdown behaviour, the metrics, the neighbours and the groups. Third
// asks about those that Second has found: the pings of members and neighbours, and the
// health of targets. The calls of a round run side by side and are shared by all targets
// of a batch.
//
// When a call fails, only the facts that it was made for have failed, never the batch.
//
// Router comes before all of them: it follows what a trigger names to instances.
package resolve

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// Resolver asks AWS. It is made once, at cold start, and safe for use by
// several goroutines.
type Resolver struct {
	EC2         EC2
	Volumes     Volumes
	SSM         SSM
	CloudWatch  CloudWatch
	AutoScaling AutoScaling
	Targets     Targets // a load balancer's target group may be the group of an instance
	Now         func() time.Time

	// Heartbeat is the metric that a host sends of itself.
	Heartbeat config.Heartbeat

	// RegionLimit is how many instances of the Region may have become unreachable
	// before the guard refuses all. Beyond it the list of them is not read on.
	RegionLimit int

	mu      sync.Mutex
	types   map[string]instance.Type // instance types never change
	catalog catalog                  // of the Region's target groups
}

// First returns an instance for every ref that names one, in their order, with
// the facts of the first round. Two refs to one instance share what is known of it.
func (r *Resolver) First(ctx context.Context, refs []trigger.Ref) []*instance.Instance {
	ids := unique(refs, func(ref trigger.Ref) string { return ref.Instance })
	var (
		asOf         = r.Now()
		wg           sync.WaitGroup
		descriptions map[string]fact.Of[instance.Description]
		unreachable  fact.Of[instance.Unreachable]
		pings        map[string]fact.Of[instance.Ping]
	)
	wg.Go(func() { descriptions = r.describe(ctx, ids) })
	wg.Go(func() { unreachable = r.unreachable(ctx) })
	wg.Go(func() { pings = r.pings(ctx, ids) })
	wg.Wait()

	instances := make([]*instance.Instance, len(refs))
	for i, ref := range refs {
		instances[i] = &instance.Instance{
			ID: ref.Instance, From: ref.From, Via: ref.Via, AsOf: asOf,
			Description: descriptions[ref.Instance],
			Unreachable: of(ref.Instance, unreachable),
			Ping:        pings[ref.Instance],
		}
	}
	return instances
}

// of narrows the Region's unreachable instances down to one of them.
func of(id string, region fact.Of[instance.Unreachable]) fact.Of[instance.Unreachable] {
	u, err := region.Get()
	if err != nil {
		return region
	}
	u.Since, u.Failing = u.Region[id]
	return fact.Known(u)
}

var errNoInstance = errors.New("no such instance")

// existing is the id of an instance, and empty for one that is known to be missing. A
// missing id would fail the whole call that it is in.
func existing(a Ask) string {
	if d, err := a.Instance.Description.Get(); err == nil && !d.Exists {
		return ""
	}
	return a.Instance.ID
}

// answered is the fact that an answer makes.
func answered[T any](v T, err error) fact.Of[T] {
	if err != nil {
		return fact.Failed[T](err)
	}
	return fact.Known(v)
}

func typesOf(asks []Ask) []string {
	return unique(asks, func(a Ask) string {
		d, err := a.Instance.Description.Get()
		if err != nil {
			return ""
		}
		return d.Type
	})
}

// unique returns the sorted distinct non-empty keys of all items.
func unique[T any](items []T, key func(T) string) []string {
	set := map[string]bool{}
	for _, it := range items {
		if k := key(it); k != "" {
			set[k] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// sideBySide is how many calls of one kind may be under way at once: enough for one
// round, and few enough for EC2's token buckets ("Request throttling for the Amazon EC2
// API", Amazon EC2 Developer Guide: 100 calls that describe, refilled at 20 a second).
const sideBySide = 16

// inChunks runs ask for every n of ids, side by side, and merges the answers. When ask
// fails for a chunk, only the facts of its own ids have failed. An id without an answer
// gets the fact that absent returns.
func inChunks[T any](ids []string, n int, ask func(chunk []string) (map[string]T, error), absent func() fact.Of[T]) map[string]fact.Of[T] {
	facts := make(map[string]fact.Of[T], len(ids))
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		slots = make(chan struct{}, sideBySide)
	)
	for chunk := range slices.Chunk(ids, n) {
		wg.Go(func() {
			slots <- struct{}{}
			found, err := ask(chunk)
			<-slots
			mu.Lock()
			defer mu.Unlock()
			for _, id := range chunk {
				switch v, ok := found[id]; {
				case err != nil:
					facts[id] = fact.Failed[T](err)
				case ok:
					facts[id] = fact.Known(v)
				default:
					facts[id] = absent()
				}
			}
		})
	}
	wg.Wait()
	return facts
}
