// Command bare is what the interrupt function is measured against: the least that
// a Lambda function in Go can be that makes the one call. It must never be
// deployed.
package main

import (
	"context"
	"encoding/json"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

func main() {
	client := ec2.NewFromConfig(aws.Config{
		Region:       os.Getenv("AWS_REGION"),
		BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL")),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
				SessionToken: os.Getenv("AWS_SESSION_TOKEN"),
			}, nil
		}),
	})
	lambda.Start(func(ctx context.Context, payload json.RawMessage) (string, error) {
		var in struct {
			InstanceIDs []string `json:"instanceIds"`
		}
		if err := json.Unmarshal(payload, &in); err != nil {
			return "", err
		}
		_, err := client.SendDiagnosticInterrupt(ctx, &ec2.SendDiagnosticInterruptInput{InstanceId: &in.InstanceIDs[0], DryRun: aws.Bool(true)})
		if err == nil {
			return "", nil
		}
		return err.Error(), nil // a DryRun always fails
	})
}
