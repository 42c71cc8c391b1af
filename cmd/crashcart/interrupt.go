package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/spf13/cobra"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/intake"
)

// directRequest is the payload of a direct invoke, as package trigger reads it.
type directRequest struct {
	InstanceIDs []string `json:"instanceIds"`
	Reason      string   `json:"reason"`
	RequestedBy string   `json:"requestedBy"`
	RequestID   string   `json:"requestId"`
	DryRun      bool     `json:"dryRun,omitempty"`
	Force       []string `json:"force,omitempty"`
}

// errNotAll is the end of a call that did not interrupt all that it named.
var errNotAll = errors.New("not every instance was interrupted; the output says why")

const interruptHelp = `Ask the function to interrupt instances now, and print what became of each.

A direct request is the approval that an alarm lacks: it reaches instances
whose tag is manual, too. Every other rule holds as for anyone, on fresh facts,
and --force relaxes only what it names. In a stack in dry-run mode, as shipped,
and with --dry-run, the interrupt is only dryRunTitle.

On a terminal it asks before it sends: type the id of the instance, or the
number of instances if there are several. --yes is for scripts.

An instance is never interrupted twice by a request that is repeated: one that
got no answer can be sent again with the same --request-id, and is then told of
the case that the first one opened.

Unless --function names the function CloudFormation is asked for it, which needs
the permission cloudformation:DescribeStacks.

The exit code is 0 when every instance was interrupted, or dryRunTitle (dryRun).
It is 1 when one was not, whatever the reason, even if it has an open case
already (duplicate) or the answer was lost (unknown). It is 2 when the command
was called wrongly, or would have had to ask where there is no terminal;
nothing was sent then.`

func newInterrupt() *cobra.Command {
	var s stack
	var r directRequest
	var yes, asJSON bool
	c := &cobra.Command{
		Use:   "interrupt INSTANCE... --reason TEXT",
		Short: "Ask the function to interrupt instances now",
		Long:  interruptHelp,
		Example: "  crashcart interrupt i-0a1b2c3d4e5f60718 --reason \"checkout hangs\"\n" +
			"  crashcart interrupt i-0a1b2c3d4e5f60718 --reason \"checkout hangs\" --dry-run\n" +
			"  crashcart interrupt i-0a1b2c3d4e5f60718 --force unresponsive \\\n    --reason \"its agent still pings, but nobody can log in\"",
		RunE: func(c *cobra.Command, args []string) error {
			if err := needReason(c, r.Reason); err != nil {
				return err
			}
			r.InstanceIDs, r.Reason, r.RequestedBy = once(args), said(r.Reason, maxReason), said(r.RequestedBy, maxBy)
			if r.RequestID == "" {
				r.RequestID = "crashcart-" + rand.Text()
			}
			payload, err := r.payload()
			if err != nil {
				return err
			}
			in, err := terminalOf(c, r, yes)
			if err != nil {
				return err
			}
			sdk, err := s.connect(c.Context())
			if err != nil {
				return fmt.Errorf("nothing was sent: %w", err)
			}
			if err := confirm(c, in, s, r); err != nil {
				return err
			}
			answer, err := s.invoke(c, invoker(sdk), payload, r.RequestID)
			if err != nil {
				return err
			}
			return report(c, answer, r, asJSON)
		},
	}
	s.functionFlags(c)
	reasonFlag(c, &r.Reason, "it is recorded in the case")
	f := c.Flags()
	f.BoolVar(&r.DryRun, "dry-run", false, "only rehearse: every rule, but no interrupt")
	f.StringSliceVar(&r.Force, "force", nil, "rules to relax: "+strings.Join(trigger.Forceable(), ", "))
	f.StringVar(&r.RequestID, "request-id", "", "that of a request which got no answer (default: a random one)")
	f.BoolVar(&yes, "yes", false, "do not ask")
	f.BoolVar(&asJSON, "json", false, "print the function's own answer, for machines")
	asFlag(c, &r.RequestedBy)
	return c
}

// once keeps each of the ids once, in the order given, so that they are counted right.
func once(ids []string) []string {
	var out []string
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// payload is the request as it is sent. The function's own decoder judges it first,
// so that what it would refuse is refused here, with its words.
func (r directRequest) payload() ([]byte, error) {
	if len(r.InstanceIDs) == 0 {
		return nil, usageError{errors.New("crashcart interrupt needs at least one instance id")}
	}
	payload, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("writing the request: %w", err)
	}
	for _, rec := range trigger.Decode(payload, trigger.Invocation{RequestID: "check", At: time.Now()}).Records {
		if rec.Ignored != nil {
			return nil, usageError{errors.New(rec.Ignored.Detail)}
		}
	}
	return payload, nil
}

// invoke calls the function and waits. Whatever goes wrong after the request has
// left proves nothing of what the function did.
func (s *stack) invoke(c *cobra.Command, client *lambda.Client, payload []byte, requestID string) (intake.Answer, error) {
	out, err := client.Invoke(c.Context(), &lambda.InvokeInput{FunctionName: aws.String(s.function), Payload: payload})
	if err != nil {
		if advised := s.advise(err); advised != err { //nolint:errorlint // the very same: there was nothing to advise
			return intake.Answer{}, advised
		}
		return intake.Answer{}, fmt.Errorf("the function gave no answer, so it is not known what it did; "+
			"the same again with --request-id %s interrupts nothing twice: %w", requestID, err)
	}
	if out.FunctionError != nil {
		return intake.Answer{}, fmt.Errorf("the function failed (%s), so it is not known what it did; `crashcart cases --open` shows it: %s",
			printable(*out.FunctionError), said(string(out.Payload), maxReason))
	}
	var answer intake.Answer
	if err := json.Unmarshal(out.Payload, &answer); err != nil || len(answer.Outcomes)+len(answer.Ignored) == 0 {
		return intake.Answer{}, fmt.Errorf("the answer of %s is none of Crashcart's; is it the right function? %s", s.function, said(string(out.Payload), maxReason))
	}
	return answer, nil
}

// report prints what became of each instance, and says by its error whether that
// was what was asked for.
func report(c *cobra.Command, answer intake.Answer, r directRequest, asJSON bool) error {
	p := &page{w: c.OutOrStdout(), now: time.Now()}
	if asJSON {
		p.err = printJSON(p.w, answer)
	} else {
		p.outcomes(answer.Outcomes)
	}
	for _, ig := range answer.Ignored {
		p.err = errors.Join(p.err, fmt.Errorf("the function ignored the request: %s: %s", ig.Reason, ig.Detail))
	}
	all := len(answer.Ignored) == 0
	for _, o := range answer.Outcomes {
		all = all && (o.Outcome == cases.OutcomeInterrupted || o.Outcome == cases.OutcomeDryRun)
	}
	if !r.DryRun && slices.ContainsFunc(answer.Outcomes, func(o intake.Outcome) bool { return o.Outcome == cases.OutcomeDryRun }) {
		c.PrintErrln("crashcart: the stack is in dry-run mode: this was a dry run, nothing was interrupted")
	}
	if p.err == nil && !all {
		return errNotAll
	}
	return p.err
}

func (p *page) outcomes(all []intake.Outcome) {
	for i, o := range all {
		if i > 0 {
			p.print("")
		}
		p.outcome(o)
	}
}

// outcome prints what became of one target. Commands are to be copied, so they
// stay in one line however long it is.
func (p *page) outcome(o intake.Outcome) {
	name := o.InstanceID
	if name == "" {
		name = o.Target
	}
	p.line("", name+": "+string(o.Outcome))
	code := o.Code
	if o.Outcome == cases.OutcomeDryRun { // to say that it would have is an error to EC2
		code = ""
	}
	for _, f := range [][2]string{
		{"  rule", o.Rule}, {"  why", o.Why}, {"  case", o.CaseID}, {"  EC2 said", code}, {"  evidence", o.Evidence}, {"  protected", o.Protected},
	} {
		p.field(f[0], f[1])
	}
	if len(o.Undo) > 0 {
		p.line("  ", "To undo that, once the dump is safe:")
	}
	for _, command := range o.Undo {
		p.print("    " + command)
	}
}
