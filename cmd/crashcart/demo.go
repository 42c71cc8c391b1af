package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"crashcart/cmd/crashcart/demo"
	"crashcart/cmd/crashcart/vm"
)

// plainWidth is the line length where there is no terminal to ask.
const plainWidth = 100

func newDemo() *cobra.Command {
	var o demoFlags
	c := &cobra.Command{
		Use:   "demo",
		Short: "Run the main job on this machine: alarms, a fleet, three interrupts",
		Long: `Run the main job on this machine, without network, AWS account or Docker.

A small fleet of simulated instances misbehaves on a clock that runs a minute a
second. Real alarm events go through a queue into the real function, which asks
a stand-in for AWS on loopback. Three instances deserve an interrupt;
everything else must be left alone. The exit code is 0 only if that is what
happened.

With --vm there is one instance, and it is real: a Linux kernel under QEMU that
boots, hangs, is interrupted by the same function, panics, writes its dump and
comes back with it, in a minute or two. It needs qemu-system-x86 and, to
build the guest's disk once, root, mmdebstrap and a Debian mirror.`,
		Example: "  crashcart demo\n  crashcart demo --json | jq 'select(.event == \"decision\")'\n" +
			"  crashcart demo --vm --hang memory --keep evidence",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("demo takes no arguments, but got %q", args[0])}
			}
			return o.check()
		},
		RunE: func(c *cobra.Command, _ []string) error {
			note := func(text string) { c.PrintErrln("crashcart: " + text) }
			if o.vm {
				return runVM(c, o, note)
			}
			return demo.Run(c.Context(), demo.Options{Out: o.output(), Bootstrap: o.bootstrap, Note: note})
		},
	}
	c.Flags().BoolVar(&o.json, "json", false, "one JSON object a line, for machines")
	c.Flags().StringVar(&o.bootstrap, "bootstrap", "", "the function's binary for this machine (default: built from this module with go build)")
	c.Flags().BoolVar(&o.vm, "vm", false, "one real kernel under QEMU instead of a simulated fleet")
	c.Flags().StringVar(&o.hang, "hang", "", "with --vm, how it hangs: "+strings.Join(vm.Hangs(), ", "))
	c.Flags().StringVar(&o.keep, "keep", "", "with --vm, copy dump, console and look into this directory, which must be empty")
	c.Flags().BoolVar(&o.console, "console", false, "with --vm, show every line of the serial console")
	return c
}

// demoFlags are the flags of demo.
type demoFlags struct {
	json, vm, console bool
	bootstrap         string
	hang, keep        string
}

// check refuses flags that would do nothing.
func (o demoFlags) check() error {
	switch {
	case o.vm && o.json:
		return usageError{errors.New("--json is for the simulated fleet; --vm writes for people only")}
	case !o.vm && (o.hang != "" || o.keep != "" || o.console):
		return usageError{errors.New("--hang, --keep and --console are of the real kernel: add --vm")}
	case o.hang != "" && !slices.Contains(vm.Hangs(), o.hang):
		return usageError{fmt.Errorf("there is no hang %q; there are %s", o.hang, strings.Join(vm.Hangs(), ", "))}
	}
	return nil
}

// output is where the story of the simulated fleet goes.
func (o demoFlags) output() demo.Output {
	if o.json {
		return demo.JSON(os.Stdout)
	}
	width, colour, _ := screen()
	return demo.Text(os.Stdout, width, colour)
}

// screen says how to write to standard output: its width in columns, whether in
// colours, and whether a line can be written over.
func screen() (width int, colour, live bool) {
	fd := int(os.Stdout.Fd())
	if !term.IsTerminal(fd) {
		return plainWidth, false, false
	}
	width, _, err := term.GetSize(fd)
	if err != nil {
		width = plainWidth
	}
	capable := os.Getenv("TERM") != "dumb"
	return width, capable && os.Getenv("NO_COLOR") == "", capable
}

func runVM(c *cobra.Command, o demoFlags, note func(string)) error {
	width, colour, live := screen()
	return vm.Run(c.Context(), vm.Options{
		Out:  vm.Text(os.Stdout, vm.Look{Width: width, Colour: colour, Live: live, Console: o.console}),
		Hang: cmp.Or(o.hang, vm.Hangs()[0]), Keep: o.keep, Bootstrap: o.bootstrap, Note: note,
	})
}
