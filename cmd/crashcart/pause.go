package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/guard"
)

func newPause() *cobra.Command {
	var s stack
	var reason, by string
	var replace bool
	c := &cobra.Command{
		Use:   "pause --reason TEXT",
		Short: "Stop every interrupt in this account and Region",
		Long: `Pull the lever: stop every interrupt in this account and Region, at once and
for everyone, until crashcart resume.

When this command returns 0 no claim can succeed any more. What was claimed
before may still be sent for ten seconds; the output says until when, and lists
the cases that are on their way. DryRuns are stopped as well.

A lever that is pulled already stays as it is, with the reason by which others
know it; --replace gives it a new one, without a moment in which it is
released.

The lever is in the casebook. Unless --table or CRASHCART_TABLE names its table
CloudFormation is asked for it: one call more, of five seconds at the most. A
script for emergencies should set CRASHCART_TABLE, and need neither that call
nor its permission, cloudformation:DescribeStacks.

The exit code is 0 when the lever is pulled, 1 when that is not certain (look
with crashcart status), 2 when the command was called wrongly.`,
		Example: "  crashcart pause --reason \"deploying the kernel update\"\n" +
			"  crashcart pause --reason \"game day\" --region eu-central-1 --profile ops",
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := needReason(c, reason); err != nil {
				return err
			}
			book, err := s.book(c.Context())
			if err != nil {
				return untouched(err)
			}
			return s.advise(pause(c, s.place(), book, said(reason, maxReason), said(by, maxBy), replace))
		},
	}
	s.tableFlags(c)
	reasonFlag(c, &reason, "everybody who is refused meanwhile will read it")
	c.Flags().BoolVar(&replace, "replace", false, "give a lever that is pulled already this reason")
	asFlag(c, &by)
	return c
}

func pause(c *cobra.Command, place string, book *casebook.Book, reason, by string, replace bool) error {
	asked := time.Now().Truncate(time.Millisecond) // as exact as the casebook
	lever, err := book.Pull(c.Context(), reason, by, replace)
	if err != nil {
		uncertain(c)
		return err
	}
	p := &page{w: c.OutOrStdout(), now: time.Now()}
	if lever.Reason != reason || lever.By != by || lever.Since.Before(asked) {
		p.line("", "Already paused in "+place+",")
		p.line("", p.when(lever.Since)+" by "+lever.By+": "+lever.Reason)
		p.line("", "That stays the reason; --replace would change it.")
	} else {
		p.line("", "Paused in "+place+",")
		p.line("", "by "+lever.By+": "+lever.Reason)
	}
	// Rounded up: a permit dies PermitLife after its claim, and no claim is younger
	// than the answer to the pull.
	until := p.now.Add(guard.PermitLife + time.Second).Truncate(time.Second)
	p.line("", "From now on no claim succeeds. What was claimed before may still be sent until "+until.UTC().Format("15:04:05")+" UTC.")
	onTheirWay(c.Context(), c, p, book)
	p.line("", "`crashcart resume` allows interrupts again.")
	return p.err
}

// untouched says of what went wrong that it did so before the lever was reached.
func untouched(err error) error { return fmt.Errorf("the lever is as it was: %w", err) }

// uncertain says so to whoever stops a command that may have done its work already.
func uncertain(c *cobra.Command) {
	if c.Context().Err() != nil {
		c.PrintErrln("crashcart: whether the lever is pulled is not certain: look with `crashcart status`")
	}
}

// onTheirWay lists the cases that are claimed and have no result yet. The lever is
// pulled by then, so that a list which cannot be had is a note and no failure.
func onTheirWay(ctx context.Context, c *cobra.Command, p *page, book *casebook.Book) {
	claimed, err := book.UnderWay(ctx)
	if err != nil {
		c.PrintErrln("crashcart: the lever is pulled, but what is on its way cannot be listed: " + printable(err.Error()))
		return
	}
	if len(claimed) == 0 {
		p.line("", "No case is claimed and without a result.")
		return
	}
	p.line("", "Claimed, and without a result yet:")
	p.cases(claimed)
}

func newResume() *cobra.Command {
	var s stack
	c := &cobra.Command{
		Use:   "resume",
		Short: "Allow interrupts again after a pause",
		Long: `Release the lever that crashcart pause has pulled, and say what it was: since
when, by whom and why. Triggers that were refused meanwhile do not come back.
A pause that somebody else begins at the same moment is never undone. The table
is found as by crashcart pause.

The exit code is 0 when the lever is released, even if it was before, 1 when it
is not or that is not certain (look with crashcart status), 2 when the command
was called wrongly.`,
		Example: "  crashcart resume",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			book, err := s.book(c.Context())
			if err != nil {
				return untouched(err)
			}
			was, err := book.Release(c.Context())
			p := &page{w: c.OutOrStdout(), now: time.Now()}
			if errors.Is(err, casebook.ErrPulledAgain) {
				p.line("", "Still paused in "+s.place()+",")
				p.line("", p.when(was.Since)+" by "+cmp.Or(was.By, "somebody")+": "+was.Reason)
			}
			if err != nil {
				uncertain(c)
				return s.advise(err)
			}
			if !was.Pulled {
				p.line("", "The lever in "+s.place()+" was not pulled: nothing to release.")
				return p.err
			}
			p.line("", "Resumed in "+s.place()+".")
			p.line("", "It was paused "+p.when(was.Since)+" by "+cmp.Or(was.By, "somebody")+": "+was.Reason)
			return p.err
		},
	}
	s.tableFlags(c)
	return c
}
