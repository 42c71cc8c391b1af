package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/intake"
)

// live is how explain asks AWS.
type live struct {
	stack

	on     bool
	asJSON bool
	mode   string
}

// handler is the function's own, with the caller's credentials.
func (l *live) handler(ctx context.Context) (*intake.Handler, error) {
	sdk, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	// The function refuses a variable that it does not know, and this command has one
	// of its own.
	environ := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, envStack+"=") })
	// The last of two settings counts. Bucket, queues and topic are only ever written
	// to, which explain does not do.
	environ = append(environ, "AWS_REGION="+sdk.Region, config.EnvTable+"="+l.table, config.EnvMode+"="+l.mode,
		config.EnvBucket+"=unused", config.EnvQueueURL+"=https://unused.invalid", config.EnvFollowupQueueURL+"=https://unused.invalid",
		config.EnvTopic+"=arn:aws:sns:"+sdk.Region+":000000000000:unused")
	c, err := config.FromEnv(environ)
	if err != nil {
		return nil, fmt.Errorf("reading the guard's figures: %w", err)
	}
	return intake.Wire(c, sdk, io.Discard), nil
}
