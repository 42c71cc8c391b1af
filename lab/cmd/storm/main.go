// Command storm plays every storm of package storm on this machine and prints what
// came of it; see that package for what the figures mean.
//
//	storm [--scenario regexp]... [--instances n] [--bootstrap path] [--followup path]
//
// It exits with 0 when everything held, 1 when something did not (it says what), 2 when
// it was called wrongly, and 130 when it was stopped. It leaves nothing running.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"slices"
	"syscall"

	"crashcart/lab/storm"
)

// garbage is how much the heap may grow before it is collected, in percent. A
// storm makes much garbage and keeps little.
const garbage = 400

func main() {
	debug.SetGCPercent(garbage)
	os.Exit(run())
}

func run() int {
	o, err := options(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away is an error of writing, and everything is put away
	switch err := storm.Run(ctx, o); {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "storm: interrupted")
		return 130
	default:
		fmt.Fprintln(os.Stderr, "storm:", err)
		return 1
	}
}

// options reads the command line.
func options(args []string) (storm.Options, error) {
	o := storm.Options{Out: os.Stdout}
	var wanted []*regexp.Regexp
	flags := flag.NewFlagSet("storm", flag.ContinueOnError)
	flags.Func("scenario", "play only the scenarios whose name matches this `regexp`; may be given again", func(s string) error {
		expr, err := regexp.Compile("^(?:" + s + ")$")
		wanted = append(wanted, expr)
		return err
	})
	instances := flags.Int("instances", storm.DefaultInstances, "how many instances are alarmed; some scenarios take a part of them")
	flags.StringVar(&o.Bootstrap, "bootstrap", "", "the interrupt function's binary; built if not given")
	flags.StringVar(&o.Followup, "followup", "", "the follow-up's binary; built if not given")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 || *instances < 1 {
		return o, errors.New("it takes flags only, and at least one instance; see --help")
	}
	o.Scenarios = slices.DeleteFunc(storm.Scenarios(*instances), func(s storm.Scenario) bool {
		return len(wanted) > 0 && !slices.ContainsFunc(wanted, func(e *regexp.Regexp) bool { return e.MatchString(s.Name) })
	})
	if len(o.Scenarios) == 0 {
		return o, errors.New("no scenario has such a name")
	}
	return o, nil
}
