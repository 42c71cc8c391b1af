package casebook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/domain/cases"
)

// ErrStepped says that a step could not be written, because the case is no longer as it
// was read: another step was faster, or the case was closed. The step must be made again
// from what the casebook has now.
var ErrStepped = errors.New("the case has changed since it was read")

// stepTries is how often a step's write tries while other writes are in its way.
const stepTries = 8

// Follow writes one step of the case's follow-up: next, as the follow-up knows it from
// now on. It gives the record with it. The number and the time of the step are not next's
// to say. The error is ErrStepped if the case has changed since it was read.
//
// A finding that the case has stays: nobody can be told two.
func (b *Book) Follow(ctx context.Context, r cases.Record, next cases.Followup) (cases.Record, error) {
	next.Steps, next.SteppedAt, next.LostAt = r.Followup.Steps+1, parseStamp(stamp(b.Now())), r.Followup.LostAt
	if was := r.Followup; was.Concluded() {
		next.Finding, next.Why, next.Doubt, next.ConcludedAt = was.Finding, was.Why, was.Doubt, was.ConcludedAt
	}
	in, err := b.step(r, next)
	if err != nil {
		return r, err
	}
	if err := b.write(ctx, in); err != nil {
		return r, fmt.Errorf("writing step %d of case %s: %w", next.Steps, r.ID, err)
	}
	r.Followup = next
	return r, nil
}

// step is the write of a step. Its conditions are that the case is open, and that it has
// the steps that it had when it was read.
func (b *Book) step(r cases.Record, next cases.Followup) (*dynamodb.UpdateItemInput, error) {
	followed, err := json.Marshal(followedOf(next))
	if err != nil {
		return nil, fmt.Errorf("encoding the follow-up of case %s: %w", r.ID, err)
	}
	before := "followSteps = :before"
	if r.Followup.Steps == 0 {
		before = "attribute_not_exists(followSteps)"
	}
	in := &dynamodb.UpdateItemInput{
		TableName: &b.Table, Key: realKeys.caseKey(r.ID),
		ConditionExpression: aws.String("nonce = :nonce AND (caseState = :interrupted OR caseState = :unknown) AND " + before),
		ExpressionAttributeValues: item{
			":nonce": str(r.Hold.Nonce), ":interrupted": str(string(cases.StateInterrupted)), ":unknown": str(string(cases.StateUnknown)),
			":steps": num(int64(next.Steps)), ":now": str(stamp(next.SteppedAt)), ":followed": str(string(followed)),
		},
	}
	set := "SET followSteps = :steps, followedAt = :now, followed = :followed"
	if r.Followup.Steps > 0 {
		in.ExpressionAttributeValues[":before"] = num(int64(r.Followup.Steps))
	}
	if next.Concluded() {
		set += ", finding = :finding, findingWhy = :why, findingDoubt = :doubt, concludedAt = :concluded"
		for name, v := range map[string]string{
			":finding": string(next.Finding), ":why": next.Why, ":doubt": next.Doubt, ":concluded": stamp(next.ConcludedAt),
		} {
			in.ExpressionAttributeValues[name] = str(v)
		}
	}
	in.UpdateExpression = &set
	return in, nil
}

// Lose settles, as unknown, a case that has lost the result of its send: the function
// that made the claim has ended without writing it. The error is ErrStepped if the case
// has a result by now.
//
// Should that function write its result after all, it is taken: see settleCase.
func (b *Book) Lose(ctx context.Context, r cases.Record) (cases.Record, error) {
	now := b.Now()
	err := b.write(ctx, &dynamodb.UpdateItemInput{
		TableName: &b.Table, Key: realKeys.caseKey(r.ID),
		ConditionExpression: aws.String("nonce = :nonce AND caseState = :claimed"),
		UpdateExpression:    aws.String("SET caseState = :unknown, settledAt = :now, lostAt = :now"),
		ExpressionAttributeValues: item{
			":nonce": str(r.Hold.Nonce), ":claimed": str(string(cases.StateClaimed)), ":unknown": str(string(cases.StateUnknown)), ":now": str(stamp(now)),
		},
	})
	if err != nil {
		return r, fmt.Errorf("settling case %s, whose result is lost: %w", r.ID, err)
	}
	r.State, r.SettledAt, r.Followup.LostAt = cases.StateUnknown, parseStamp(stamp(now)), parseStamp(stamp(now))
	return r, nil
}

// write makes a conditional write of one item. It tries again while others are in its way.
func (b *Book) write(ctx context.Context, in *dynamodb.UpdateItemInput) error {
	for tries := 1; ; tries++ {
		_, err := b.API.UpdateItem(ctx, in)
		if err == nil {
			return nil
		}
		if _, changed := errors.AsType[*types.ConditionalCheckFailedException](err); changed {
			return fmt.Errorf("%w: %w", ErrStepped, err)
		}
		if tries == stepTries || !inTheWay(err) {
			return err
		}
		if stop := wait(ctx, tries); stop != nil {
			return errors.Join(err, stop)
		}
	}
}
