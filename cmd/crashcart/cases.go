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

func newCases() *cobra.Command {
	var s stack
	var which casebook.Which
	var asJSON bool
	c := &cobra.Command{
		Use:   "cases",
		Short: "List the cases, newest first",
		Long: `List the cases, newest first: one for every instance that was interrupted, or
was about to be. They are kept for a year.

A case that is claimed for more than a minute has lost its result: the
interrupt may have been sent, and it will not be sent again.

A case is open for ` + openFor + ` at most. Then its instance may have another one, and
the case is overdue until somebody closes it: the alarm crashcart_overdue is
about those. --open and --overdue together list all that nobody has closed.

--open and --overdue ask an index that follows the table by a moment: a case of
the last second may be missing, and one just closed may be there. Without them
the whole table is read.

The exit code is 0 even if there is none, 1 when they could not be read.`,
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
				return printJSON(c.OutOrStdout(), map[string]any{"cases": caseList(found)})
			}
			p := &page{w: c.OutOrStdout(), now: time.Now()}
			if len(found) == 0 {
				p.line("", none(which))
				return p.err
			}
			p.cases(found)
			return p.err
		},
	}
	s.tableFlags(c)
	c.Flags().BoolVar(&which.Open, "open", false, "only those that are open")
	c.Flags().BoolVar(&which.Overdue, "overdue", false, "only those that nobody has closed within "+openFor)
	c.Flags().BoolVar(&which.DryRuns, "dry-runs", false, "those of dry runs instead")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object, for machines")
	return c
}

// openFor is how long a case may stay open, as people say it.
var openFor = fmt.Sprintf("%d hours", config.OpenFor/time.Hour)

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

// caseRow has a case's id, state, age, and whom it is for. An id has 36 characters
// with today's instance ids, so that 17 are left for the last.
const caseRow = "%-36s  %-11s  %-10s  %s"

// cases prints a table, and what its states mean where that is not plain.
func (p *page) cases(records []cases.Record) {
	p.print(fmt.Sprintf(caseRow, "CASE", "STATE", "CLAIMED", "FOR"))
	stuck, overdue := false, 0
	for _, r := range records {
		row := fmt.Sprintf(caseRow, printable(r.ID), printable(string(r.State)), p.ago(r.ClaimedAt), printable(asker(r.Origin)))
		p.print(cut(row, pageWidth))
		stuck = stuck || r.Stuck(p.now)
		if r.Overdue() {
			overdue++
		}
	}
	if stuck {
		p.line("", "Claimed for more than a minute: the interrupt may have been sent, and will not be sent again.")
	}
	if overdue > 0 {
		p.line("", "Overdue: "+plural(overdue, "case")+" that nobody has closed within "+openFor+
			". See what became of the host and its dump (`crashcart case ID`), then `crashcart case close ID --reason TEXT`.")
	}
}

// asker names who or what opened a case: the alarm, the person, or the way.
func asker(o cases.Origin) string {
	if _, name, ok := strings.Cut(o.Alarm, ":alarm:"); ok {
		return name
	}
	return cmp.Or(o.Alarm, o.RequestedBy, o.Source, o.Kind)
}

// jsonCase is the machine's view of a case.
type jsonCase struct {
	ID         string       `json:"id"`
	InstanceID string       `json:"instanceId"`
	State      cases.State  `json:"state"`
	Open       bool         `json:"open"`
	Overdue    bool         `json:"overdue"`
	DryRun     bool         `json:"dryRun"`
	Group      string       `json:"group,omitempty"`
	Trigger    jsonTrigger  `json:"trigger"`
	Code       string       `json:"code,omitempty"`
	Look       string       `json:"evidence,omitempty"`
	Protected  string       `json:"protected,omitempty"`
	ClaimedAt  time.Time    `json:"claimedAt"`
	SettledAt  time.Time    `json:"settledAt,omitzero"`
	NotedAt    time.Time    `json:"notedAt,omitzero"`
	ClosedAt   time.Time    `json:"closedAt,omitzero"`
	ClosedBy   string       `json:"closedBy,omitempty"`
	ClosedWhy  string       `json:"closedReason,omitempty"`
	ClosedFrom cases.State  `json:"closedFrom,omitempty"`
	Timeline   []jsonMoment `json:"timeline,omitempty"`
}

type jsonTrigger struct {
	Kind        string   `json:"kind,omitempty"`
	Source      string   `json:"source,omitempty"`
	SourceKey   string   `json:"sourceKey,omitempty"`
	Alarm       string   `json:"alarm,omitempty"`
	Reason      string   `json:"reason,omitempty"`
	RequestedBy string   `json:"requestedBy,omitempty"`
	Forced      []string `json:"forced,omitempty"`
}

type jsonMoment struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

func caseList(records []cases.Record) []jsonCase {
	out := make([]jsonCase, 0, len(records))
	for _, r := range records {
		out = append(out, asJSONCase(r))
	}
	return out
}

func asJSONCase(r cases.Record) jsonCase {
	o := r.Origin
	return jsonCase{
		ID: r.ID, InstanceID: r.InstanceID, State: r.State, Open: r.Open, Overdue: r.Overdue(), DryRun: r.DryRun, Group: r.Hold.Group,
		Trigger: jsonTrigger{
			Kind: o.Kind, Source: o.Source, SourceKey: o.SourceKey, Alarm: o.Alarm,
			Reason: o.Reason, RequestedBy: o.RequestedBy, Forced: o.Forced,
		},
		Code: r.Code, Look: r.Notes.Evidence, Protected: r.Notes.Protected,
		ClaimedAt: r.ClaimedAt, SettledAt: r.SettledAt, NotedAt: r.NotedAt,
		ClosedAt: r.ClosedAt, ClosedBy: r.ClosedBy, ClosedWhy: r.ClosedWhy, ClosedFrom: r.ClosedFrom,
	}
}
