package casebook

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/aws/awserr"
)

// transact sends the transaction of a claim. Until the deadline it repeats one that was
// throttled.
//
// The SDK gives each call a ClientRequestToken of its own, and repeats the call with that
// token while it is not known what became of it: there was no answer, or a 5xx. DynamoDB
// answers a token that it knows with its first answer, for ten minutes
// ("TransactWriteItems", Amazon DynamoDB API Reference). So what was refused must not be
// repeated with the same token. A throttled call is made anew here, and a canceled one by
// the claim, which chooses its slots again.
func (b *Book) transact(ctx context.Context, actions []types.TransactWriteItem, deadline time.Time) error {
	for tries := 1; ; tries++ {
		in := &dynamodb.TransactWriteItemsInput{TransactItems: actions} // the SDK writes its token into it
		_, err := b.API.TransactWriteItems(ctx, in, func(o *dynamodb.Options) { o.Retryer = unclearOnly{o.Retryer} })
		if !awserr.Throttled(err) || time.Now().After(deadline) {
			return err
		}
		if stop := wait(ctx, tries); stop != nil {
			return errors.Join(err, stop)
		}
	}
}

// unclearOnly is a retryer that repeats no call that was throttled.
type unclearOnly struct{ aws.Retryer }

// IsErrorRetryable says whether the same call, with its token, is sent again.
func (u unclearOnly) IsErrorRetryable(err error) bool {
	return !awserr.Throttled(err) && u.Retryer.IsErrorRetryable(err)
}
