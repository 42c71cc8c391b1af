// Package awsenv makes the SDK's configuration out of a function's environment.
//
// The SDK's own config module also reads files, profiles and the instance metadata
// service. A function has no use for them, and they double its cold start.
package awsenv

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// idleConnections is how many idle connections to one host are kept: as many as the
// interrupt function makes calls side by side in a round.
const idleConnections = 16

// errKeys is the error of a call when there are no credentials to sign it with.
var errKeys = errors.New("the environment has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")

// Config gives what a client needs.
//
// The region is Lambda's AWS_REGION. The endpoint is for every service, and empty
// outside a lab. environ gives a variable by its name. It is asked for the credentials
// when they are first needed ("Using Lambda environment variables", AWS Lambda Developer
// Guide); without credentials every call fails, and none is sent. The timeout bounds one
// HTTP exchange, not a call with its retries.
func Config(region, endpoint string, environ func(string) string, timeout time.Duration) aws.Config {
	sdk := aws.Config{
		Region: region,
		HTTPClient: awshttp.NewBuildableClient().WithTimeout(timeout).WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = idleConnections
		}),
		Credentials: aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			keys := aws.Credentials{
				AccessKeyID: environ("AWS_ACCESS_KEY_ID"), SecretAccessKey: environ("AWS_SECRET_ACCESS_KEY"),
				SessionToken: environ("AWS_SESSION_TOKEN"), Source: "environment",
			}
			if !keys.HasKeys() {
				return keys, errKeys
			}
			return keys, nil
		})),
	}
	if endpoint != "" {
		sdk.BaseEndpoint = aws.String(endpoint)
	}
	return sdk
}
