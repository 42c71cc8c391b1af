// Command followup is the bootstrap of the follow-up: configuration, clients, handler,
// start.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/followup"
)

func main() {
	c, err := config.FollowupFromEnv(os.Environ())
	if err != nil {
		fmt.Fprintf(os.Stderr, "crashcart is not configured:\n%v\n", err)
		os.Exit(1)
	}
	lambda.Start(followup.Wire(c, os.Getenv, os.Stdout).Handle)
}
