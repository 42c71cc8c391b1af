package casebook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// batchGetLimit is how many items one BatchGetItem may ask for (DynamoDB API
// Reference, BatchGetItem).
const batchGetLimit = 100

// unprocessedTries is how often the keys that a BatchGetItem left unprocessed
// are asked for again before the read counts as failed.
const unprocessedTries = 4

// Subject is one instance and the source key that names it.
type Subject struct {
	InstanceID string
	SourceKey  string
	Leashed    bool
}

// Lever is the kill switch as it was read.
type Lever struct {
	Pulled bool
	Reason string
	By     string
	Since  time.Time
}

// View is what the casebook knows of one subject. Whether the trigger is real
// or a rehearsal, OpenCase and LastClaim are the real ones: a rehearsal must
// not lie. ClaimedBy is the case that this source key has claimed already (a
// rehearsal's own, for a rehearsal).
type View struct {
	Lever     Lever
	OpenCase  string    // id of the instance's open case, empty for none
	OpenedAt  time.Time // when it was claimed
	LastClaim time.Time // of this instance; zero for never
	ClaimedBy string
}

// Read returns the views of all subjects by instance id and source key, with
// consistent reads. The error means that nothing may be concluded for any.
func (b *Book) Read(ctx context.Context, subjects []Subject) (map[Subject]View, error) {
	keys := map[string]item{"lever": leverKey()}
	for _, s := range subjects {
		add := func(k item) { keys[get(k, attrPK)] = k }
		add(instanceKey("", s.InstanceID))
		add(caseKey(prefix(s.Leashed), ID(s.InstanceID, s.SourceKey)))
	}
	found, err := b.fetch(ctx, keys)
	if err != nil {
		return nil, err
	}
	lever := leverOf(found["lever"])
	views := make(map[Subject]View, len(subjects))
	for _, s := range subjects {
		v := b.viewOf(found[get(instanceKey("", s.InstanceID), attrPK)])
		v.Lever = lever
		if c, ok := found[get(caseKey(prefix(s.Leashed), ID(s.InstanceID, s.SourceKey)), attrPK)]; ok {
			v.ClaimedBy = get(c, attrCase)
		}
		views[s] = v
	}
	return views, nil
}

func leverOf(it item) Lever {
	if it == nil {
		return Lever{}
	}
	return Lever{Pulled: true, Reason: get(it, attrReason), By: get(it, attrBy), Since: parseStamp(get(it, attrSince))}
}

func (b *Book) viewOf(instance item) View {
	v := View{LastClaim: parseStamp(get(instance, attrLastClaim))}
	if id := get(instance, attrOpenCase); id != "" && get(instance, attrOpenUntil) >= stamp(b.Now()) {
		v.OpenCase, v.OpenedAt = id, v.LastClaim
	}
	return v
}

// fetch gets the items by partition key; every partition asked for has one item.
func (b *Book) fetch(ctx context.Context, keys map[string]item) (map[string]item, error) {
	found := make(map[string]item, len(keys))
	pending := make([]item, 0, len(keys))
	for _, k := range keys {
		pending = append(pending, k)
	}
	for tries := 0; len(pending) > 0; {
		chunk := pending[:min(len(pending), batchGetLimit)]
		out, err := b.API.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
			b.Table: {Keys: chunk, ConsistentRead: aws.Bool(true)},
		}})
		if err != nil {
			return nil, fmt.Errorf("reading the casebook: %w", err)
		}
		for _, it := range out.Responses[b.Table] {
			found[get(it, attrPK)] = it
		}
		pending = pending[len(chunk):]
		if left := out.UnprocessedKeys[b.Table].Keys; len(left) > 0 {
			if tries++; tries == unprocessedTries {
				return nil, errors.New("reading the casebook: DynamoDB left keys unprocessed")
			}
			if err := pause(ctx, tries); err != nil {
				return nil, err
			}
			pending = append(pending, left...)
		}
	}
	return found, nil
}

// Slots is the occupancy of one set of slots: when each taken one lapses, by
// its number. Lapsed slots are left out.
type Slots struct {
	Taken map[int]time.Time
}

// Used is how many slots are taken.
func (s Slots) Used() int { return len(s.Taken) }

// NextFree is when the first of the taken slots lapses; zero when none is taken.
func (s Slots) NextFree() time.Time {
	var next time.Time
	for _, lapses := range s.Taken {
		if next.IsZero() || lapses.Before(next) {
			next = lapses
		}
	}
	return next
}

// free returns the first free slot below limit, counted from start on; -1 for none.
func (s Slots) free(start uint64, limit int) int {
	if s.Used() >= limit {
		return -1
	}
	for i := range limit {
		k := int((start + uint64(i)) % uint64(limit)) //nolint:gosec // below limit, an int
		if _, taken := s.Taken[k]; !taken {
			return k
		}
	}
	return -1
}

// BudgetSlots reads which interrupts of the last hour hold a slot.
func (b *Book) BudgetSlots(ctx context.Context) (Slots, error) { return b.slots(ctx, budgetPK("")) }

// GroupSlots reads which open cases of the group hold a slot.
func (b *Book) GroupSlots(ctx context.Context, group string) (Slots, error) {
	return b.slots(ctx, groupPK("", group))
}

func (b *Book) slots(ctx context.Context, pk string) (Slots, error) {
	slots := Slots{Taken: map[int]time.Time{}}
	in := &dynamodb.QueryInput{
		TableName:                 &b.Table,
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": str(pk)},
	}
	for {
		out, err := b.API.Query(ctx, in)
		if err != nil {
			return Slots{}, fmt.Errorf("reading the slots of %s: %w", pk, err)
		}
		for _, it := range out.Items {
			var k int
			if _, err := fmt.Sscanf(get(it, attrSK), "slot#%d", &k); err != nil {
				return Slots{}, fmt.Errorf("reading the slots of %s: %q is not a slot", pk, get(it, attrSK))
			}
			if lapses := get(it, attrLapses); lapses >= stamp(b.Now()) {
				slots.Taken[k] = parseStamp(lapses)
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return slots, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}
