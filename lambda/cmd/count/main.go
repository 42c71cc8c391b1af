// Command count is the bootstrap of the count: configuration,
// client, handler, start.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"crashcart/lambda/count"
	"crashcart/lambda/domain/config"
)

func main() {
	c, err := config.CountFromEnv(os.Environ())
	if err != nil {
		fmt.Fprintf(os.Stderr, "crashcart is not configured:\n%v\n", err)
		os.Exit(1)
	}
	lambda.Start(count.Wire(c, os.Getenv, os.Stdout).Handle)
}
