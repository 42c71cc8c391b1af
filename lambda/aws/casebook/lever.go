package casebook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"crashcart/lambda/domain/cases"

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
func (b *Book) Pull(ctx context.Context, reason, by string, replace bool) (cases.Lever, error) {
	nonce, err := newNonce()
	if err != nil {
		return cases.Lever{}, err
	}
	it := leverKey()
	pulled := cases.Lever{Pulled: true, Reason: reason, By: by, Since: parseStamp(stamp(b.Now()))}
	it[attrReason], it[attrBy], it[attrSince], it[attrNonce] = str(reason), str(by), str(stamp(pulled.Since)), str(nonce)
	in := &dynamodb.PutItemInput{TableName: &b.Table, Item: it}
	if !replace {
		in.ConditionExpression = aws.String("attribute_not_exists(pk)")
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	err = b.insist(ctx, func() error {
		_, err := b.API.PutItem(ctx, in)
		return err
	})
	if standing, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return leverOf(standing.Item), nil // or our own pull, whose answer was lost
	}
	if err != nil {
		return cases.Lever{}, fmt.Errorf("pulling the lever: %w", err)
	}
	return pulled, nil
}

// ErrPulledAgain says that the lever was pulled anew while it was being released. It
// is pulled.
var ErrPulledAgain = errors.New("it was pulled again meanwhile")

// Release releases the lever and returns it as it was. One that is not pulled is
// no error: the Lever then says so. What is released is the very pull that was
// read: a repeated request, whose first answer was lost, must never release one that
// somebody else has pulled since. The error is then ErrPulledAgain, and the Lever the
// one that stands. After any other error it may or may not be released.
func (b *Book) Release(ctx context.Context) (cases.Lever, error) {
	found, err := b.fetch(ctx, map[string]item{"lever": leverKey()})
	if err != nil {
		return cases.Lever{}, err
	}
	was := found["lever"]
	if was == nil {
		return cases.Lever{}, nil
	}
	in := &dynamodb.DeleteItemInput{
		TableName: &b.Table, Key: leverKey(),
		ConditionExpression:                 aws.String("attribute_not_exists(pk) OR nonce = :nonce"),
		ExpressionAttributeValues:           item{":nonce": was[attrNonce]},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if was[attrNonce] == nil { // pulled by hand
		in.ConditionExpression, in.ExpressionAttributeValues = aws.String("attribute_not_exists(nonce)"), nil
	}
	err = b.insist(ctx, func() error {
		_, err := b.API.DeleteItem(ctx, in)
		return err
	})
	if standing, ok := errors.AsType[*types.ConditionalCheckFailedException](err); ok {
		return leverOf(standing.Item), fmt.Errorf("releasing the lever: %w", ErrPulledAgain)
	}
	if err != nil {
		return cases.Lever{}, fmt.Errorf("releasing the lever: %w", err)
	}
	return leverOf(was), nil
}

// LeverNow reads the lever, consistently.
func (b *Book) LeverNow(ctx context.Context) (cases.Lever, error) {
	found, err := b.fetch(ctx, map[string]item{"lever": leverKey()})
	if err != nil {
		return cases.Lever{}, err
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
