package casebook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// leverPatience is how long pulling and releasing the lever go on against claims
// that are under way. A claim holds the lever's item for milliseconds; in a storm
// of them a person will wait this long, and then wants to be told.
const leverPatience = 30 * time.Second

// Pull pulls the lever. When it returns nil no claim can succeed any more, since
// every claim's transaction has the lever's absence as its first condition; what
// was claimed before may still be sent for as long as its permit lives.
//
// A lever that is pulled already stays as it is, with the reason by which others
// know it, unless replace is set. Either way it is pulled all the time. The Lever
// is the one that stands. After an error the lever may or may not be pulled: read
// it with LeverNow.
func (b *Book) Pull(ctx context.Context, reason, by string, replace bool) (Lever, error) {
	it := leverKey()
	pulled := Lever{Pulled: true, Reason: reason, By: by, Since: parseStamp(stamp(b.Now()))}
	it[attrReason], it[attrBy], it[attrSince] = str(reason), str(by), str(stamp(pulled.Since))
	in := &dynamodb.PutItemInput{TableName: &b.Table, Item: it}
	if !replace {
		in.ConditionExpression = aws.String("attribute_not_exists(pk)")
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	err := b.insist(ctx, func() error {
		_, err := b.API.PutItem(ctx, in)
		return err
	})
	if standing, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return leverOf(standing.Item), nil
	}
	if err != nil {
		return Lever{}, fmt.Errorf("pulling the lever: %w", err)
	}
	return pulled, nil
}

// Release releases the lever and returns it as it was. One that is not pulled is
// no error: the Lever then says so. After an error it may or may not be released.
func (b *Book) Release(ctx context.Context) (Lever, error) {
	was, err := b.LeverNow(ctx)
	if err != nil || !was.Pulled {
		return Lever{}, err
	}
	err = b.insist(ctx, func() error {
		out, err := b.API.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &b.Table, Key: leverKey(), ReturnValues: types.ReturnValueAllOld})
		if err == nil && len(out.Attributes) > 0 { // none if the SDK repeated a call whose answer was lost
			was = leverOf(out.Attributes)
		}
		return err
	})
	if err != nil {
		return Lever{}, fmt.Errorf("releasing the lever: %w", err)
	}
	return was, nil
}

// LeverNow reads the lever, consistently.
func (b *Book) LeverNow(ctx context.Context) (Lever, error) {
	found, err := b.fetch(ctx, map[string]item{"lever": leverKey()})
	if err != nil {
		return Lever{}, err
	}
	return leverOf(found["lever"]), nil
}

// insist repeats a write of a single item while claims are in its way, until ctx
// ends or leverPatience is over. The SDK repeats what else is worth repeating.
func (b *Book) insist(ctx context.Context, write func() error) error {
	started := time.Now()
	for tries := 1; ; tries++ {
		err := write()
		if err == nil || !inTheWay(err) || time.Since(started) > leverPatience {
			return err
		}
		if stop := pause(ctx, min(tries, 10)); stop != nil {
			return errors.Join(err, stop)
		}
	}
}

// inTheWay tells the errors that pass when other calls do: TransactionConflictException,
// which a write of one item gets while a transaction holds that item and which the
// SDK does not retry ("Error handling with DynamoDB", Amazon DynamoDB Developer
// Guide), and throttling that outlasts the SDK's own retries.
func inTheWay(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && slices.Contains([]string{
		"TransactionConflictException", "TransactionInProgressException", "ProvisionedThroughputExceededException",
		"RequestLimitExceeded", "ThrottlingException",
	}, api.ErrorCode())
}
