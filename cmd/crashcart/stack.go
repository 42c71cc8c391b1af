package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"crashcart/lambda/domain/config"
)

// envStack names the CloudFormation stack. Only this command reads it.
const envStack = config.Prefix + "STACK"

// stack is the Crashcart that a command is about: where it is, and the names in it.
// A command needs some of the names: the table, the function, the bucket. Where one is
// not given, CloudFormation is asked. It is never guessed: a lever that is pulled in the
// wrong table stops nothing here.
type stack struct {
	command                 *cobra.Command
	region, profile         string
	name                    string // of the CloudFormation stack
	account                 string // empty where neither the credentials nor the stack say
	table, function, bucket string
	needs                   []need
}

// need is the name that a command cannot do without.
type need struct {
	what      string // a person's word for it
	flag, env string // what may give it; env may be empty
	output    string // of the stack, which has it otherwise
	usage     string // of the flag
	value     *string
}

// given is how it may be named, as a sentence has it: by which flag or variable.
func (n need) given() string {
	if n.env == "" {
		return "the " + n.what + " with --" + n.flag
	}
	return "the " + n.what + " with --" + n.flag + " or " + n.env
}

// tableFlags adds the flags of a command that reads or writes the casebook.
func (s *stack) tableFlags(c *cobra.Command) {
	s.flags(c, "table", s.needTable())
}

// bucketFlags adds the flags of a command that reads the casebook and the evidence.
func (s *stack) bucketFlags(c *cobra.Command) {
	s.flags(c, "table and the bucket", s.needTable(), need{
		what: "bucket", flag: "bucket", env: config.EnvBucket, output: config.OutputBucket, value: &s.bucket,
		usage: "the evidence's S3 bucket (default: $" + config.EnvBucket + ", or else the stack's)",
	})
}

func (s *stack) needTable() need {
	return need{
		what: "table", flag: "table", env: config.EnvTable, output: config.OutputTable, value: &s.table,
		usage: "the casebook's DynamoDB table (default: $" + config.EnvTable + ", or else the stack's)",
	}
}

// functionFlags adds the flags of a command that invokes the interrupt function.
func (s *stack) functionFlags(c *cobra.Command) {
	s.flags(c, "function", need{
		what: "function", flag: "function", output: config.OutputFunction, value: &s.function,
		usage: "the interrupt function's name or ARN (default: the stack's)",
	})
}

func (s *stack) flags(c *cobra.Command, has string, needs ...need) {
	s.command, s.needs = c, needs
	f := c.Flags()
	f.StringVar(&s.region, "region", "", "AWS Region (default: from your AWS configuration)")
	f.StringVar(&s.profile, "profile", "", "AWS profile (default: from your AWS configuration)")
	f.StringVar(&s.name, "stack", "", "the CloudFormation stack that has the "+has+" (default: $"+envStack+", or else "+config.StackName+")")
	for _, n := range needs {
		f.StringVar(n.value, n.flag, "", n.usage)
	}
}

// unnamed are the names that nobody has given.
func (s *stack) unnamed() []need {
	return slices.DeleteFunc(slices.Clone(s.needs), func(n need) bool { return *n.value != "" })
}

// instead says how to name what the stack would be asked for.
func (s *stack) instead() string {
	var ways []string
	for _, n := range s.unnamed() {
		ways = append(ways, n.given())
	}
	return strings.Join(ways, ", and ")
}

// place says which stack is meant, so that a person sees it who meant another.
func (s *stack) place() string {
	if s.account == "" {
		return s.region + " (table " + s.table + ")"
	}
	return s.region + " (account " + s.account + ", table " + s.table + ")"
}

// named settles how the names that are needed are found: each is given itself, or the
// stack's name is. The command line counts more than the environment. Otherwise a
// command that names a stack would work on another stack's table.
func (s *stack) named() error {
	f := s.command.Flags()
	var given []string
	for _, n := range s.needs {
		if f.Changed(n.flag) {
			given = append(given, "--"+n.flag)
			if err := needValue("--"+n.flag, *n.value); err != nil {
				return err
			}
		}
	}
	if f.Changed("stack") {
		if err := needValue("--stack", s.name); err != nil {
			return err
		}
		if len(given) == len(s.needs) {
			return usageError{fmt.Errorf("with %s the stack is not asked: give it or --stack, not both", strings.Join(given, " and "))}
		}
		return nil
	}
	return s.namedByEnvironment()
}

// namedByEnvironment is named for a command line that does not name the stack. The stack's
// own name is needed only where another is open.
func (s *stack) namedByEnvironment() error {
	for _, n := range s.unnamed() {
		if value, ok := os.LookupEnv(n.env); ok && n.env != "" {
			*n.value = value
			if err := needValue(n.env, value); err != nil {
				return err
			}
		}
	}
	if len(s.unnamed()) == 0 {
		return nil
	}
	s.name = config.StackName
	if value, ok := os.LookupEnv(envStack); ok {
		s.name = value
		return needValue(envStack, value)
	}
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
