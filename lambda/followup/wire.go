package followup

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lambda/casebook"
	"crashcart/lambda/config"
)

// callTimeout bounds one HTTP exchange with DynamoDB. With the SDK's three tries it
// fits the function's timeout, so that a sweep that fails can say why.
const callTimeout = 5 * time.Second

// Wire builds the handler and its one client. environ gives Lambda's variables, for
// the credentials; log takes the JSON lines, on Lambda standard output.
//
// The SDK's own config module reads files, profiles and the instance metadata service
// as well, which nobody needs here.
func Wire(c config.Followup, environ func(string) string, log io.Writer) *Handler {
	sdk := aws.Config{
		Region:     c.Region,
		HTTPClient: awshttp.NewBuildableClient().WithTimeout(callTimeout),
		Credentials: aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			cred := aws.Credentials{
				AccessKeyID: environ("AWS_ACCESS_KEY_ID"), SecretAccessKey: environ("AWS_SECRET_ACCESS_KEY"),
				SessionToken: environ("AWS_SESSION_TOKEN"), Source: "environment",
			}
			if !cred.HasKeys() {
				return cred, errors.New("the environment has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
			}
			return cred, nil
		})),
	}
	if c.Endpoint != "" {
		sdk.BaseEndpoint = aws.String(c.Endpoint)
	}
	return &Handler{
		Book: casebook.New(dynamodb.NewFromConfig(sdk), c.Table),
		Log:  slog.New(slog.NewJSONHandler(log, nil)),
		Now:  time.Now,
	}
}
