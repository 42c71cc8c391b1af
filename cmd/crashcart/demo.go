package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"crashcart/cmd/crashcart/demo"
)

// plainWidth is the line length where there is no terminal to ask.
const plainWidth = 100

func newDemo() *cobra.Command {
	var asJSON bool
	var bootstrap string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run the main job on this machine: alarms, a fleet, one interrupt",
		Long: `Run the main job on this machine, without network, AWS account or Docker.

A small fleet of simulated instances misbehaves on a clock that runs a minute a
second. Real alarm events go through a queue into the real function, which asks
a stand-in for AWS on loopback. One instance deserves an interrupt; everything
else must be left alone. The exit code is 0 only if that is what happened.`,
		Example: "  crashcart demo\n  crashcart demo --json | jq 'select(.event == \"decision\")'",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("demo takes no arguments, but got %q", args[0])}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			out := demo.Text(os.Stdout, plainWidth, false)
			if fd := int(os.Stdout.Fd()); term.IsTerminal(fd) {
				width, _, err := term.GetSize(fd)
				if err != nil {
					width = plainWidth
				}
				out = demo.Text(os.Stdout, width, os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
			}
			if asJSON {
				out = demo.JSON(os.Stdout)
			}
			note := func(text string) { c.PrintErrln("crashcart: " + text) }
			return demo.Run(c.Context(), demo.Options{Out: out, Bootstrap: bootstrap, Note: note})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, for machines")
	c.Flags().StringVar(&bootstrap, "bootstrap", "", "the function's binary for this machine (default: built from this module with go build)")
	return c
}
