package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

func newCase() *cobra.Command {
	var s stack
	var asJSON bool
	c := &cobra.Command{
		Use:   "case ID",
		Short: "Show one case and what happened in it",
		Long: `Show one case: for whom it was opened and why, and what happened when. The id
is that of crashcart cases; if only a dryRun has it, the dryRun is shown.

The exit code is 0 when there is such a case, 1 when there is not, or when it
could not be read.`,
		Example: "  crashcart case i-0a1b2c3d4e5f60718-5e94ec139442cfe9\n" +
			"  crashcart case i-0a1b2c3d4e5f60718-5e94ec139442cfe9 --json",
		Args: oneCase,
		RunE: func(c *cobra.Command, args []string) error {
			book, err := s.book(c.Context())
			if err != nil {
				return err
			}
			r, err := book.CaseByID(c.Context(), args[0])
			if err != nil {
				return s.adviseCase(err)
			}
			if asJSON {
				out := asJSONCase(r)
				for _, m := range r.Timeline() {
					out.Timeline = append(out.Timeline, jsonMoment(m))
				}
				return printJSON(c.OutOrStdout(), out)
			}
			p := &page{w: c.OutOrStdout(), now: time.Now()}
			p.record(r)
			return p.err
		},
	}
	s.tableFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object, for machines")
	c.AddCommand(newCaseClose())
	return c
}

// oneCase takes one id, in which DynamoDB would not find what it cannot be.
func oneCase(c *cobra.Command, args []string) error {
	if len(args) != 1 || strings.TrimSpace(args[0]) == "" {
		return usageError{fmt.Errorf("%s takes the id of one case; `crashcart cases` lists them", c.CommandPath())}
	}
	return nil
}

// adviseCase says what to do about an id that the casebook does not know.
func (s *stack) adviseCase(err error) error {
	if errors.Is(err, casebook.ErrNoCase) {
		return fmt.Errorf("%w in the table %s in %s; `crashcart cases` lists those there are", err, s.table, s.region)
	}
	return s.advise(err)
}

// record prints a case with its timeline.
func (p *page) record(r cases.Record) {
	state := string(r.State)
	switch {
	case r.DryRun:
		state += ", a dry run"
	case r.Lapsed:
		state += ", overdue: over by time and never closed"
	case r.Open:
		state += ", open; it lapses in " + span(r.ClaimedAt.Add(config.OpenFor).Sub(p.now))
	}
	for _, f := range [][2]string{
		{"case", r.ID},
		{"instance", r.InstanceID},
		{"state", state},
		{"group", r.Hold.Group},
		{"alarm", r.Origin.Alarm},
		{"asked by", r.Origin.RequestedBy},
		{"reason", r.Origin.Reason},
		{"forced", strings.Join(r.Origin.Forced, ", ")},
		{"EC2 said", r.Code},
	} {
		p.field(f[0], f[1])
	}
	p.print("")
	for _, m := range r.Timeline() {
		p.line(m.At.UTC().Format("2006-01-02 15:04:05")+" UTC  ", m.What)
	}
	if r.Stuck(p.now) {
		p.print("")
		p.line("", "It was claimed "+p.ago(r.ClaimedAt)+" and has no result: the interrupt may have been sent, and will not be sent again.")
	}
}

func newCaseClose() *cobra.Command {
	var s stack
	var reason, by string
	c := &cobra.Command{
		Use:   "close ID --reason TEXT",
		Short: "Close a case by hand",
		Long: `Close a case by hand, so that its instance may have another one. After ` + openFor + `
it may anyway; the case is overdue then, until it is closed.

Close it only once its dump is safe. Closing interrupts nothing, and the
instance's cooldown goes on from its last interrupt; but the case is what keeps
the instance from another interrupt, which would kill a dump that is still
being written. What closing frees besides is its place in its Auto Scaling
group; what the hour's budget has spent stays spent.

A case that was claimed minutes ago and has no result yet is not closed: its
shot may be under way.

The exit code is 0 when the case is closed, even if it was before, 1 when it is
not, 2 when the command was called wrongly.`,
		Example: "  crashcart case close i-0a1b2c3d4e5f60718-5e94ec139442cfe9 \\\n    --reason \"the dump is in the bucket\"",
		Args:    oneCase,
		RunE: func(c *cobra.Command, args []string) error {
			if err := needReason(c, reason); err != nil {
				return err
			}
			book, err := s.book(c.Context())
			if err != nil {
				return err
			}
			return s.adviseCase(closeCase(c, book, args[0], said(reason, maxReason), said(by, maxBy)))
		},
	}
	s.tableFlags(c)
	reasonFlag(c, &reason, "it is kept with the case")
	asFlag(c, &by)
	return c
}

func closeCase(c *cobra.Command, book *casebook.Book, id, reason, by string) error {
	asked := time.Now().Truncate(time.Millisecond) // as exact as the casebook
	r, err := book.CloseCase(c.Context(), id, reason, by)
	if err != nil {
		return err
	}
	p := &page{w: c.OutOrStdout(), now: time.Now()}
	if r.ClosedWhy != reason || r.ClosedBy != by || r.ClosedAt.Before(asked) {
		p.line("", "Case "+r.ID+" was closed "+p.when(r.ClosedAt)+" by "+cmp.Or(r.ClosedBy, "somebody")+": "+r.ClosedWhy)
		return p.err
	}
	p.line("", "Closed case "+r.ID+", which was "+string(r.ClosedFrom)+".")
	p.line("", "Its instance "+r.InstanceID+" was claimed "+p.ago(r.ClaimedAt)+"; its cooldown goes on from there.")
	return p.err
}
