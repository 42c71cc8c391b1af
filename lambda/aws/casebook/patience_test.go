package casebook_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
)

// busy is an empty table whose transactions fail for some time.
type busy struct {
	casebook.API
	until   time.Time
	failure error
}

func (busy) BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return &dynamodb.BatchGetItemOutput{}, nil
}

func (busy) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return &dynamodb.QueryOutput{}, nil
}

func (b busy) TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if time.Now().Before(b.until) {
		return nil, b.failure
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

func TestConflictsAreOutwaitedForTwoSecondsAndNoLonger(t *testing.T) {
	for name, tt := range map[string]struct {
		lasts   time.Duration
		failure error
		check   func(*testing.T, error)
	}{
		"a moment":    {lasts: 1500 * time.Millisecond, failure: errConflict},
		"in progress": {lasts: 1500 * time.Millisecond, failure: errInProgress},
		"throttled":   {lasts: 1500 * time.Millisecond, failure: errThrottled},
		"throttled for ever": {lasts: time.Hour, failure: errThrottled, check: func(t *testing.T, err error) {
			wantUnclear(t, err, errThrottled) // an attempt before it may have gone through
		}},
		"without reasons": {lasts: time.Hour, failure: &types.TransactionCanceledException{}, check: conflict},
		"for ever":        {lasts: time.Hour, failure: errConflict, check: conflict},
		"in progress for ever": {lasts: time.Hour, failure: errInProgress, check: func(t *testing.T, err error) {
			wantUnclear(t, err, errInProgress) // it may still commit
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				book := casebook.New(busy{until: start.Add(tt.lasts), failure: tt.failure}, tableName)
				_, err := book.Claim(t.Context(), request(host, "alarm"))
				if tt.check == nil {
					if err != nil {
						t.Fatalf("the claim was given up: %v", err)
					}
					return
				}
				tt.check(t, err)
				if waited := time.Since(start); waited < 2*time.Second || waited > 3*time.Second {
					t.Errorf("it was given up after %s, want a little more than 2s", waited)
				}
			})
		})
	}
}

func conflict(t *testing.T, err error) {
	t.Helper()
	wantLost(t, err, cases.CauseConflict)
}

func TestClaimEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		book := casebook.New(busy{until: time.Now().Add(time.Hour), failure: errConflict}, tableName)
		_, err := book.Claim(ctx, request(host, "alarm"))
		wantUnclear(t, err, context.DeadlineExceeded)
	})
}
