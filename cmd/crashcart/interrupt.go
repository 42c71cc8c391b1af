package main

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"crashcart/lambda/domain/trigger"
)

const interruptHelp = `Ask the function to interrupt instances now, and print what became of each.

A direct request is the approval that an alarm lacks: it also reaches instances
whose tag is manual. Every other rule holds as usual, on fresh facts. --force
relaxes only the rules that it names. In a stack in dry-run mode, as shipped,
and with --dry-run, this is a dry run: every rule is asked, and nothing is
interrupted.

On a terminal it asks before it sends: type the id of the instance, or the
number of instances if there are several. --yes is for scripts.

A request that is repeated never interrupts an instance twice. If a request got
no answer, send it again with the same --request-id: the answer then names the
case that the first one opened.

If --function does not name the function, CloudFormation is asked for its name.
That needs the permission cloudformation:DescribeStacks.

The exit code is 0 when every instance was interrupted, or its dry run went well
(dry-run). It is 1 when one was not, whatever the reason, even if it has an open
case already (duplicate) or the answer was lost (unknown). It is 2 when the
command was called wrongly, or would have to ask and has no terminal; nothing
was sent then.`

func newInterrupt() *cobra.Command {
	var s stack
	var r directRequest
	var g grounds
	var yes, asJSON bool
	c := &cobra.Command{
		Use:   "interrupt INSTANCE... --reason TEXT",
		Short: "Ask the function to interrupt instances now",
		Long:  interruptHelp,
		Example: "  crashcart interrupt i-0a1b2c3d4e5f60718 --reason \"checkout hangs\"\n" +
			"  crashcart interrupt i-0a1b2c3d4e5f60718 --reason \"checkout hangs\" --dry-run\n" +
			"  crashcart interrupt i-0a1b2c3d4e5f60718 --force unresponsive \\\n    --reason \"its agent still pings, but nobody can log in\"",
		RunE: func(c *cobra.Command, args []string) error {
			if err := g.need(c); err != nil {
				return err
			}
			r.InstanceIDs, r.Reason, r.RequestedBy = once(args), g.reason, g.by
			if r.RequestID == "" {
				r.RequestID = "crashcart-" + rand.Text()
			}
			if _, err := r.payload(); err != nil {
				return err
			}
			in, err := terminalOf(c, r, yes)
			if err != nil {
				return err
			}
			sdk, err := s.connect(c.Context())
			if err != nil {
				return fmt.Errorf("nothing was sent: %w", err)
			}
			if err := confirm(c, in, s, r); err != nil {
				return err
			}
			payload, err := r.payload() // with the time of now: the person was asked meanwhile
			if err != nil {
				return err
			}
			answer, err := s.invoke(c, invoker(sdk), payload, r.RequestID)
			if err != nil {
				return err
			}
			return report(c, answer, r, asJSON)
		},
	}
	s.functionFlags(c)
	g.flags(c, "it is recorded in the case")
	f := c.Flags()
	f.BoolVar(&r.DryRun, "dry-run", false, "ask every rule, but interrupt nothing")
	f.StringSliceVar(&r.Force, "force", nil, "rules to relax: "+strings.Join(trigger.Forceable(), ", "))
	f.StringVar(&r.RequestID, "request-id", "", "the id of a request that got no answer (default: a random one)")
	f.BoolVar(&yes, "yes", false, "do not ask")
	f.BoolVar(&asJSON, "json", false, "print the function's own answer, for machines")
	return c
}

// once keeps each of the ids once, in the order given, so that they are counted right.
func once(ids []string) []string {
	var out []string
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
