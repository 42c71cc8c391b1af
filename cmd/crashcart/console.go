package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/witness"
)

// maxConsole is how much console text is read, in bytes. Only its end decides.
const maxConsole = 64 << 20

var errConsoleSize = fmt.Errorf("the console is larger than %d MB: give its end, `tail -c %d FILE | crashcart console -`", maxConsole>>20, console.MaxBytes)

// consoleReading is what console prints. Scripts rely on every key being there.
type consoleReading struct {
	Activity console.Activity `json:"activity"`
	Line     string           `json:"line"`
	Progress string           `json:"progress"`
	Finding  cases.Finding    `json:"finding"`
	Stages   []consoleStage   `json:"stages"`
	Lines    []consoleLine    `json:"lines"`
}

type consoleStage struct {
	Name   cases.Stage `json:"name"`
	Line   string      `json:"line"`
	Offset int         `json:"offset"`
}

type consoleLine struct {
	Offset int    `json:"offset"`
	Sign   string `json:"sign"`
	Text   string `json:"text"`
}

const consoleHelp = `Read serial console text offline, as the guard and the follow-up do, and print
what the machine is doing and what its newest crash came to. A machine that
dumps, shuts down or boots is not interrupted.

The AWS CLI gives the text of an instance, which --instance-id names:

  aws ec2 get-console-output --latest --output text | crashcart console -

The newest 64 KB decide: EC2 keeps no more. The id and the time that the CLI
prints around the text are left out. The output is one JSON object, and all its
keys are always there:

  {"activity":"dumping|shutting down|booting|quiet",
   "line":"...","progress":"41 %",
   "finding":"dumped|dump-failed|hung-in-dump|panicked-no-dump|ignored|raced|
              unproven",
   "stages":[{"name":"capture-kernel","line":"...","offset":0}],
   "lines":[{"offset":0,"sign":"...","text":"..."}]}

The line is the one that decided, and empty for quiet. The progress is that of
a dump, and empty where none is known. The lines are all those that show
something, also of older boots, with their place in the input in bytes.

The stages are those that the newest crash went through, in their order, each
with the line that proves it. The finding is what they come to if nothing more
follows; it is unproven where nothing shows a crash. --before gives the console
from just before an interrupt. Then only what is newer counts, and an orderly
shutdown after it is raced.

Quiet does not prove that the machine hangs, only that nothing on its console
must be left alone.

The exit code is 0 when the text was read, whatever it shows, 1 when it could
not be read, and 2 when the command was called wrongly.`

func newConsole() *cobra.Command {
	var before string
	c := &cobra.Command{
		Use:   "console FILE|-",
		Short: "Say what a machine is doing, by its serial console text",
		Long:  consoleHelp,
		Example: "  crashcart console console.log | jq -r .activity\n" +
			"  crashcart console --before before.log after.log | jq -r .finding\n" +
			"  aws ec2 get-console-output --latest --output text \\\n" +
			"    --instance-id i-0a1b2c3d4e5f60718 | crashcart console -",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("%s takes one file, or - for standard input; got %d", c.CommandPath(), len(args))}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			older, err := readOlder(c, before)
			if err != nil {
				return err
			}
			text, err := readConsole(args[0], c.InOrStdin())
			if err != nil {
				return err
			}
			return screen.JSON(c.OutOrStdout(), readingOf(older, text))
		},
	}
	c.Flags().StringVar(&before, "before", "", "`FILE` with the console from just before the interrupt")
	return c
}

// readOlder reads the console from before an interrupt. It is nil where none is given: one
// that is empty says that everything is newer.
func readOlder(c *cobra.Command, name string) ([]byte, error) {
	switch {
	case !c.Flags().Changed("before"):
		return nil, nil
	case name == "-":
		return nil, usageError{fmt.Errorf("%s reads --before from a file, not from standard input", c.CommandPath())}
	}
	input, err := readConsole(name, nil)
	if err != nil {
		return nil, err
	}
	text, _ := consoleIn(input)
	return append([]byte{}, text...), nil
}

// readConsole reads a file or, for "-", standard input.
func readConsole(name string, stdin io.Reader) (text []byte, err error) {
	from := stdin
	if name != "-" {
		file, err := os.Open(name) //nolint:gosec // reading the file that is asked for is the job
		if err != nil {
			return nil, fmt.Errorf("reading the console: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		from = file
	}
	text, err = io.ReadAll(io.LimitReader(from, maxConsole+1))
	if err != nil {
		return nil, fmt.Errorf("reading the console: %w", err)
	}
	if len(text) > maxConsole {
		return nil, errConsoleSize
	}
	return text, nil
}

// readingOf is what a console shows, and an older one does not if there is one. The offsets
// are those of the input, whatever stands around the console in it.
func readingOf(older, input []byte) consoleReading {
	text, offset := consoleIn(input)
	r, crash := console.Scan(text), witness.Read(older, text)
	out := consoleReading{
		Activity: r.Activity, Line: r.Line, Progress: r.Progress, Finding: crash.Finding,
		Stages: make([]consoleStage, 0, len(crash.Stages)), Lines: make([]consoleLine, 0, len(r.Lines)),
	}
	for _, s := range crash.Stages {
		out.Stages = append(out.Stages, consoleStage{Name: s.Stage, Line: s.Text, Offset: offset + s.Offset})
	}
	for _, l := range r.Lines {
		out.Lines = append(out.Lines, consoleLine{Offset: offset + l.Offset, Sign: l.Sign.String(), Text: r.Text(l)})
	}
	return out
}

// consoleIn finds the console in the input, and where it begins there. The AWS CLI prints
// an answer of GetConsoleOutput as a row with tabs, InstanceId, Output and Timestamp, or as
// a JSON document (AWS CLI User Guide, "Setting the output format in the AWS CLI"). It has
// decoded the console in both. A place in a JSON document would be of no use: offsets are
// then those of the console.
func consoleIn(input []byte) (text []byte, offset int) {
	var answer struct{ Output *string }
	if bytes.HasPrefix(input, []byte("{")) && json.Unmarshal(input, &answer) == nil && answer.Output != nil {
		return []byte(*answer.Output), 0
	}
	id, text, ok := bytes.Cut(input, []byte("\t"))
	if !ok || !instance.IsID(string(id)) {
		return input, 0
	}
	if tab := bytes.LastIndexByte(text, '\t'); tab >= 0 {
		if _, err := time.Parse(time.RFC3339, string(bytes.TrimSpace(text[tab+1:]))); err == nil {
			text = text[:tab]
		}
	}
	return text, len(id) + len("\t")
}
