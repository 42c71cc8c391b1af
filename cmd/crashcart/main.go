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
)

// Exit codes.
const (
	exitFailed  = 1
	exitUsage   = 2
	exitStopped = 130 // by a signal, as a shell would say it of Ctrl-C
)

// usageError is a call that cannot be understood.
type usageError struct{ error }

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
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil {
		fmt.Fprintln(os.Stderr, "crashcart: stopped")
		return exitStopped
	}
	for line := range strings.SplitSeq(err.Error(), "\n") { // which may quote what AWS or a stranger has said
		fmt.Fprintln(os.Stderr, "crashcart: "+printable(line))
	}
	if _, usage := errors.AsType[usageError](err); usage {
		fmt.Fprintln(os.Stderr, "crashcart: `crashcart help` lists what there is")
		return exitUsage
	}
	return exitFailed
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "crashcart",
		Short:         "Get the kernel dump of an EC2 instance that hangs, before something replaces it",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q", args[0])}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", fmt.Sprintf(".FlagUsagesWrapped %d ", pageWidth)))
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newExplain(), newPause(), newResume(), newStatus(), newCases(), newCase(), newInterrupt())
	return root
}
