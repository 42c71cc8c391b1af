// Command demo shows Crashcart's main job on this machine: alarms, a fleet, three
// interrupts. There is no network, no AWS account and no Docker in it.
//
//	demo [--json]
//	demo --vm [--hang how] [--keep folder] [--console]
//
// A small fleet of simulated instances misbehaves on a clock that runs a minute a
// second. Real alarm events go through a queue into the real function, which asks a
// stand-in for AWS on loopback. Three instances deserve an interrupt; everything else
// must be left alone.
//
// With --vm there is one instance, and it is real: a Linux kernel under QEMU that
// boots, hangs, is interrupted by the same function, panics, writes its dump and comes
// back with it, in a minute or two. It needs qemu-system-x86 and, to build the guest's
// disk once, root, mmdebstrap and a Debian mirror.
//
// It exits with 0 only if what happened is what the guard promises, 1 when something
// did not hold or failed (saying what), 2 when it was called wrongly, and 130 when it
// was interrupted.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"crashcart/lab/demo"
	"crashcart/lab/demo/vm"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	o, err := options(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away is an error of writing, and everything is put away
	switch err := o.play(ctx); {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "demo: stopped")
		return 130
	default:
		fmt.Fprintln(os.Stderr, "demo:", err)
		return 1
	}
}

// call is one call of the command.
type call struct {
	json, vm, console bool
	bootstrap         string
	hang, keep        string
}

// options reads the command line, and refuses flags that would do nothing.
func options(args []string) (call, error) {
	var o call
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.BoolVar(&o.json, "json", false, "one JSON object a line, for machines")
	flags.StringVar(&o.bootstrap, "bootstrap", "", "the function's binary for this machine; built if not given")
	flags.BoolVar(&o.vm, "vm", false, "one real kernel under QEMU instead of a simulated fleet")
	flags.StringVar(&o.hang, "hang", "", "with --vm, how it hangs: "+strings.Join(vm.Hangs(), ", "))
	flags.StringVar(&o.keep, "keep", "", "with --vm, copy dump, console and evidence into this `folder`, which must be empty")
	flags.BoolVar(&o.console, "console", false, "with --vm, show every line of the serial console")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(flags.Args())
}

func (o call) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("it takes flags only, but got %q; see --help", rest[0])
	case o.vm && o.json:
		return errors.New("--json is for the simulated fleet; --vm writes for people only")
	case !o.vm && (o.hang != "" || o.keep != "" || o.console):
		return errors.New("--hang, --keep and --console are of the real kernel: add --vm")
	case o.hang != "" && !slices.Contains(vm.Hangs(), o.hang):
		return fmt.Errorf("there is no hang %q; there are %s", o.hang, strings.Join(vm.Hangs(), ", "))
	}
	return nil
}

func (o call) play(ctx context.Context) error {
	note := func(text string) { fmt.Fprintln(os.Stderr, "demo: "+text) }
	if !o.vm {
		return demo.Run(ctx, demo.Options{Out: o.output(), Bootstrap: o.bootstrap, Note: note})
	}
	width, colour, live := screen()
	return vm.Run(ctx, vm.Options{
		Out:  vm.Text(os.Stdout, vm.Style{Width: width, Colour: colour, Live: live, Console: o.console}),
		Hang: cmp.Or(o.hang, vm.Hangs()[0]), Keep: o.keep, Bootstrap: o.bootstrap, Note: note,
	})
}

// output is where the story of the simulated fleet goes.
func (o call) output() demo.Output {
	if o.json {
		return demo.JSON(os.Stdout)
	}
	width, colour, _ := screen()
	return demo.Text(os.Stdout, width, colour)
}

// plainWidth is the line length where there is no terminal to ask.
const plainWidth = 100

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
