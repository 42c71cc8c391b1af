package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/printable"
)

func newStatus() *cobra.Command {
	var s stack
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the lever, the budget and the open cases",
		Long: `Show whether the lever is pulled, how much of the hour's budget is used, which
cases are open, how many of them the follow-up follows, and how many are
overdue: not closed within ` + openFor + `.

Only the function knows how large the budget is. The figure shown is that of
the variable ` + config.EnvBudget + ` on this machine, or else the default.

The exit code is 0 whatever there is to show, 1 when it could not be read, 2
when the command was called wrongly.`,
		Example: "  crashcart status\n  crashcart status --stack Crashcart-staging --region eu-central-1",
		Args:    noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			budget, from, err := budgetHere()
			if err != nil {
				return err
			}
			book, err := s.book(c.Context())
			if err != nil {
				return err
			}
			return s.advise(status(c, s.place(), book, budget, from))
		},
	}
	s.tableFlags(c)
	return c
}

// budgetHere is the budget as this machine knows it, and how it knows.
func budgetHere() (budget int, from string, err error) {
	value, from := os.Getenv(config.EnvBudget), "by "+config.EnvBudget
	if value == "" {
		from = "the default"
		for _, s := range config.Settings() {
			if s.Env == config.EnvBudget {
				value = s.Default
			}
		}
	}
	if budget, err = strconv.Atoi(value); err != nil || budget < 1 {
		return 0, "", usageError{fmt.Errorf("%s=%q is not a whole number above 0", config.EnvBudget, value)}
	}
	return budget, from, nil
}

func status(c *cobra.Command, place string, book *casebook.Book, budget int, from string) error {
	lever, err := book.LeverNow(c.Context())
	if err != nil {
		return err
	}
	slots, err := book.BudgetSlots(c.Context())
	if err != nil {
		return err
	}
	unclosed, err := book.Unclosed(c.Context())
	if err != nil {
		return err
	}
	p := screen.New(c.OutOrStdout(), time.Now())
	p.Field("in", place)
	if lever.Pulled {
		p.Field("lever", "pulled "+pulled(p, lever))
		p.Beside(strings.Repeat(" ", 10), "Nothing is interrupted until `crashcart resume`.")
	} else {
		p.Field("lever", "released")
	}
	used := fmt.Sprintf("%d of %d (%s) used in the last hour", slots.Used(), budget, from)
	if next := slots.NextFree(); !next.IsZero() {
		used += "; one is free again in " + printable.Duration(next.Sub(p.Now())) + " (" + screen.Clock(next) + ")"
	}
	p.Field("budget", used)
	showUnclosed(p, unclosed)
	return p.Err()
}

// showUnclosed counts the cases that nobody has closed, and lists those that are
// still open.
func showUnclosed(p *screen.Page, records []cases.Record) {
	open := slices.DeleteFunc(slices.Clone(records), cases.Record.Overdue)
	overdue := plural(len(records)-len(open), "case")
	if len(open) < len(records) {
		overdue += " not closed within " + openFor + ": `crashcart cases --overdue`"
	}
	p.Field("open", openCases(open))
	p.Field("overdue", overdue)
	if len(open) > 0 {
		p.Blank()
		showCases(p, open)
	}
}

// openCases counts the open cases, and how many of them the follow-up has begun to follow.
func openCases(open []cases.Record) string {
	s := plural(len(open), "case")
	if len(open) == 0 {
		return s
	}
	followed := 0
	for _, r := range open {
		if r.Followup.Steps > 0 {
			followed++
		}
	}
	return fmt.Sprintf("%s, %d followed", s, followed)
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
