package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/intake"
)

// errNotAll is the end of a call that did not interrupt all that it named.
var errNotAll = errors.New("not every instance was interrupted; the output says why")

// report prints what became of each instance. Its error says whether that was what
// was asked for.
func report(c *cobra.Command, answer intake.Answer, r directRequest, asJSON bool) error {
	var err error
	if asJSON {
		err = screen.JSON(c.OutOrStdout(), answer)
	} else {
		p := screen.New(c.OutOrStdout(), time.Now())
		showOutcomes(p, answer.Outcomes)
		err = p.Err()
	}
	for _, ig := range answer.Ignored {
		err = errors.Join(err, fmt.Errorf("the function ignored the request: %s: %s", ig.Reason, ig.Detail))
	}
	all := len(answer.Ignored) == 0
	for _, o := range answer.Outcomes {
		all = all && (o.Outcome == cases.OutcomeInterrupted || o.Outcome == cases.OutcomeDryRun)
	}
	if !r.DryRun && slices.ContainsFunc(answer.Outcomes, func(o intake.Outcome) bool { return o.Outcome == cases.OutcomeDryRun }) {
		c.PrintErrln("crashcart: the stack is in dry-run mode: this was a dry run, nothing was interrupted")
	}
	if err == nil && !all {
		return errNotAll
	}
	return err
}

func showOutcomes(p *screen.Page, all []intake.Outcome) {
	for i, o := range all {
		if i > 0 {
			p.Blank()
		}
		showOutcome(p, o)
	}
}

// showOutcome prints what became of one target, with the commands to copy.
func showOutcome(p *screen.Page, o intake.Outcome) {
	p.Text(cmp.Or(o.InstanceID, o.Target) + ": " + string(o.Outcome))
	code := o.Code
	if o.Outcome == cases.OutcomeDryRun { // EC2 answers a dry run that went well with an error
		code = ""
	}
	for _, f := range [][2]string{
		{"  rule", o.Rule}, {"  why", o.Why}, {"  case", o.CaseID}, {"  EC2 said", code}, {"  evidence", o.Evidence}, {"  protected", o.Protected},
	} {
		p.Field(f[0], f[1])
	}
	if o.Command != "" {
		p.Beside("  ", "To ask for it yourself:")
		p.Copy(o.Command)
	}
	if len(o.Undo) > 0 {
		p.Beside("  ", "To undo that, once the dump is safe:")
	}
	for _, command := range o.Undo {
		p.Copy(command)
	}
}
