// Command demo shows Crashcart's main job on this machine: alarms, a fleet, three
// interrupts. It needs no network, no AWS account and no Docker.
//
//	demo [--all | --json]
//	demo --vm [--hang how] [--keep folder] [--console]
//
// A small fleet of simulated instances misbehaves on a clock that runs a minute a
// second. Real alarm events go through a queue into the real function, which asks a
// stand-in for AWS on loopback. Three instances deserve an interrupt; everything else
// must be left alone. The story as shown is a short one; --all shows all of it, and
// --json writes all of it for machines. Every promise is checked in all three.
//
// With --vm there is one instance, and it is real: a Linux kernel under QEMU that
// boots, hangs, is interrupted by the same function, panics, writes its dump and comes
// back with it, in a minute or two. It needs qemu-system-x86 and, to build the guest's
// disk once, root, mmdebstrap and a Debian mirror.
//
// The exit code is 0 only if what happened is what the guard promises. It is 1 when
// something did not hold or failed (a message says what), 2 when the call was wrong,
// and 130 when it was interrupted.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"crashcart/lab/demo"
	"crashcart/lab/demo/vm"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

// run is one call. What is not the story goes to stderr.
func run(args []string, stderr io.Writer) int {
	o, err := options(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		say(stderr, err.Error())
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away is an error of writing, and everything is put away
	switch err := o.play(ctx, func(text string) { say(stderr, text) }); {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		say(stderr, "stopped")
		return 130
	default:
		say(stderr, err.Error())
		return 1
	}
}

func say(stderr io.Writer, text string) {
	_, _ = fmt.Fprintf(stderr, "demo: %s\n", text) // there is nowhere else to say that this failed
}

// call is one call of the command.
type call struct {
	all, json, vm, console bool
	bootstrap, followup    string
	hang, keep             string
}

// options reads the command line, and refuses flags that would do nothing.
func options(args []string, stderr io.Writer) (call, error) {
	var o call
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.all, "all", false, "show the whole story: every decision, the consoles, a notification")
	flags.BoolVar(&o.json, "json", false, "write the whole story for machines: one JSON object a line")
	flags.StringVar(&o.bootstrap, "bootstrap", "", "take this `binary` as the interrupt function, instead of compiling it")
	flags.StringVar(&o.followup, "followup", "", "take this `binary` as the follow-up, instead of compiling it")
	flags.BoolVar(&o.vm, "vm", false, "show one real kernel under QEMU instead of a simulated fleet")
	flags.StringVar(&o.hang, "hang", "", "with --vm: `how` the kernel hangs: "+strings.Join(vm.Hangs(), ", "))
	flags.StringVar(&o.keep, "keep", "", "with --vm: copy dump, console and evidence into this `folder`, which must be empty")
	flags.BoolVar(&o.console, "console", false, "with --vm: show every line of the serial console")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(flags.Args())
}

// check refuses calls that cannot be meant.
func (o call) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("it takes flags only, but got %q; see --help", rest[0])
	case o.vm:
		return o.checkVM()
	case o.all && o.json:
		return errors.New("--all and --json are two ways to write the whole story: take one")
	case o.hang != "" || o.keep != "" || o.console:
		return errors.New("--hang, --keep and --console are for the real kernel: add --vm")
	}
	return nil
}

// checkVM refuses what means nothing for the real kernel.
func (o call) checkVM() error {
	switch {
	case o.json:
		return errors.New("--json is for the simulated fleet; --vm writes for people only")
	case o.all:
		return errors.New("--all is for the simulated fleet; with --vm, --console shows more")
	case o.hang != "" && !slices.Contains(vm.Hangs(), o.hang):
		return fmt.Errorf("there is no hang %q; there are %s", o.hang, strings.Join(vm.Hangs(), ", "))
	}
	return nil
}

func (o call) play(ctx context.Context, note func(string)) error {
	if !o.vm {
		return demo.Run(ctx, demo.Options{Out: o.output(os.Stdout), Bootstrap: o.bootstrap, Followup: o.followup, Note: note})
	}
	width, colour, live := screen()
	return vm.Run(ctx, vm.Options{
		Out:  vm.Text(os.Stdout, vm.Style{Width: width, Colour: colour, Live: live, Console: o.console}),
		Hang: cmp.Or(o.hang, vm.Hangs()[0]), Keep: o.keep, Bootstrap: o.bootstrap, Followup: o.followup, Note: note,
	})
}

// output is where the story of the simulated fleet goes.
func (o call) output(w io.Writer) demo.Output {
	if o.json {
		return demo.JSON(w)
	}
	width, colour, _ := screen()
	if o.all {
		return demo.Text(w, width, colour)
	}
	return demo.Short(w, width, colour)
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
