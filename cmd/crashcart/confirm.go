package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/aws/call"
)

// errDeclined is the end of a call that was not confirmed.
var errDeclined = errors.New("not confirmed: nothing was sent")

// terminalOf is where confirm is to ask, or nil if it need not ask.
func terminalOf(c *cobra.Command, r directRequest, yes bool) (*os.File, error) {
	if yes || r.DryRun {
		return nil, nil
	}
	in, ok := c.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, usageError{errors.New("there is no terminal to ask for confirmation: give --yes, or --dry-run for a dry run; nothing was sent")}
	}
	return in, nil
}

// confirm asks before anything is sent, if there is a terminal to ask on. What has to
// be typed cannot be typed out of habit: the instance's id, or the number of instances.
func confirm(c *cobra.Command, in *os.File, s stack, r directRequest) error {
	if in == nil {
		return nil
	}
	if err := warn(c, s, r); err != nil {
		return err
	}
	want, what := r.InstanceIDs[0], "the instance's id"
	if len(r.InstanceIDs) > 1 {
		want, what = strconv.Itoa(len(r.InstanceIDs)), "how many instances that are"
	}
	c.PrintErrf("Type %s to go on: ", what)
	typed, err := readLine(c.Context(), in)
	if err != nil {
		return err
	}
	if strings.TrimSpace(typed) != want {
		return errDeclined
	}
	return nil
}

// warn says what is about to happen, and where.
func warn(c *cobra.Command, s stack, r directRequest) error {
	p := screen.New(c.ErrOrStderr(), time.Now())
	where := s.region
	if s.account != "" {
		where += " of account " + s.account
	}
	p.Text(fmt.Sprintf("This interrupts %s in %s, through %s:", plural(len(r.InstanceIDs), "instance"), where, s.function))
	for _, id := range r.InstanceIDs {
		p.Beside("  ", id)
	}
	p.Text("The kernel panics on the spot. Everything that runs there dies without a goodbye. " +
		"If the machine is prepared for it, its memory is dumped; then it restarts.")
	if len(r.Force) > 0 {
		p.Text("Forced, so not checked as usual: " + strings.Join(r.Force, ", ") + ".")
	}
	return p.Err()
}

// readLine reads a line, unless ctx ends first: a read of a terminal does not.
func readLine(ctx context.Context, in *os.File) (string, error) {
	line, err := call.Within(ctx, func() (string, error) { return bufio.NewReader(in).ReadString('\n') })
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("waiting for confirmation: %w", ctx.Err())
	case err != nil:
		return "", errDeclined
	}
	return line, nil
}
