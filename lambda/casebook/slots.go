package casebook

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

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

// free returns a slot below limit that a claim may take, -1 for none. start
// spreads the choices of racing claims.
//
// A limit can shrink (a group loses members, the configuration changes) while
// slots beyond it are still taken. These count, so no more of the free slots
// below it than are left may be taken, and all racers must want the same ones:
// the lowest.
func (s Slots) free(start uint64, limit int) int {
	left := limit - s.Used()
	if left <= 0 {
		return -1
	}
	skip := start % uint64(left)
	for k := range limit {
		if _, taken := s.Taken[k]; taken {
			continue
		}
		if skip == 0 {
			return k
		}
		skip--
	}
	return -1
}

// BudgetSlots reads which interrupts of the last hour hold a slot.
func (b *Book) BudgetSlots(ctx context.Context) (Slots, error) {
	return b.slots(ctx, budgetPK(""), b.Now())
}

// GroupSlots reads which open cases of the group hold a slot.
func (b *Book) GroupSlots(ctx context.Context, group string) (Slots, error) {
	return b.slots(ctx, groupPK("", group), b.Now())
}

func (b *Book) slots(ctx context.Context, pk string, at time.Time) (Slots, error) {
	items, err := b.query(ctx, pk)
	if err != nil {
		return Slots{}, err
	}
	slots := Slots{Taken: map[int]time.Time{}}
	for _, it := range items {
		var k int
		if _, err := fmt.Sscanf(get(it, attrSK), "slot#%d", &k); err != nil {
			return Slots{}, fmt.Errorf("reading the slots of %s: %q is not a slot", pk, get(it, attrSK))
		}
		if lapses := get(it, attrLapses); lapses >= stamp(at) {
			slots.Taken[k] = parseStamp(lapses)
		}
	}
	return slots, nil
}

// query reads all items of one set of slots, consistently.
func (b *Book) query(ctx context.Context, pk string) (items []item, err error) {
	in := &dynamodb.QueryInput{
		TableName:                 &b.Table,
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :pk"),
		ExpressionAttributeValues: item{":pk": str(pk)},
	}
	for {
		out, err := b.API.Query(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("reading the slots of %s: %w", pk, err)
		}
		items = append(items, out.Items...)
		if len(out.LastEvaluatedKey) == 0 {
			return items, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}
