package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
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

// errMalformed is an event that nobody can have meant.
var errMalformed = errors.New("the event is malformed; the reason is in the output")

// live is how explain asks AWS.
type live struct {
	stack

	on   bool
	mode string
}

func newExplain() *cobra.Command {
	var l live
	c := &cobra.Command{
		Use:   "explain FILE|-",
		Short: "Say what an event asks for, and with --live what would become of it",
		Long: `Decode one event offline, as the function would, and print what it asks for.

The event is whatever can invoke the function: an EventBridge event, an SQS or
SNS batch, an alarm's direct Lambda action, or a direct request. The output is
one JSON object:

  {"records":[{"trigger":{...}} | {"ignored":{"reason":"...","detail":"..."}}]}

With --live it has "outcomes" as well: what the guard would say right now,
asked with your own credentials. Nothing is changed: no claim is made, nothing
is put in a queue, and no interrupt is sent, not even with DryRun. The figures
of the guard come from the same CRASHCART_ variables that the function reads,
and the stack's mode from --mode: the function is not asked what it was given.

The exit code is 0 when the event was understood or ignored, 1 when it is
malformed.`,
		Example: "  crashcart explain event.json\n" +
			"  aws sqs receive-message ... | jq -r .Messages[0].Body | crashcart explain -\n" +
			"  crashcart explain event.json --live --region eu-central-1 --mode auto",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("explain takes one file, or - for standard input; got %d", len(args))}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			payload, err := readEvent(args[0], c.InOrStdin())
			if err != nil {
				return err
			}
			return explain(c.Context(), payload, &l, c.OutOrStdout())
		},
	}
	f := c.Flags()
	f.BoolVar(&l.on, "live", false, "ask AWS what would become of it, changing nothing")
	f.StringVar(&l.mode, "mode", string(config.ModeDryRun), "the stack's mode (with --live)")
	l.tableFlags(c)
	return c
}

// readEvent reads a file or, for "-", standard input, up to a byte more than
// anything that can invoke the function.
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

func explain(ctx context.Context, payload []byte, l *live, out io.Writer) error {
	batch := trigger.Decode(payload, trigger.Invocation{RequestID: "explain", At: time.Now()})
	e := explanation{Records: batch.Records}
	if l.on {
		handler, err := l.handler(ctx)
		if err != nil {
			return err
		}
		e.Outcomes = handler.Explain(ctx, batch)
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(e); err != nil {
		return fmt.Errorf("writing the explanation: %w", err)
	}
	for _, r := range batch.Records {
		if r.Ignored != nil && malformed(r.Ignored.Reason) {
			return errMalformed
		}
	}
	return nil
}

// malformed says whether an ignored event is nothing that anybody can have meant.
func malformed(r trigger.Reason) bool {
	return r == trigger.ReasonMalformed || r == trigger.ReasonNotJSON || r == trigger.ReasonTooLarge
}

// handler is the function's own, with the caller's credentials.
func (l *live) handler(ctx context.Context) (*intake.Handler, error) {
	sdk, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	// This command's own variable is none of the function's.
	environ := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, envStack+"=") })
	// The last of two settings counts. Bucket, queue and topic are only ever written to.
	environ = append(environ, "AWS_REGION="+sdk.Region, config.EnvTable+"="+l.table, config.EnvMode+"="+l.mode,
		config.EnvBucket+"=unused", config.EnvQueueURL+"=https://unused.invalid",
		config.EnvTopic+"=arn:aws:sns:"+sdk.Region+":000000000000:unused")
	c, err := config.FromEnv(environ)
	if err != nil {
		return nil, fmt.Errorf("reading the guard's figures: %w", err)
	}
	return intake.Wire(c, sdk, io.Discard), nil
}
