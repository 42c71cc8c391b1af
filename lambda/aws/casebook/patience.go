package casebook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crashcart/lambda/aws/awserr"
	"crashcart/lambda/aws/call"
)

const (
	// conflictPatience is how long a claim retries transaction conflicts and throttling
	// before the target goes back into the queue. The SDK does not retry these for it.
	conflictPatience = 2 * time.Second
	// leverPatience is how long pulling and releasing the lever go on against claims
	// that are under way. A claim holds the lever's item for milliseconds. Only in a
	// storm of claims does a person wait this long, and then wants an answer.
	leverPatience = 30 * time.Second
)

// backoff is between two tries of a call. A transaction takes about as long as the
// first wait, so that the one in the way is over. The longest keeps the eight tries of
// settling and closing within two seconds.
var backoff = call.Backoff{First: 20 * time.Millisecond, Longest: 320 * time.Millisecond}

// wait waits before a call is tried again.
func wait(ctx context.Context, tries int) error {
	if err := backoff.Wait(ctx, tries); err != nil {
		return fmt.Errorf("waiting for the casebook: %w", err)
	}
	return nil
}

// insist repeats a write of a single item while claims are in its way, until ctx
// ends or leverPatience is over. The SDK repeats what else is worth repeating.
func insist(ctx context.Context, write func() error) error {
	started := time.Now()
	for tries := 1; ; tries++ {
		err := write()
		if err == nil || !inTheWay(err) || time.Since(started) > leverPatience {
			return err
		}
		if stop := wait(ctx, tries); stop != nil {
			return errors.Join(err, stop)
		}
	}
}

// inTheWay says whether the error passes when other calls do: conflicts, and throttling
// that outlasts the SDK's own retries. A write of one item gets the conflict while a
// transaction holds that item, and the SDK does not retry it ("Error handling with
// DynamoDB", Amazon DynamoDB Developer Guide).
func inTheWay(err error) bool {
	return awserr.Code(err) == "TransactionConflictException" || inProgress(err) || awserr.Throttled(err)
}

// inProgress says whether the same transaction is still under way ("TransactWriteItems",
// Amazon DynamoDB API Reference).
func inProgress(err error) bool { return awserr.Code(err) == "TransactionInProgressException" }
