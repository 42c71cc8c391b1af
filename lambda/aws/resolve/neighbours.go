package resolve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

const (
	// neighboursOfAKind is how many neighbours of one subnet, or of one profile, make a
	// sample: enough to see a tenth of them, and one call to Systems Manager.
	neighboursOfAKind = 50
	// neighboursRead and neighbourPages bound the search for them. A page is a round, and may
	// have fewer instances than were asked for.
	neighboursRead = 2000
	neighbourPages = 20
	// neighboursAPage is how many instances a page has for each subnet or profile: twice the
	// sample, since a description is some kilobytes. mostAPage is the most that EC2 gives
	// ("DescribeInstances", Amazon EC2 API Reference).
	neighboursAPage = 2 * neighboursOfAKind
	mostAPage       = 1000
)

// kind is what neighbours have in common: the filter that finds them, and where a
// description says it.
type kind struct {
	filter string
	of     func(instance.Description) string
}

// kinds are the ways out that hosts share, and the roles.
func kinds() []kind {
	return []kind{
		{"subnet-id", func(d instance.Description) string { return d.Subnet }},
		{"iam-instance-profile.arn", func(d instance.Description) string { return d.Profile }},
	}
}

// kin are the running instances of one subnet, or of one profile.
type kin struct {
	ids []string // in their order
	cut bool     // there are more, and they were not read
}

// common is one subnet, or one profile.
type common struct{ filter, value string }

// kinOf asks for the running instances of every subnet and every profile.
func (r *Resolver) kinOf(ctx context.Context, asks []Ask) map[common]fact.Of[kin] {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		found = map[common]fact.Of[kin]{}
	)
	for _, k := range kinds() {
		values := unique(asks, func(a Ask) string {
			d, err := a.Instance.Description.Get()
			if err != nil {
				return ""
			}
			return k.of(d)
		})
		wg.Go(func() {
			answers := inChunks(values, filterValues, func(chunk []string) (map[string]kin, error) { return r.running(ctx, k, chunk) },
				func() fact.Of[kin] { return fact.Known(kin{}) })
			mu.Lock()
			defer mu.Unlock()
			for value, answer := range answers {
				found[common{k.filter, value}] = answer
			}
		})
	}
	wg.Wait()
	return found
}

// running lists the running instances of one kind. It stops as soon as it has enough of
// each value.
func (r *Resolver) running(ctx context.Context, k kind, values []string) (map[string]kin, error) {
	found, pages, read := map[string]kin{}, 0, 0
	in := &ec2.DescribeInstancesInput{MaxResults: aws.Int32(pageFor(values)), Filters: []types.Filter{
		filter(k.filter, values...), filter("instance-state-name", string(types.InstanceStateNameRunning)),
	}}
	cut, err := r.eachPage(ctx, in, func(page map[string]instance.Description) bool {
		pages, read = pages+1, read+len(page)
		for _, id := range slices.Sorted(maps.Keys(page)) {
			value := k.of(page[id])
			all := found[value]
			all.ids = append(all.ids, id)
			found[value] = all
		}
		// The instance itself may be among them.
		missing := slices.ContainsFunc(values, func(v string) bool { return len(found[v].ids) <= neighboursOfAKind })
		return missing && pages < neighbourPages && read < neighboursRead
	})
	if err != nil {
		return nil, fmt.Errorf("looking for neighbours: %w", err)
	}
	for _, v := range values {
		all := found[v]
		all.cut = cut
		slices.Sort(all.ids)
		found[v] = all
	}
	return found, nil
}

// pageFor is how many instances a page has where so many subnets or profiles are asked for.
func pageFor(values []string) int32 { return int32(min(neighboursAPage*len(values), mostAPage)) }

// errCut is why the neighbours are not known.
var errCut = errors.New("there are more instances in its subnet or with its profile than are read, and too few of them are neighbours")

// neighbourIDs are the neighbours of an instance, a sample of each kind.
func neighbourIDs(i *instance.Instance, found map[common]fact.Of[kin]) ([]string, error) {
	d, err := i.Description.Get()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, k := range kinds() {
		if k.of(d) == "" {
			continue
		}
		all, err := found[common{k.filter, k.of(d)}].Get()
		if err != nil {
			return nil, err
		}
		others := slices.DeleteFunc(slices.Clone(all.ids), func(id string) bool { return id == i.ID })
		if all.cut && len(others) < neighboursOfAKind {
			return nil, errCut
		}
		ids = append(ids, others[:min(len(others), neighboursOfAKind)]...)
	}
	return unique(ids, func(id string) string { return id }), nil
}

// neighboursOf gives those of the neighbours whose agents were ever heard. It needs an
// answer of all of them.
func neighboursOf(i *instance.Instance, found map[common]fact.Of[kin], pings map[string]fact.Of[instance.Ping]) (instance.Neighbours, error) {
	ids, err := neighbourIDs(i, found)
	if err != nil {
		return nil, err
	}
	out := instance.Neighbours{}
	for _, id := range ids {
		ping, err := pings[id].Get()
		if err != nil {
			return nil, fmt.Errorf("the ping of its neighbour %s: %w", id, err)
		}
		if !ping.At.IsZero() {
			out[id] = ping.At
		}
	}
	return out, nil
}
