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
)

func newCases() *cobra.Command {
	var s stack
	var which casebook.Which
	var asJSON bool
	c := &cobra.Command{
		Use:   "cases",
		Short: "List the cases, newest first",
		Long: `List the cases, newest first. There is one for every interrupt that was sent, or
was about to be. Cases are kept for a year.

The follow-up of an interrupt ends its case with a finding, which then stands in
place of the state: dumped, dump-failed, hung-in-dump, panicked-no-dump,
ignored, raced, or unproven.

A case that is claimed for more than a minute has lost its result. The
interrupt may have been sent, and it will not be sent again.

A case is open for ` + openFor + ` at most. After that its instance may have another
case, and this one is overdue until somebody closes it. That holds for one
with a finding, too: the follow-up should have closed it, and has not. The
alarm crashcart_overdue is about overdue cases. --open and --overdue together
list every case that nobody has closed.

--open and --overdue read an index that is a moment behind the table. A case of
the last second may be missing, and one that was just closed may still be
listed. Without them the whole table is read.

The exit code is 0 even if there is no case, 1 when they could not be read, 2
when the command was called wrongly.`,
		Example: "  crashcart cases --open\n  crashcart cases --overdue\n  crashcart cases --json | jq -r '.cases[] | select(.state == \"unknown\") | .id'",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if which.Overdue && which.DryRuns {
				return usageError{errors.New("no dry run is ever overdue: give --overdue or --dry-runs, not both")}
			}
			book, err := s.book(c.Context())
			if err != nil {
				return err
			}
			found, err := book.Cases(c.Context(), which)
			if err != nil {
				return s.advise(err)
			}
			if asJSON {
				return screen.JSON(c.OutOrStdout(), map[string]any{"cases": caseList(found)})
			}
			p := screen.New(c.OutOrStdout(), time.Now())
			if len(found) == 0 {
				p.Text(none(which))
				return p.Err()
			}
			showCases(p, found)
			return p.Err()
		},
	}
	s.tableFlags(c)
	c.Flags().BoolVar(&which.Open, "open", false, "only those that are open")
	c.Flags().BoolVar(&which.Overdue, "overdue", false, "only those that nobody has closed within "+openFor)
	c.Flags().BoolVar(&which.DryRuns, "dry-runs", false, "list the dry runs instead")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object, for machines")
	return c
}

// openFor is how long a case may stay open, as people say it.
var openFor = fmt.Sprintf("%d hours", config.OpenFor/time.Hour)

// none says that there is no such case.
func none(w casebook.Which) string {
	switch {
	case w.Open && w.DryRuns:
		return "No dry run is open."
	case w.Open && w.Overdue:
		return "No case is open or overdue."
	case w.Overdue:
		return "No case is overdue."
	case w.Open:
		return "No case is open."
	case w.DryRuns:
		return "There is no dry run."
	}
	return "There is no case."
}

// caseIDWidth is the length of a case's id with today's instance ids.
const caseIDWidth = 36

// showCases prints a table of cases, and what their states mean where that is not
// plain.
func showCases(p *screen.Page, records []cases.Record) {
	columns := []screen.Column{
		{Head: "CASE", Width: caseIDWidth},
		{Head: "STATE", Width: stateWidth(records)},
		{Head: "CLAIMED", Width: len("47h59m ago")},
		{Head: "FOR", Width: 0}, // the rest of the line
	}
	rows := make([][]string, len(records))
	stuck, overdue := false, 0
	for i, r := range records {
		rows[i] = []string{r.ID, cameTo(r), p.Ago(r.ClaimedAt), asker(r.Origin)}
		stuck = stuck || r.Stuck(p.Now())
		if r.Overdue() {
			overdue++
		}
	}
	p.Table(columns, rows)
	if stuck {
		p.Text("Claimed for more than a minute: the interrupt may have been sent, and will not be sent again.")
	}
	if overdue > 0 {
		p.Text("Overdue: " + plural(overdue, "case") + " that nobody has closed within " + openFor +
			". See what became of the host and its dump (`crashcart case ID`), then `crashcart case close ID --reason TEXT`.")
	}
}

// cameTo is what a case came to: its finding, or its state until it has one.
func cameTo(r cases.Record) string { return cmp.Or(string(r.Followup.Finding), string(r.State)) }

// stateWidth is how wide the states of the cases are. A finding may be wider than a state.
func stateWidth(records []cases.Record) int {
	width := len(cases.StateInterrupted)
	for _, r := range records {
		width = max(width, min(len(cameTo(r)), len(cases.FindingNoDump)))
	}
	return width
}

// asker names who or what opened a case: the alarm, the person, or the way that the
// trigger came.
func asker(o cases.Origin) string {
	if _, name, ok := strings.Cut(o.Alarm, ":alarm:"); ok {
		return name
	}
	return cmp.Or(o.Alarm, o.RequestedBy, o.Source, o.Kind)
}
