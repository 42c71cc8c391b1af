package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go"
	"github.com/spf13/cobra"

	"crashcart/lambda/domain/config"
)

// envStack names the CloudFormation stack. Only this command reads it.
const envStack = config.Prefix + "STACK"

// lookupTimeout bounds the lookup of the stack, with every try: whoever pulls the
// lever can name the table, and must learn in time that they have to.
const lookupTimeout = 5 * time.Second

// stack is the Crashcart that a command is about: where it is, and the names in it.
// A command needs one of them, the table or the function. Where it is not given,
// CloudFormation is asked, and nothing is ever guessed: the lever pulled in another
// table stops nothing here.
type stack struct {
	command         *cobra.Command
	region, profile string
	name            string // of the CloudFormation stack
	account         string // empty where neither the credentials nor the stack say
	table, function string
	need            need
}

// need is the name that a command cannot do without.
type need struct {
	what      string // a person's word for it
	flag, env string // what may give it; env may be empty
	output    string // of the stack, which has it otherwise
	value     *string
}

// given are the flags and variables that may give it, as a sentence has them.
func (n need) given() string {
	if n.env == "" {
		return "--" + n.flag
	}
	return "--" + n.flag + " or " + n.env
}

// tableFlags adds the flags of a command that reads or writes the casebook.
func (s *stack) tableFlags(c *cobra.Command) {
	s.flags(c, need{what: "table", flag: "table", env: config.EnvTable, output: config.OutputTable, value: &s.table},
		"the casebook's DynamoDB table (default: $"+config.EnvTable+", or else the stack's)")
}

// functionFlags adds the flags of a command that invokes the interrupt function.
func (s *stack) functionFlags(c *cobra.Command) {
	s.flags(c, need{what: "function", flag: "function", output: config.OutputFunction, value: &s.function},
		"the interrupt function's name or ARN (default: the stack's)")
}

func (s *stack) flags(c *cobra.Command, n need, usage string) {
	s.command, s.need = c, n
	f := c.Flags()
	f.StringVar(&s.region, "region", "", "AWS Region (default: from your AWS configuration)")
	f.StringVar(&s.profile, "profile", "", "AWS profile (default: from your AWS configuration)")
	f.StringVar(&s.name, "stack", "", "the CloudFormation stack that has the "+n.what+" (default: $"+envStack+", or else "+config.StackName+")")
	f.StringVar(n.value, n.flag, "", usage)
}

// place says which stack was meant, for whoever meant another.
func (s *stack) place() string {
	if s.account == "" {
		return s.region + " (table " + s.table + ")"
	}
	return s.region + " (account " + s.account + ", table " + s.table + ")"
}

// named settles how the name that is needed is found: it is set, or else that of the
// stack is. What the command line says counts more than the environment, or a stack
// that is asked for would get another one's table.
func (s *stack) named() error {
	f := s.command.Flags()
	for _, flag := range []string{s.need.flag, "stack"} {
		if f.Changed(flag) {
			if err := needValue("--"+flag, f.Lookup(flag).Value.String()); err != nil {
				return err
			}
		}
	}
	switch byName, byStack := f.Changed(s.need.flag), f.Changed("stack"); {
	case byName && byStack:
		return usageError{fmt.Errorf("with --%s the stack is not asked: give it or --stack, not both", s.need.flag)}
	case byName || byStack:
		return nil
	}
	return s.namedAround()
}

// namedAround is named where the command line does not say.
func (s *stack) namedAround() error {
	for _, v := range []struct {
		env  string
		into *string
	}{{s.need.env, s.need.value}, {envStack, &s.name}} {
		if value, ok := os.LookupEnv(v.env); ok {
			*v.into = value
			return needValue(v.env, value)
		}
	}
	s.name = config.StackName
	return nil
}

// needValue refuses a name that is empty: most likely a variable is not set in a
// script, which must not stand for the default.
func needValue(from, value string) error {
	if strings.TrimSpace(value) == "" {
		return usageError{fmt.Errorf("%s is empty: give it a value, or leave it away", from)}
	}
	return nil
}

// find asks the stack for the name that is needed, unless it is given.
func (s *stack) find(ctx context.Context, sdk aws.Config) error {
	if *s.need.value != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	out, err := cloudformation.NewFromConfig(sdk).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &s.name})
	if err != nil {
		return s.adviseLookup(err)
	}
	if len(out.Stacks) != 1 {
		return fmt.Errorf("CloudFormation gave %d stacks for %s: name the %s with %s", len(out.Stacks), s.name, s.need.what, s.need.given())
	}
	return s.take(out.Stacks[0])
}

// notThere are the states of a stack that never came to be, or is gone. While one is
// being deleted its function may still be there, and its table has the lever.
var notThere = []types.StackStatus{
	types.StackStatusReviewInProgress, types.StackStatusCreateInProgress, types.StackStatusCreateFailed,
	types.StackStatusRollbackInProgress, types.StackStatusRollbackComplete, types.StackStatusRollbackFailed,
	types.StackStatusDeleteComplete,
}

// take reads the outputs.
func (s *stack) take(found types.Stack) error {
	if slices.Contains(notThere, found.StackStatus) {
		return fmt.Errorf("the stack %s in %s is not deployed (%s): name another with --stack, or the %s with %s",
			s.name, s.region, found.StackStatus, s.need.what, s.need.given())
	}
	outputs := map[string]string{}
	for _, o := range found.Outputs {
		outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	value, region := outputs[s.need.output], outputs[config.OutputRegion]
	if value == "" {
		return fmt.Errorf("the stack %s in %s (%s) has no output %s: is it Crashcart's? Name yours with --stack, or the %s with %s",
			s.name, s.region, found.StackStatus, s.need.output, s.need.what, s.need.given())
	}
	if cmp.Or(region, s.region) != s.region { // what it names is not where the next call would go
		return fmt.Errorf("the stack %s was found in %s and says that it works in %s: give --region %s", s.name, s.region, region, region)
	}
	*s.need.value = value
	if id, err := arn.Parse(aws.ToString(found.StackId)); err == nil {
		s.account = id.AccountID
	}
	return nil
}

// adviseLookup says what to do when the stack cannot be asked. Naming what is needed
// always helps.
func (s *stack) adviseLookup(err error) error {
	instead := "name the " + s.need.what + " with " + s.need.given()
	api, ok := errors.AsType[smithy.APIError](err)
	switch {
	case ok && api.ErrorCode() == "ValidationError" && strings.HasSuffix(api.ErrorMessage(), "does not exist"):
		return fmt.Errorf("there is no stack %s in %s: name it with --stack, its Region with --region, or the %s with %s",
			s.name, s.region, s.need.what, s.need.given())
	case ok && strings.HasPrefix(api.ErrorCode(), "AccessDenied"):
		return fmt.Errorf("your credentials may not %s in %s, to find the stack %s: %s, and it is not needed: %w",
			denied(api, err), s.region, s.name, instead, err)
	}
	return fmt.Errorf("the stack %s in %s cannot be looked up: %s, and it need not be: %w", s.name, s.region, instead, s.advise(err))
}
