// Command crashcart is the operator's side of Crashcart.
//
// Rules of this command: what was asked for goes to standard output, everything
// else to standard error with the prefix "crashcart:". It exits 0 when it did what
// was asked, 1 when that failed or what it checked did not hold, 2 when it was
// called wrongly, and 130 when it was stopped.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/printable"
)

// Exit codes.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitStopped = 130 // by a signal, as a shell would say it of Ctrl-C
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE) // a reader that hangs up is a write error, after which there is still tidying up
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	called, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, "crashcart: stopped")
		return exitStopped
	}
	for line := range strings.SplitSeq(err.Error(), "\n") { // which may quote what AWS or a stranger has said
		fmt.Fprintln(os.Stderr, "crashcart: "+printable.Line(line, screen.MaxText))
	}
	if _, usage := errors.AsType[usageError](err); usage {
		fmt.Fprintln(os.Stderr, "crashcart: see `"+called.CommandPath()+" --help`")
		return exitUsage
	}
	return exitFailed
}

const rootHelp = `Crashcart gets the kernel dump of an EC2 instance that hangs, before something
replaces the instance. Alarms start it without anybody's help. This command is
for people: it stops interrupts and allows them again, shows the cases, fetches
their dumps, and asks for an interrupt by hand.

To begin, try crashcart explain: it needs no AWS account, and neither does
crashcart console. The other commands use your AWS credentials and the stack in
your AWS Region.

The exit code is 0 when the command did what was asked, 1 when it did not, 2
when it was called wrongly, and 130 when it was stopped.`

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "crashcart",
		Long:          rootHelp,
		Version:       versionHere(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(flagError)
	root.SetUsageFunc(usage)
	root.Flags().BoolP("version", "v", false, "print the commit that this was built from, and its date")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newExplain(), newConsole(), newPause(), newResume(), newStatus(), newCases(), newCase(), newDump(), newInterrupt())
	return root
}
