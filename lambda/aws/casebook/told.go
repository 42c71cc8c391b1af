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

// toldFor is how long nobody is told of the same thing again.
const toldFor = time.Hour

// MayNotify says whether somebody may be told of a topic (such as a rule, or an
// instance and a rule) about which n decisions were made. The first to ask within an
// hour may. Whoever may not has its decisions counted, and untold is that count for
// the next who may. With n of zero nothing is counted. dry run keeps what is only
// rehearsed from silencing what is real.
//
// It is the asking that counts and not the telling, so a topic is told of at most
// once, and not at all when the message is lost on its way.
func (b *Book) MayNotify(ctx context.Context, topic string, n int, dryRun bool) (may bool, untold int, err error) {
	nonce, err := newNonce()
	if err != nil {
		return false, 0, err
	}
	toldKey, now := key(prefix(dryRun)+"notified#"+topic, "told"), b.Now()
	out, err := b.API.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &b.Table, Key: toldKey,
		ConditionExpression: aws.String("attribute_not_exists(pk) OR lapsesAt < :now"),
		UpdateExpression: aws.String("SET untoldBefore = if_not_exists(untold, :zero), untold = :zero, lapsesAt = :until, " +
			"nonce = :nonce, expiresAt = :expires"),
		ExpressionAttributeValues: item{
			":now": str(stamp(now)), ":until": str(stamp(now.Add(toldFor))), ":zero": num(0), ":nonce": str(nonce),
			":expires": expires(now.Add(24 * time.Hour)),
		},
		ReturnValues:                        types.ReturnValueUpdatedNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if err == nil {
		return true, number(out.Attributes, attrUntoldBefore, 0), nil
	}
	told, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
	switch {
	case !ok:
		return false, 0, fmt.Errorf("asking whether %s was told of: %w", topic, err)
	case get(told.Item, attrNonce) == nonce: // the SDK asked again, after an answer that was lost
		return true, number(told.Item, attrUntoldBefore, 0), nil
	case n == 0:
		return false, 0, nil
	}
	return false, 0, b.countUntold(ctx, toldKey, topic, n)
}

func (b *Book) countUntold(ctx context.Context, toldKey item, topic string, n int) error {
	_, err := b.API.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &b.Table, Key: toldKey,
		ConditionExpression:       aws.String("attribute_exists(untold)"), // it may just have expired
		UpdateExpression:          aws.String("SET untold = untold + :n"),
		ExpressionAttributeValues: item{":n": num(int64(n))},
	})
	if err != nil {
		return fmt.Errorf("counting what is not told of %s: %w", topic, err)
	}
	return nil
}
