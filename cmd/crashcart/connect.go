package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/config"
)

const (
	// callTimeout bounds one exchange with DynamoDB, which answers in milliseconds:
	// whoever pulls the lever must not wait for a connection that hangs.
	callTimeout = 10 * time.Second
	// invokeTimeout is longer than an invocation can take: ten seconds of init
	// ("Understanding the Lambda execution environment lifecycle", AWS Lambda
	// Developer Guide), the function's own timeout, and the way there and back.
	invokeTimeout = 10*time.Second + config.FunctionTimeout + 5*time.Second
)

// connect reads the caller's AWS configuration, makes sure that there are credentials
// at all, and finds the name that the command needs, before anything is said or asked.
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
	return casebook.New(dynamodb.NewFromConfig(sdk, func(o *dynamodb.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(callTimeout)
	}), s.table), nil
}

// invoker is the client of the function. It repeats only what Lambda says that it
// did not run. After a timeout the first invocation may still be at work: a second
// one could not interrupt twice, since both have the same source key, but it would
// be answered "duplicate" and hide what became of the first.
func invoker(sdk aws.Config) *lambda.Client {
	return lambda.NewFromConfig(sdk, func(o *lambda.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(invokeTimeout)
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.Retryables = []retry.IsErrorRetryable{retry.RetryableErrorCode{Codes: map[string]struct{}{"TooManyRequestsException": {}}}}
		})
	})
}

// deniedAction finds the action in IAM's words ("Troubleshoot access denied error
// messages", AWS Identity and Access Management User Guide). A transaction is
// denied by the actions that it consists of.
var deniedAction = regexp.MustCompile(`not authorized to perform: ([a-z0-9-]+:[A-Za-z0-9]+)`)

// notAccepted are the codes of credentials that AWS does not take ("Common Errors" of
// the Amazon DynamoDB, AWS Lambda and AWS CloudFormation API References).
var notAccepted = []string{
	"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch",
}

// advise turns an error of AWS into one that says what to do.
func (s *stack) advise(err error) error {
	if _, ok := errors.AsType[*dynamodbtypes.ResourceNotFoundException](err); ok {
		return fmt.Errorf("there is no table %s in %s: name your stack's casebook with --table or %s, and its Region with --region", s.table, s.region, config.EnvTable)
	}
	if _, ok := errors.AsType[*lambdatypes.ResourceNotFoundException](err); ok {
		return fmt.Errorf("there is no function %s in %s: name your stack's with --function, and its Region with --region", s.function, s.region)
	}
	api, ok := errors.AsType[smithy.APIError](err)
	switch {
	case !ok:
		return err
	case strings.HasPrefix(api.ErrorCode(), "AccessDenied"):
		return fmt.Errorf("your credentials may not %s in %s: ask for that permission, or give another --profile: %w", denied(api, err), s.region, err)
	case slices.Contains(notAccepted, api.ErrorCode()):
		return fmt.Errorf("AWS does not accept your credentials: renew them, such as with `aws sso login`, or give another --profile: %w", err)
	}
	return err
}

// denied names the action that IAM has denied, or else the call.
func denied(api smithy.APIError, err error) string {
	if action := deniedAction.FindStringSubmatch(api.ErrorMessage()); action != nil {
		return action[1]
	}
	if call, ok := errors.AsType[*smithy.OperationError](err); ok {
		return call.Service() + " " + call.Operation()
	}
	return "do this"
}
