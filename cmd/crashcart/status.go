package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

func newStatus() *cobra.Command {
	var s stack
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the lever, the budget and the open cases",
		Long: `Show whether the lever is pulled, how much of the hour's budget is used, which
cases are open, and how many are overdue: not closed within ` + openFor + `.

How large the budget is only the function knows. The figure is that of the
variable ` + config.EnvBudget + ` here, or else the default.

The exit code is 0 whatever there is to show, 1 when it could not be read.`,
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
	p := &page{w: c.OutOrStdout(), now: time.Now()}
	p.field("in", place)
	if lever.Pulled {
		p.field("lever", "pulled "+p.when(lever.Since)+" by "+cmp.Or(lever.By, "somebody")+": "+lever.Reason)
		p.line(strings.Repeat(" ", 10), "Nothing is interrupted until `crashcart resume`.")
	} else {
		p.field("lever", "released")
	}
	used := fmt.Sprintf("%d of %d (%s) used in the last hour", slots.Used(), budget, from)
	if next := slots.NextFree(); !next.IsZero() {
		used += "; one is free again in " + span(next.Sub(p.now)) + " (" + next.UTC().Format("15:04:05") + " UTC)"
	}
	p.field("budget", used)
	p.unclosed(unclosed)
	return p.err
}

// unclosed counts the cases that nobody has closed, and lists those of them that are
// open.
func (p *page) unclosed(records []cases.Record) {
	open := slices.DeleteFunc(slices.Clone(records), cases.Record.Overdue)
	overdue := plural(len(records)-len(open), "case")
	if len(open) < len(records) {
		overdue += " not closed within " + openFor + ": `crashcart cases --overdue`"
	}
	p.field("open", plural(len(open), "case"))
	p.field("overdue", overdue)
	if len(open) > 0 {
		p.print("")
		p.cases(open)
	}
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
