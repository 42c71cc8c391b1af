package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/intake"
)

// explanation is what explain prints.
type explanation struct {
	Records  []trigger.Record `json:"records"`
	Outcomes []intake.Outcome `json:"outcomes,omitempty"` // with --live
}

// The ends of a call whose event nobody can have meant.
var (
	errMalformed = errors.New("the event is malformed; the reason is in the output")
	errNoRequest = errors.New("the line is no request; the reason is in the output")
)

func newExplain() *cobra.Command {
	var l live
	c := &cobra.Command{
		Use:   "explain FILE|-",
		Short: "Say what an event asks for, and what would become of it",
		Long: `Decode one event offline, as the function would, and print what it asks for.

The event is anything that can invoke the function: an EventBridge event, an
SQS or SNS batch, an alarm's direct Lambda action, or a direct request. The
repository has one of each kind in docs/examples. The output is one JSON object:

  {"records":[{"trigger":{...}} | {"ignored":{"reason":"...","detail":"..."}}]}

What is not JSON is read as a line of text that somebody publishes to the
intake topic now, such as:

  interrupt i-0a1b2c3d4e5f60718 because checkout hangs

With --live it says for each target what the guard would decide now, and what
each vital shows: which of the three questions it answers, what it says (dead,
alive, nothing, not yet or unknown), since when, and what it saw. A vital that
nobody had to ask for is left out. With --json the output is the one object of
above, and has "outcomes" as well.

The facts are read with your own credentials. Nothing is changed: no claim is
made, nothing is put in a queue, and no interrupt is sent, not even with DryRun.
The guard's figures come from the CRASHCART_ variables of this machine, the same
that the function reads, and the stack's mode from --mode. The function is not
asked which of them it has.

The exit code is 0 when the event was understood, or ignored for a good reason.
It is 1 when the event is malformed, when a line of text is no request, or when
AWS could not be asked. It is 2 when the command was called wrongly.`,
		Example: "  crashcart explain docs/examples/eventbridge-alarm.json\n" +
			"  echo 'interrupt i-0a1b2c3d4e5f60718 because it hangs' | crashcart explain -\n" +
			"  aws sqs receive-message ... | jq -r .Messages[0].Body | crashcart explain -\n" +
			"  crashcart explain event.json --live --region eu-central-1 --mode auto\n" +
			"  crashcart explain event.json --live --json | jq '.outcomes[].vitals'",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("%s takes one file, or - for standard input; got %d", c.CommandPath(), len(args))}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return explainFile(c, args[0], &l) },
	}
	f := c.Flags()
	f.BoolVar(&l.on, "live", false, "ask AWS what would become of it, changing nothing")
	f.BoolVar(&l.asJSON, "json", false, "one JSON object, for machines; without --live it always is")
	f.StringVar(&l.mode, "mode", string(config.ModeDryRun), "the stack's mode (with --live)")
	l.tableFlags(c)
	return c
}

// explainFile explains what the file holds: an event, or a line of text.
func explainFile(c *cobra.Command, file string, l *live) error {
	payload, err := readEvent(file, c.InOrStdin())
	if err != nil {
		return err
	}
	now := time.Now()
	if !isLine(payload) {
		return explain(c.Context(), trigger.Decode(payload, invocation(now)), l, c.OutOrStdout())
	}
	c.PrintErrln("crashcart: this is not JSON, so it is read as a line of text, published to the intake topic now")
	return explainLine(c, payload, now, l)
}

// invocation is what Lambda would say of the call.
func invocation(now time.Time) trigger.Invocation {
	return trigger.Invocation{RequestID: "explain", At: now}
}

// readEvent reads a file or, for "-", standard input. It reads one byte more than
// anything that can invoke the function, so that the decoder sees what is too large.
func readEvent(name string, stdin io.Reader) (payload []byte, err error) {
	from := stdin
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // reading the file that is asked for is the job
		if err != nil {
			return nil, fmt.Errorf("reading the event: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		from = file
	}
	payload, err = io.ReadAll(io.LimitReader(from, trigger.MaxPayload+1))
	if err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	return payload, nil
}

// explain prints what a batch asks for. Its error says that the event is malformed.
func explain(ctx context.Context, batch trigger.Batch, l *live, out io.Writer) error {
	e := explanation{Records: batch.Records}
	if l.on {
		handler, err := l.handler(ctx)
		if err != nil {
			return err
		}
		e.Outcomes = handler.Explain(ctx, batch)
	}
	if err := e.print(out, l); err != nil {
		return err
	}
	for _, r := range batch.Records {
		if r.Ignored != nil && malformed(r.Ignored.Reason) {
			return errMalformed
		}
	}
	return nil
}

// malformed says whether nobody can have meant an event that was ignored for this
// reason.
func malformed(r trigger.Reason) bool {
	return r == trigger.ReasonMalformed || r == trigger.ReasonNotJSON || r == trigger.ReasonTooLarge
}
