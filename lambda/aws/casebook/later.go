package casebook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crashcart/lambda/domain/cases"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// laterFor is how long a hop is remembered: well past the last of twelve hops.
const laterFor = 24 * time.Hour

// MayRequeue says whether sender, a message or invocation, is the one that may
// put this target back in the queue as the given hop. The first to ask is, and
// remains so when it asks again: a redelivery of the message that died between
// asking and sending must still send, while a second copy of the target must not
// start a second chain. rehearsal keeps a leashed chain apart from a real one.
func (b *Book) MayRequeue(ctx context.Context, instanceID, sourceKey, sender string, hop int, rehearsal bool) (bool, error) {
	it := key(prefix(rehearsal)+"later#"+cases.ID(instanceID, sourceKey), fmt.Sprintf("hop#%02d", hop))
	it[attrSentBy] = str(sender)
	it[attrExpires] = expires(b.Now().Add(laterFor))
	_, err := b.API.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &b.Table, Item: it,
		ConditionExpression:       aws.String("attribute_not_exists(pk) OR sentBy = :sender"),
		ExpressionAttributeValues: item{":sender": str(sender)},
	})
	if _, taken := errors.AsType[*types.ConditionalCheckFailedException](err); taken {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("noting hop %d of %s: %w", hop, instanceID, err)
	}
	return true, nil
}
