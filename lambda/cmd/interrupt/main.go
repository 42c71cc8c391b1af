// Command interrupt is the bootstrap of the interrupt function: configuration,
// clients, handler, start.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/intake"
)

func main() {
	c, err := config.FromEnv(os.Environ())
	if err != nil {
		fmt.Fprintf(os.Stderr, "crashcart is not configured:\n%v\n", err)
		os.Exit(1)
	}
	lambda.Start(intake.Wire(c, intake.AWS(c, os.Getenv), os.Stdout).Handle)
}
