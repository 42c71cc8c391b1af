package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/printable"
)

func newCase() *cobra.Command {
	var s stack
	var asJSON bool
	c := &cobra.Command{
		Use:   "case ID",
		Short: "Show one case and what happened in it",
		Long: `Show one case: for whom it was opened and why, what happened when, and what was
seen of the host when it was claimed. The id is one that crashcart cases lists.
If only a dry run has that id, the dry run is shown.

The follow-up of an interrupt adds what it sees of the crash: each stage with
what shows it, how far the dump is, what came into the bucket and what did not,
and what the case came to. It then closes the case.

The exit code is 0 when the case is shown, 1 when there is no such case, or
when it could not be read, 2 when the command was called wrongly.`,
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
				return screen.JSON(c.OutOrStdout(), out)
			}
			p := screen.New(c.OutOrStdout(), time.Now())
			showCase(p, r)
			return p.Err()
		},
	}
	s.tableFlags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object, for machines")
	c.AddCommand(newCaseClose())
	return c
}

// oneCase takes one id. It refuses an empty one, which DynamoDB cannot look for.
func oneCase(c *cobra.Command, args []string) error {
	if len(args) == 1 && strings.TrimSpace(args[0]) != "" && !meansList(c, args[0]) {
		return nil
	}
	return usageError{fmt.Errorf("%s takes the id of one case%s", c.CommandPath(), cmp.Or(nearCommand(c, args), "; `crashcart cases` lists them"))}
}

// meansList says whether the argument of `crashcart case` is a word for the other
// command. No id of a case is such a word.
func meansList(c *cobra.Command, arg string) bool {
	return c.HasSubCommands() && (arg == "list" || arg == "ls")
}

// adviseCase says what to do about an id that the casebook does not know.
func (s *stack) adviseCase(err error) error {
	if errors.Is(err, casebook.ErrNoCase) {
		return fmt.Errorf("%w in the table %s in %s; `crashcart cases` lists those there are", err, s.table, s.region)
	}
	return s.advise(err)
}

// showCase prints a case with its timeline.
func showCase(p *screen.Page, r cases.Record) {
	for _, f := range [][2]string{
		{"case", r.ID},
		{"instance", r.InstanceID},
		{"state", stateOf(p, r)},
		{"group", r.Hold.Group},
		{"alarm", r.Origin.Alarm},
		{"asked by", r.Origin.RequestedBy},
		{"reason", r.Origin.Reason},
		{"forced", strings.Join(r.Origin.Forced, ", ")},
		{"EC2 said", r.Code},
		{"followed", followed(p, r)},
		{"dump", dumpOf(r.Followup)},
		{"finding", string(r.Followup.Finding)},
		{"why", r.Followup.Why},
		{"in doubt", r.Followup.Doubt},
	} {
		p.Field(f[0], f[1])
	}
	showHome(p, r)
	p.Blank()
	for _, m := range r.Timeline() {
		p.Beside(screen.Stamp(m.At)+"  ", m.What)
	}
	if len(r.Vitals) > 0 {
		p.Blank()
		p.Text("What was seen when it was claimed:")
		showVitals(p, r.Vitals, r.ClaimedAt, "before")
	}
	if r.Stuck(p.Now()) {
		p.Blank()
		p.Text("It was claimed " + p.Ago(r.ClaimedAt) + " and has no result: the interrupt may have been sent, and will not be sent again.")
	}
}

// stateOf is a case's state, and whether the case is still somebody's work.
func stateOf(p *screen.Page, r cases.Record) string {
	state := string(r.State)
	switch {
	case r.DryRun:
		return state + ", a dry run"
	case r.Lapsed:
		return state + ", overdue: over by time and never closed"
	case r.Open:
		return state + ", open; it lapses in " + printable.Duration(r.ClaimedAt.Add(config.OpenFor).Sub(p.Now()))
	}
	return state
}
