package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/printable"
)

func newPause() *cobra.Command {
	var s stack
	var g grounds
	var replace bool
	c := &cobra.Command{
		Use:   "pause --reason TEXT",
		Short: "Stop every interrupt in this account and Region",
		Long: `Pull the lever. It stops every interrupt in this account and Region, at once
and for everyone, until crashcart resume. Dry runs are stopped as well.

When this command exits with 0, no new claim can succeed. An interrupt that was
claimed before may still be sent for ten seconds. The output says until when,
and lists the cases that were claimed and have no result yet.

If the lever is pulled already, it stays as it is, with the reason by which
others know it. --replace gives it a new reason, and the lever is not released
for a moment.

The lever is in the casebook, a DynamoDB table. If neither --table nor
CRASHCART_TABLE names the table, CloudFormation is asked for its name. That is
one more call, of five seconds at most. A script for emergencies should set
CRASHCART_TABLE: then it needs neither the call nor its permission,
cloudformation:DescribeStacks.

The exit code is 0 when the lever is pulled, 1 when that is not certain (check
it with crashcart status), 2 when the command was called wrongly.`,
		Example: "  crashcart pause --reason \"deploying the kernel update\"\n" +
			"  crashcart pause --reason \"game day\" --region eu-central-1 --profile ops",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := g.need(c); err != nil {
				return err
			}
			book, err := s.book(c.Context())
			if err != nil {
				return untouched(err)
			}
			return s.advise(pause(c, s.place(), book, g, replace))
		},
	}
	s.tableFlags(c)
	g.flags(c, "everybody who is refused meanwhile will read it")
	c.Flags().BoolVar(&replace, "replace", false, "if the lever is pulled already, give it this reason")
	return c
}

func pause(c *cobra.Command, place string, book *casebook.Book, g grounds, replace bool) error {
	asked := time.Now().Truncate(time.Millisecond) // as exact as the casebook
	lever, err := book.Pull(c.Context(), casebook.Pulling{Reason: g.reason, By: g.by, Replace: replace})
	if err != nil {
		uncertain(c)
		return err
	}
	p := screen.New(c.OutOrStdout(), time.Now())
	if lever.Reason != g.reason || lever.By != g.by || lever.Since.Before(asked) {
		p.Text("Already paused in " + place + ",")
		p.Text(pulled(p, lever))
		p.Text("That stays the reason; --replace would change it.")
	} else {
		p.Text("Paused in " + place + ",")
		p.Text("by " + lever.By + ": " + lever.Reason)
	}
	// Rounded up: a permit dies PermitLife after its claim, and no claim is younger
	// than the answer to the pull.
	until := p.Now().Add(guard.PermitLife + time.Second).Truncate(time.Second)
	p.Text("From now on no claim succeeds. What was claimed before may still be sent until " + screen.Clock(until) + ".")
	showUnderWay(c.Context(), c, p, book)
	p.Text("`crashcart resume` allows interrupts again.")
	return p.Err()
}

// pulled says since when the lever is pulled, by whom and why.
func pulled(p *screen.Page, l cases.Lever) string {
	return p.When(l.Since) + " by " + orSomebody(l.By) + ": " + l.Reason
}

// orSomebody is a person's name, or the word for one who did not say it.
func orSomebody(name string) string {
	if name == "" {
		return "somebody"
	}
	return name
}

// untouched says that the lever was not reached.
func untouched(err error) error { return fmt.Errorf("the lever is as it was: %w", err) }

// uncertain warns a person who stops the command while it is at the lever: it may
// have done its work already.
func uncertain(c *cobra.Command) {
	if c.Context().Err() != nil {
		c.PrintErrln("crashcart: whether the lever is pulled is not certain: check it with `crashcart status`")
	}
}

// showUnderWay lists the cases that are claimed and have no result yet. The lever is
// pulled by then. So a list that cannot be read is a note, and no failure.
func showUnderWay(ctx context.Context, c *cobra.Command, p *screen.Page, book *casebook.Book) {
	claimed, err := book.UnderWay(ctx)
	if err != nil {
		c.PrintErrln("crashcart: the lever is pulled, but what is on its way cannot be listed: " + printable.Line(err.Error(), screen.MaxText))
		return
	}
	if len(claimed) == 0 {
		p.Text("No case is claimed and without a result.")
		return
	}
	p.Text("Claimed, and without a result yet:")
	showCases(p, claimed)
}
