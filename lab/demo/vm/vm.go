// Package vm shows the main job on a real kernel: a Linux guest under QEMU that hangs,
// is interrupted by the real bootstrap, panics, dumps, and comes back with its dump. The
// real follow-up says what it came to.
package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"crashcart/lab/demo/compile"
	"crashcart/lab/guest"
	"crashcart/lab/guest/image"
	"crashcart/lab/trial"
)

// Options of a run.
type Options struct {
	Out       *Output
	Hang      string            // one of Hangs
	Keep      string            // a directory for dump, evidence and console; none if empty
	Bootstrap string            // the interrupt function's binary; built if empty
	Followup  string            // likewise the follow-up's
	Note      func(text string) // hears of what takes a while; may be nil
}

// ErrBroken is returned when the trial did not end as it must. Out has
// shown what was wrong.
var ErrBroken = errors.New("this did not end as it must")

// Hangs are the names of the ways in which the guest can hang, the usual one first.
func Hangs() []string {
	var names []string
	for _, h := range trial.Hangs() {
		names = append(names, h.Name)
	}
	return names
}

// Run shows one hang from power on to the dump that is read back. Afterwards
// nothing of it runs, and nothing of it is on disk but the folder Keep and the cached
// image. It ends early when ctx does, or when Out cannot be written to.
func Run(ctx context.Context, o Options) (failure error) {
	hang, ok := trial.HangNamed(o.Hang)
	if !ok {
		return fmt.Errorf("there is no hang %q; there are %s", o.Hang, strings.Join(Hangs(), ", "))
	}
	if err := guest.Able(); err != nil {
		return err
	}
	if o.Keep != "" {
		if err := trial.Room(o.Keep); err != nil {
			return err
		}
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	img, err := image.Build(ctx, image.Options{Note: o.Note})
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "crashcart-demo-")
	if err != nil {
		return fmt.Errorf("making a place for the functions: %w", err)
	}
	defer func() { failure = errors.Join(failure, os.RemoveAll(dir)) }()
	if err := compile.Functions(ctx, dir, &o.Bootstrap, &o.Followup, o.Note); err != nil {
		return err
	}
	o.Out.head(img.Release, hang)
	return show(ctx, o, img, trial.Of(hang))
}

// show plays the trial and shows what comes of it.
func show(ctx context.Context, o Options, img image.Image, t trial.Trial) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	observe := func(e trial.Event) {
		if o.Out.event(e); o.Out.Err() != nil {
			stop() // nobody is looking
		}
	}
	record, err := trial.Run(ctx, trial.Options{Bootstrap: o.Bootstrap, Followup: o.Followup, Image: img, Evidence: o.Keep, Observe: observe, Probe: true}, t)
	if err != nil {
		o.Out.broken()
		return errors.Join(o.Out.Err(), err)
	}
	wrong := trial.Judge(record)
	o.Out.end(record, wrong, o.Keep)
	if len(wrong) > 0 {
		return errors.Join(ErrBroken, o.Out.Err())
	}
	return o.Out.Err()
}
