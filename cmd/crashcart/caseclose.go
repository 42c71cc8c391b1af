package main

import (
	"time"

	"github.com/spf13/cobra"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/aws/casebook"
)

func newCaseClose() *cobra.Command {
	var s stack
	var g grounds
	c := &cobra.Command{
		Use:   "close ID --reason TEXT",
		Short: "Close a case by hand",
		Long: `Close a case by hand, so that its instance may be interrupted again. After
` + openFor + ` it may be anyway; the case is then overdue until somebody closes it.
The follow-up closes a case by itself, as soon as it knows what became of it.

Close a case only once its dump is safe. The open case is what keeps the
instance from another interrupt, and another interrupt would kill a dump that
is still being written.

Closing interrupts nothing. The instance's cooldown still counts from its last
interrupt. The case's place in its Auto Scaling group becomes free; what it
took of the hour's budget stays spent.

A case that was claimed minutes ago and has no result yet is not closed: its
interrupt may be on its way.

The exit code is 0 when the case is closed, even if it was closed before, 1
when it is not, 2 when the command was called wrongly.`,
		Example: "  crashcart case close i-0a1b2c3d4e5f60718-5e94ec139442cfe9 \\\n    --reason \"the dump is in the bucket\"",
		Args:    oneCase,
		RunE: func(c *cobra.Command, args []string) error {
			if err := g.need(c); err != nil {
				return err
			}
			book, err := s.book(c.Context())
			if err != nil {
				return err
			}
			return s.adviseCase(closeCase(c, book, args[0], g))
		},
	}
	s.tableFlags(c)
	g.flags(c, "it is kept with the case")
	return c
}

func closeCase(c *cobra.Command, book *casebook.Book, id string, g grounds) error {
	asked := time.Now().Truncate(time.Millisecond) // as exact as the casebook
	r, err := book.CloseCase(c.Context(), casebook.Closing{CaseID: id, Reason: g.reason, By: g.by})
	if err != nil {
		return err
	}
	p := screen.New(c.OutOrStdout(), time.Now())
	if r.ClosedWhy != g.reason || r.ClosedBy != g.by || r.ClosedAt.Before(asked) {
		p.Text("Case " + r.ID + " was closed " + p.When(r.ClosedAt) + " by " + orSomebody(r.ClosedBy) + ": " + r.ClosedWhy)
		return p.Err()
	}
	p.Text("Closed case " + r.ID + ", which was " + string(r.ClosedFrom) + ".")
	p.Text("Its instance " + r.InstanceID + " was claimed " + p.Ago(r.ClaimedAt) + "; its cooldown goes on from there.")
	return p.Err()
}
