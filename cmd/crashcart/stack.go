package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"crashcart/lambda/domain/config"
)

// envStack names the CloudFormation stack. Only this command reads it.
const envStack = config.Prefix + "STACK"

// stack is the Crashcart that a command is about: where it is, and the names in it.
// A command needs one of the names, the table or the function. Where that is not
// given, CloudFormation is asked. It is never guessed: a lever that is pulled in the
// wrong table stops nothing here.
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

// place says which stack is meant, so that a person sees it who meant another.
func (s *stack) place() string {
	if s.account == "" {
		return s.region + " (table " + s.table + ")"
	}
	return s.region + " (account " + s.account + ", table " + s.table + ")"
}

// named settles how the name that is needed is found: it is given itself, or the
// stack's name is. The command line counts more than the environment. Otherwise a
// command that names a stack would work on another stack's table.
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
	return s.namedByEnvironment()
}

// namedByEnvironment is named for a command line that names nothing.
func (s *stack) namedByEnvironment() error {
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

// needValue refuses a name that is empty. Most likely a script uses a variable that
// is not set, and that must not stand for the default.
func needValue(from, value string) error {
	if strings.TrimSpace(value) == "" {
		return usageError{fmt.Errorf("%s is empty: give it a value, or leave it out", from)}
	}
	return nil
}
