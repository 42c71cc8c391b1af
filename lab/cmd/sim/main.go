// Command sim measures the guard over simulated months of whole fleets; see package sim for
// what is played and what the figures mean, and package scenario for what a file may say.
//
//	sim [--tenth] [--seed n] [--rates times] [--only regexp] [--mutants]
//	sim --scenario file [--rates times]
//	sim --replay unit@instance@time [with the flags of the run that printed it]
//
// Without flags it plays the full set, and then the guard's mutants. It exits with 0 when
// everything held, with 1 when something did not (it says what), with 2 when it was called
// wrongly or the file is bad, and with 130 when it was stopped.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"syscall"

	"crashcart/lab/sim"
	"crashcart/lab/sim/scenario"
)

// garbage is how much the heap may grow before it is collected, in percent. A simulation
// makes much garbage and keeps little.
const garbage = 4000

func main() {
	debug.SetGCPercent(garbage)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	exit := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(exit)
}

// errUsage is a call that makes no sense, or a bad file.
var errUsage = errors.New("called wrongly")

func run(ctx context.Context, args []string, out io.Writer) int {
	w, err := read(args, out)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = w.play(ctx)
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "sim:", err)
	}
	return code(ctx, err)
}

// code is what the command exits with.
func code(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return 130
	case errors.Is(err, errUsage), errors.Is(err, sim.ErrScenario):
		return 2
	}
	return 1
}

// wanted is what the command line asks for.
type wanted struct {
	options  sim.Options
	scenario *scenario.Scenario
	replay   *sim.Replay
	mutants  bool // nothing but them
}

// read reads the command line, and the scenario's file.
func read(args []string, out io.Writer) (wanted, error) {
	w := wanted{options: sim.Options{Out: out, Rates: 1}}
	file := ""
	flags := flag.NewFlagSet("sim", flag.ContinueOnError)
	flags.BoolVar(&w.options.Tenth, "tenth", false, "play a tenth of everything, and a coarser grid")
	flags.Uint64Var(&w.options.Seed, "seed", sim.DefaultSeed, "what everything is drawn from; a scenario has its own")
	flags.Float64Var(&w.options.Rates, "rates", 1, "multiply how often everything happens")
	flags.BoolVar(&w.mutants, "mutants", false, "play only the guard's mutants")
	flags.StringVar(&file, "scenario", "", "play the scenario in this `file` instead")
	flags.Func("only", "play only the scenarios of the set whose name matches this `regexp`, and no mutants", func(s string) (err error) {
		w.options.Only, err = regexp.Compile("^(?:" + s + ")$")
		return err
	})
	flags.Func("replay", "show the decisions around one moment: `unit@instance@time`, as the table prints it", func(s string) error {
		r, err := sim.ParseReplay(s)
		w.replay = &r
		return err
	})
	if err := flags.Parse(args); err != nil {
		return w, errors.Join(errUsage, err)
	}
	if flags.NArg() > 0 || w.options.Rates <= 0 {
		return w, fmt.Errorf("%w: it takes flags only, and rates above 0; see --help", errUsage)
	}
	if file == "" {
		return w, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return w, fmt.Errorf("%w: %w", errUsage, err)
	}
	s, err := scenario.Parse(text)
	if err != nil {
		return w, fmt.Errorf("%w: %s: %w", errUsage, file, err)
	}
	w.scenario = &s
	return w, nil
}

func (w wanted) play(ctx context.Context) error {
	switch {
	case w.replay != nil:
		return w.replay.Again(w.scenario, w.options)
	case w.scenario != nil:
		return sim.Play(ctx, *w.scenario, w.options)
	case w.mutants:
		return sim.Mutants(ctx, w.options)
	case w.options.Only != nil:
		return sim.Run(ctx, w.options)
	}
	return errors.Join(sim.Run(ctx, w.options), sim.Mutants(ctx, w.options))
}
