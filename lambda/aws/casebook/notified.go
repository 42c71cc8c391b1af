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

// notifiedFor is how long nobody is notified of the same topic again.
const notifiedFor = time.Hour

// MayNotify says whether a notification may go out about a topic, such as a rule, or an
// instance and a rule. n is how many decisions it would be about. The first to ask within
// an hour may notify. When the answer is no, n is added to the topic's count of skipped
// decisions. The next who may notify gets that count, and it begins anew. The topics of
// dry runs are apart from the real ones, so that they silence nothing real.
//
// The hour begins with the question, not with the notification. People are therefore
// notified of a topic at most once an hour, and not at all when the message gets lost.
func (b *Book) MayNotify(ctx context.Context, topic string, n int, dryRun bool) (may bool, skipped int, err error) {
	nonce, err := newNonce()
	if err != nil {
		return false, 0, err
	}
	topicKey, now := keysOf(dryRun).topicKey(topic), b.Now()
	out, err := b.API.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &b.Table, Key: topicKey,
		ConditionExpression: aws.String("attribute_not_exists(pk) OR lapsesAt < :now"),
		UpdateExpression: aws.String("SET skippedBefore = if_not_exists(skipped, :zero), skipped = :zero, lapsesAt = :until, " +
			"nonce = :nonce, expiresAt = :expires"),
		ExpressionAttributeValues: item{
			":now": str(stamp(now)), ":until": str(stamp(now.Add(notifiedFor))), ":zero": num(0), ":nonce": str(nonce),
			":expires": expires(now.Add(24 * time.Hour)),
		},
		ReturnValues:                        types.ReturnValueUpdatedNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if err == nil {
		return true, number(out.Attributes, attrSkippedBefore, 0), nil
	}
	standing, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	switch {
	case !ok:
		return false, 0, fmt.Errorf("asking whether to notify of %s: %w", topic, err)
	case get(standing.Item, attrNonce) == nonce: // the SDK asked again, after an answer that was lost
		return true, number(standing.Item, attrSkippedBefore, 0), nil
	case n == 0:
		return false, 0, nil
	}
	if err := b.countSkipped(ctx, topicKey, n); err != nil {
		return false, 0, fmt.Errorf("counting what was skipped of %s: %w", topic, err)
	}
	return false, 0, nil
}

func (b *Book) countSkipped(ctx context.Context, topicKey item, n int) error {
	_, err := b.API.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &b.Table, Key: topicKey,
		ConditionExpression:       aws.String("attribute_exists(skipped)"), // it may just have expired
		UpdateExpression:          aws.String("SET skipped = skipped + :n"),
		ExpressionAttributeValues: item{":n": num(int64(n))},
	})
	return err
}
