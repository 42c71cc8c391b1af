// Command trial puts real kernels under QEMU through crashes, by the product's own
// path, and prints what came of it; see package trial.
//
//	trial ends [--all] [name...]   how an interrupt can end: a few, all, or those
//	trial hangs [name...]          what of a hung guest answers, and what is decided
//
// Flags: --record dir writes each end's console and what was true of it below dir;
// --repeat n runs everything n times; --real-time has AWS's time pass as on the wall from
// the interrupt until the dump is in the bucket; --bootstrap and --followup are the functions' binaries.
//
// It exits with 0 when every trial ended as it must, 1 when one did not (saying
// what), 2 when it was called wrongly, and 130 when it was interrupted; nothing of
// it is left running then.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"crashcart/lab"
	"crashcart/lab/guest"
	"crashcart/lab/guest/image"
	"crashcart/lab/trial"
)

func main() { os.Exit(run()) }

func run() int {
	o, err := options(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "trial:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away is an error of writing, and everything is put away
	switch err := play(ctx, o); {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "trial: interrupted")
		return 130
	default:
		fmt.Fprintln(os.Stderr, "trial:", err)
		return 1
	}
}

// wanted is what the command line asks for.
type wanted struct {
	hangs     bool
	trials    []trial.Trial
	record    string
	bootstrap string
	followup  string
	repeat    int
	realTime  bool
}

// options reads the command line.
func options(args []string) (wanted, error) {
	var o wanted
	flags := flag.NewFlagSet("trial", flag.ContinueOnError)
	all := flags.Bool("all", false, "every end, not only the few that are run with every change")
	flags.StringVar(&o.record, "record", "", "write each console and what was true of it below this `directory`")
	flags.StringVar(&o.bootstrap, "bootstrap", "", "the interrupt function's binary; built if not given")
	flags.StringVar(&o.followup, "followup", "", "the follow-up's binary; built if not given")
	flags.IntVar(&o.repeat, "repeat", 1, "run everything so many times")
	flags.BoolVar(&o.realTime, "real-time", false, "from the interrupt until the dump is home, have AWS's time pass as on the wall")
	kind := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		kind, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch kind {
	case "ends":
		o.trials = slices.Concat(trial.Ends(), trial.Ways())
	case "hangs":
		o.hangs, o.trials = true, hangs()
	default:
		return o, errors.New("say what to try: ends or hangs; see --help")
	}
	if o.repeat < 1 || o.hangs && (*all || o.record != "") {
		return o, errors.New("--repeat is at least 1, and only ends take --all and --record")
	}
	return o, o.choose(flags.Args(), *all || o.hangs)
}

// hangs are the trials of every way to hang.
func hangs() (trials []trial.Trial) {
	for _, h := range trial.Hangs() {
		trials = append(trials, trial.Of(h))
	}
	return trials
}

// choose keeps the trials of these names, or else the few.
func (o *wanted) choose(names []string, all bool) error {
	if len(names) == 0 && all {
		return nil
	}
	if len(names) == 0 {
		names = trial.Few()
	}
	for _, name := range names {
		if !slices.ContainsFunc(o.trials, func(t trial.Trial) bool { return t.Name == name }) {
			return fmt.Errorf("there is no trial %q", name)
		}
	}
	o.trials = slices.DeleteFunc(o.trials, func(t trial.Trial) bool { return !slices.Contains(names, t.Name) })
	return nil
}

func play(ctx context.Context, o wanted) (failure error) {
	if err := guest.Able(); err != nil {
		return err
	}
	if err := readable(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "crashcart-trial-")
	if err != nil {
		return fmt.Errorf("making a place for the functions: %w", err)
	}
	defer func() { failure = errors.Join(failure, os.RemoveAll(dir)) }()
	if err := build(ctx, dir, lab.Bootstrap, &o.bootstrap); err != nil {
		return err
	}
	if err := build(ctx, dir, lab.FollowupBootstrap, &o.followup); err != nil {
		return err
	}
	records, broken := try(ctx, o)
	return errors.Join(show(o, records), broken)
}

// readable says whether dumps can be read here. A second opinion that is missing is a
// failure in CI, and a word elsewhere.
func readable() error {
	err := trial.AbleToRead()
	if err != nil && os.Getenv("CI") == "" {
		fmt.Fprintln(os.Stderr, "trial: dumps that come home are compared, and not read:", err)
		return nil
	}
	return err
}

// build builds a function below dir, unless its binary was given.
func build(ctx context.Context, dir, pkg string, file *string) error {
	if *file != "" {
		return nil
	}
	*file = filepath.Join(dir, filepath.Base(pkg))
	return lab.Build(ctx, pkg, *file)
}

// try runs the trials one after the other, also after one that went wrong, until ctx
// ends.
func try(ctx context.Context, o wanted) (records []*trial.Record, broken error) {
	for range o.repeat {
		for _, t := range o.trials {
			r, err := one(ctx, o, t)
			broken = errors.Join(broken, err)
			if ctx.Err() != nil {
				return records, errors.Join(broken, ctx.Err()) // without the one that was cut short
			}
			if r != nil {
				records = append(records, r)
			}
		}
	}
	return records, broken
}

// one runs one trial, and says what it does on standard error.
func one(ctx context.Context, o wanted, t trial.Trial) (*trial.Record, error) {
	img, err := image.Build(ctx, image.Options{Kernel: t.Kernel, Note: func(s string) { fmt.Fprintln(os.Stderr, "trial:", s) }})
	if err != nil {
		return nil, err
	}
	r, err := trial.Run(ctx, trial.Options{
		Bootstrap: o.bootstrap, Followup: o.followup, Image: img, Probe: o.hangs, RealTime: o.realTime, Observe: progress(t.Name),
	}, t)
	if err != nil {
		return r, err
	}
	if wrong := trial.Judge(r); len(wrong) > 0 {
		err = fmt.Errorf("%s did not end as it must: %s", t.Name, strings.Join(wrong, "; "))
	}
	if o.record != "" && err == nil && !t.Cut { // the console of another end shows the same
		err = trial.Save(o.record, r)
	}
	return r, err
}

func progress(name string) func(trial.Event) {
	return func(e trial.Event) {
		text := e.Text
		switch e.Kind {
		case trial.EventConsole:
			return
		case trial.EventStage, trial.EventDecision, trial.EventHome, trial.EventFinding:
			text = e.Name + " " + e.Text
		}
		fmt.Fprintf(os.Stderr, "%s %6.1f s  %s\n", name, e.At.Seconds(), text)
	}
}

func show(o wanted, records []*trial.Record) error {
	if len(records) == 0 {
		return nil
	}
	table := trial.Ended
	if o.hangs {
		table = trial.Hung
	}
	if err := table(os.Stdout, records); err != nil {
		return err
	}
	for _, r := range records {
		if _, err := fmt.Println(trial.Line(r)); err != nil {
			return fmt.Errorf("writing what came of it: %w", err)
		}
	}
	return nil
}
