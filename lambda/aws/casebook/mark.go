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

// MarkDump keeps a mark that a dump was seen on the instance's console then. A mark
// never goes back in time: of two who have seen the dump, the later one's mark stays.
//
// Nothing deletes a mark but its time. The rule quiet decides whether it still counts: a
// console with a newer boot that has finished outweighs it.
func (b *Book) MarkDump(ctx context.Context, instanceID string, seen time.Time) error {
	it := dumpKey(instanceID)
	it[attrSeenAt] = str(stamp(seen))
	it[attrExpires] = expires(seen.Add(cases.MarkFor + time.Hour)) // it only tidies up
	_, err := b.API.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &b.Table, Item: it,
		ConditionExpression:       aws.String("attribute_not_exists(pk) OR seenAt < :seen"),
		ExpressionAttributeValues: item{":seen": it[attrSeenAt]},
	})
	if _, newer := errors.AsType[*types.ConditionalCheckFailedException](err); newer {
		return nil
	}
	if err != nil {
		return fmt.Errorf("marking that %s dumps: %w", instanceID, err)
	}
	return nil
}
