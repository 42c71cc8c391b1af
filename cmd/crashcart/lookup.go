package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"

	"crashcart/lambda/domain/config"
)

// lookupTimeout bounds the lookup of the stack, with all its tries. A person who
// pulls the lever can name the table instead, and must learn in time to do so.
const lookupTimeout = 5 * time.Second

// find asks the stack for the names that are needed, unless they are given.
func (s *stack) find(ctx context.Context, sdk aws.Config) error {
	if len(s.unnamed()) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	out, err := cloudformation.NewFromConfig(sdk).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &s.name})
	if err != nil {
		return s.adviseLookup(err)
	}
	if len(out.Stacks) != 1 {
		return fmt.Errorf("CloudFormation gave %d stacks for %s: name %s", len(out.Stacks), s.name, s.instead())
	}
	return s.take(out.Stacks[0])
}

// notThere are the states of a stack that was never finished, or is gone. A stack that
// is being deleted is not among them: its function may still be there, and its table
// has the lever.
var notThere = []types.StackStatus{
	types.StackStatusReviewInProgress, types.StackStatusCreateInProgress, types.StackStatusCreateFailed,
	types.StackStatusRollbackInProgress, types.StackStatusRollbackComplete, types.StackStatusRollbackFailed,
	types.StackStatusDeleteComplete,
}

// take reads the outputs.
func (s *stack) take(found types.Stack) error {
	if slices.Contains(notThere, found.StackStatus) {
		return fmt.Errorf("the stack %s in %s is not deployed (%s): name another with --stack, or %s", s.name, s.region, found.StackStatus, s.instead())
	}
	outputs := map[string]string{}
	for _, o := range found.Outputs {
		outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	for _, n := range s.unnamed() {
		if outputs[n.output] == "" {
			return fmt.Errorf("the stack %s in %s (%s) has no output %s: is it Crashcart's? Name yours with --stack, or %s",
				s.name, s.region, found.StackStatus, n.output, n.given())
		}
	}
	region := outputs[config.OutputRegion]
	if cmp.Or(region, s.region) != s.region { // what it names is not where the next call would go
		return fmt.Errorf("the stack %s was found in %s and says that it works in %s: give --region %s", s.name, s.region, region, region)
	}
	for _, n := range s.unnamed() {
		*n.value = outputs[n.output]
	}
	if id, err := arn.Parse(aws.ToString(found.StackId)); err == nil {
		s.account = id.AccountID
	}
	return nil
}

// adviseLookup says what to do when CloudFormation cannot be asked. It always helps
// to name what is needed itself.
func (s *stack) adviseLookup(err error) error {
	instead := "name " + s.instead()
	api, ok := errors.AsType[smithy.APIError](err)
	switch {
	case ok && api.ErrorCode() == "ValidationError" && strings.HasSuffix(api.ErrorMessage(), "does not exist"):
		return fmt.Errorf("there is no stack %s in %s: name it with --stack, its Region with --region, or %s",
			s.name, s.region, s.instead())
	case ok && strings.HasPrefix(api.ErrorCode(), "AccessDenied"):
		return fmt.Errorf("your credentials may not %s in %s, to find the stack %s: %s, and it is not needed: %w",
			denied(api, err), s.region, s.name, instead, err)
	}
	return fmt.Errorf("the stack %s in %s cannot be looked up: %s, and it need not be: %w", s.name, s.region, instead, s.advise(err))
}
