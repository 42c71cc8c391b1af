package casebook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/domain/cases"
)

// laterFor is how long a pass is remembered: well past the last pass of a target.
const laterFor = 24 * time.Hour

// MayRequeue says whether sender, a message or invocation, may put this target back in
// the queue as the given pass. The first sender to ask may, and may again when it asks
// again: a redelivery of the message that died between asking and sending must still
// send. A second copy of the target may not, since it would start a second chain. The
// chain of a dry run is apart from a real one.
func (b *Book) MayRequeue(ctx context.Context, target cases.Subject, sender string, pass int) (bool, error) {
	it := keysOf(target.DryRun).passKey(cases.ID(target.InstanceID, target.SourceKey), pass)
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
		return false, fmt.Errorf("noting pass %d of %s: %w", pass, target.InstanceID, err)
	}
	return true, nil
}
