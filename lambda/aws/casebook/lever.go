package casebook

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/domain/cases"
)

// Pulling says who pulls the lever, and why.
type Pulling struct {
	Reason  string
	By      string
	Replace bool // also the reason of a lever that is pulled already
}

// Pull pulls the lever. When it returns nil no claim can succeed any more, since
// every claim's transaction has the lever's absence as its first condition. What
// was claimed before may still be sent for as long as its permit lives.
//
// A lever that is pulled already stays as it is, with the reason by which others
// know it, unless p.Replace is set. Either way it is pulled all the time. Pull returns
// the lever as it then is. After an error the lever may or may not be pulled: read it
// with LeverNow.
func (b *Book) Pull(ctx context.Context, p Pulling) (cases.Lever, error) {
	nonce, err := newNonce()
	if err != nil {
		return cases.Lever{}, err
	}
	it := leverKey()
	pulled := cases.Lever{Pulled: true, Reason: p.Reason, By: p.By, Since: parseStamp(stamp(b.Now()))}
	it[attrReason], it[attrBy], it[attrSince], it[attrNonce] = str(p.Reason), str(p.By), str(stamp(pulled.Since)), str(nonce)
	in := &dynamodb.PutItemInput{TableName: &b.Table, Item: it}
	if !p.Replace {
		in.ConditionExpression = aws.String("attribute_not_exists(pk)")
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	err = insist(ctx, func() error {
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
// is pulled now.
var ErrPulledAgain = errors.New("it was pulled again meanwhile")

// Release releases the lever and returns it as it was. A lever that is not pulled is no
// error: what is returned says so.
//
// Only the very pull that was read is released. A repeated request, whose first answer
// was lost, must not undo what somebody else has pulled since. The error is then
// ErrPulledAgain, and the lever is returned as it is now. After any other error it may
// or may not be released.
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
	err = insist(ctx, func() error {
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
