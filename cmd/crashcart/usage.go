package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"crashcart/cmd/crashcart/screen"
)

// usageError is a call that cannot be understood.
type usageError struct{ error }

// noArguments refuses what a command would otherwise silently ignore.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no arguments, but got %q", c.CommandPath(), args[0])}
	}
	return nil
}

// noCommand refuses a word that is no command, and says which one may be meant.
func noCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("there is no command %q%s", args[0], nearCommand(c, args))}
}

// flagError is a flag that cannot be understood, and the flag that may be meant.
func flagError(c *cobra.Command, err error) error {
	return usageError{fmt.Errorf("%w%s", err, nearFlag(c, err))}
}

// usage writes the lower part of a help text. It takes the place of cobra's template,
// with which text/template would be linked. That calls methods by their names, so the
// linker would have to keep every call of every AWS client: 68 MB instead of 16.
func usage(c *cobra.Command) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage:\n  %s\n", c.UseLine())
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s [command]\n", c.CommandPath())
	}
	if c.HasExample() {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", c.Example)
	}
	if c.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() {
				fmt.Fprintf(&b, "  %-*s %s\n", sub.NamePadding(), sub.Name(), sub.Short)
			}
		}
	}
	fmt.Fprintf(&b, "\nFlags:\n%s", c.LocalFlags().FlagUsagesWrapped(screen.Width))
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n`%s COMMAND --help` says more of a command.\n", c.CommandPath())
	}
	_, err := fmt.Fprint(c.OutOrStderr(), b.String())
	return err
}
