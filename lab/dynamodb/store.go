package dynamodb

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/truora/minidyn/server"
)

// store keeps the items by their keys. The engine reads every item it has for
// every expression, and copies all of them for every transaction. So it is given only
// the few items that an expression is about.
type store struct {
	partitions map[string]map[string]item // by partition key and sort key
	open       map[[2]string]item         // those in the sparse index
}

func newStore() *store {
	return &store{partitions: map[string]map[string]item{}, open: map[[2]string]item{}}
}

// get reads an item, nil if there is none. Items are never changed, only replaced.
func (s *store) get(key item) item { return s.partitions[*key[HashKey].S][*key[RangeKey].S] }

// put stores an item, or with nil removes the one at key.
func (s *store) put(key, it item) {
	hash, sort := *key[HashKey].S, *key[RangeKey].S
	delete(s.open, [2]string{hash, sort})
	if it == nil {
		delete(s.partitions[hash], sort)
		if len(s.partitions[hash]) == 0 {
			delete(s.partitions, hash)
		}
		return
	}
	if s.partitions[hash] == nil {
		s.partitions[hash] = map[string]item{}
	}
	s.partitions[hash][sort] = it
	if it[OpenHashKey] != nil && it[OpenRangeKey] != nil {
		s.open[[2]string{hash, sort}] = it
	}
}

// partition gives the items of one partition key, in no order.
func (s *store) partition(hash string) []item {
	return slices.Collect(maps.Values(s.partitions[hash]))
}

// all gives every item, in no order.
func (s *store) all() []item {
	var out []item
	for _, p := range s.partitions {
		out = slices.AppendSeq(out, maps.Values(p))
	}
	return out
}

// engine makes an engine whose table holds just these items.
func (h *Handler) engine(items ...item) (*server.Client, error) {
	c := server.NewClient()
	if _, err := c.CreateTable(context.Background(), schema(h.table)); err != nil {
		return nil, fmt.Errorf("creating table %s: %w", h.table, err)
	}
	for _, it := range items {
		if it == nil {
			continue
		}
		if _, err := c.PutItem(context.Background(), &server.PutItemInput{TableName: aws.String(h.table), Item: it}); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Change is what one write did to one item, as the lab sees it and no caller can.
type Change struct {
	Partition, Sort string
	Created         bool // there was no such item before
	Deleted         bool // the item is gone
	At              time.Time
	Written         []string // the attributes that have another value than before
	Caller          string   // access key id: which process it is from
}

// Subscribe calls fn with every change from now on, in their order, and before the
// caller that made the change has its answer. fn must not call the handler.
func (h *Handler) Subscribe(fn func(Change)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subscribers = append(h.subscribers, fn)
}

// apply stores a change and notifies the subscribers.
func (h *Handler) apply(c change) {
	h.store.put(c.key, c.new)
	if c.old == nil && c.new == nil {
		return
	}
	made := Change{
		Partition: *c.key[HashKey].S, Sort: *c.key[RangeKey].S,
		Created: c.old == nil, Deleted: c.new == nil, At: time.Now(), Written: written(c), Caller: h.caller,
	}
	for _, fn := range h.subscribers {
		fn(made)
	}
}

// written are the attributes to which a change gives another value.
func written(c change) []string {
	var names []string
	for name, v := range c.new {
		if !reflect.DeepEqual(v, c.old[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
