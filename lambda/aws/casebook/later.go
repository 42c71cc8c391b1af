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

// laterFor is how long a pass is remembered: well past the last of twelve passes.
const laterFor = 24 * time.Hour

// MayRequeue says whether sender, a message or invocation, is the one that may
// put this target back in the queue as the given pass. The first to ask is, and
// remains so when it asks again: a redelivery of the message that died between
// asking and sending must still send, while a second copy of the target must not
// start a second chain. dry run keeps a dry-run chain apart from a real one.
func (b *Book) MayRequeue(ctx context.Context, instanceID, sourceKey, sender string, pass int, dryRun bool) (bool, error) {
	it := key(prefix(dryRun)+"later#"+cases.ID(instanceID, sourceKey), fmt.Sprintf("pass#%02d", pass))
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
		return false, fmt.Errorf("noting pass %d of %s: %w", pass, instanceID, err)
	}
	return true, nil
}
