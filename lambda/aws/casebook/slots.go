package casebook

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lambda/domain/cases"
)

// BudgetSlots reads which interrupts of the last hour hold a slot.
func (b *Book) BudgetSlots(ctx context.Context) (cases.Slots, error) {
	return b.slots(ctx, realKeys.budget(), b.Now())
}

// GroupSlots reads which open cases of the group hold a slot.
func (b *Book) GroupSlots(ctx context.Context, group string) (cases.Slots, error) {
	return b.slots(ctx, realKeys.group(group), b.Now())
}

func (b *Book) slots(ctx context.Context, pk string, at time.Time) (cases.Slots, error) {
	items, err := b.query(ctx, pk)
	if err != nil {
		return cases.Slots{}, err
	}
	slots := cases.Slots{Taken: map[int]time.Time{}}
	for _, it := range items {
		var k int
		if _, err := fmt.Sscanf(get(it, attrSK), "slot#%d", &k); err != nil {
			return cases.Slots{}, fmt.Errorf("reading the slots of %s: %q is not a slot", pk, get(it, attrSK))
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
