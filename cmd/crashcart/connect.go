package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/config"
)

const (
	// callTimeout bounds one exchange with DynamoDB, which answers in milliseconds.
	// A person who pulls the lever must not wait for a connection that hangs.
	callTimeout = 10 * time.Second
	// invokeTimeout is longer than an invocation can take: ten seconds of init
	// ("Understanding the Lambda execution environment lifecycle", AWS Lambda
	// Developer Guide), the function's own timeout, and the way there and back.
	invokeTimeout = 10*time.Second + config.FunctionTimeout + 5*time.Second
)

// connect reads the caller's AWS configuration and finds the name that the command
// needs. It fails without credentials, so that nothing is asked of a person before
// it is clear that the command can do its work.
func (s *stack) connect(ctx context.Context) (aws.Config, error) {
	if err := s.named(); err != nil {
		return aws.Config{}, err
	}
	sdk, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(s.region), awsconfig.WithSharedConfigProfile(s.profile),
		awsconfig.WithLogger(logging.Nop{})) // standard error has this command's own lines only
	if err != nil {
		return aws.Config{}, fmt.Errorf("reading your AWS configuration: %w", err)
	}
	if sdk.Region == "" {
		return aws.Config{}, usageError{errors.New("no AWS Region: give --region, or set AWS_REGION; a stack is found in its own Region only")}
	}
	s.region = sdk.Region
	credentials, err := sdk.Credentials.Retrieve(ctx)
	if err != nil {
		return aws.Config{}, fmt.Errorf("no AWS credentials: give a --profile that has some, log in with `aws sso login`, "+
			"or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: %w", err)
	}
	s.account = credentials.AccountID
	return sdk, s.find(ctx, sdk)
}

// book opens the casebook.
func (s *stack) book(ctx context.Context) (*casebook.Book, error) {
	sdk, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	return s.bookBy(sdk), nil
}

func (s *stack) bookBy(sdk aws.Config) *casebook.Book {
	return casebook.New(dynamodb.NewFromConfig(sdk, func(o *dynamodb.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(callTimeout)
	}), s.table)
}

// evidence opens the casebook and the evidence. The client of S3 has no bound for a whole
// exchange: a dump takes as long as it takes.
func (s *stack) evidence(ctx context.Context) (*casebook.Book, *s3.Client, error) {
	sdk, err := s.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	return s.bookBy(sdk), s3.NewFromConfig(sdk, func(o *s3.Options) { o.UsePathStyle = sdk.BaseEndpoint != nil }), nil
}

// invoker is the client of the function. It repeats a call only when Lambda says that
// the function did not run. After a timeout the first invocation may still be at
// work. A second one could not interrupt twice, since both have the same source key.
// But its answer would be "duplicate", which hides what became of the first.
func invoker(sdk aws.Config) *lambda.Client {
	return lambda.NewFromConfig(sdk, func(o *lambda.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(invokeTimeout)
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Retryables = []retry.IsErrorRetryable{retry.RetryableErrorCode{Codes: map[string]struct{}{"TooManyRequestsException": {}}}}
		})
	})
}
