// Package demo runs Crashcart's main job on one machine and checks that what
// happened is what the guard promises.
//
// The story is data: a fleet (cast.go), what happens when (script.go), and what
// must come of each trigger. The function is the real bootstrap behind a real
// Lambda Runtime API, and so is the follow-up, which says what each interrupt came to;
// AWS is the lab. What is shown comes from what the function
// logged, what the lab recorded, and what is in the bucket afterwards. All times and
// ages are the lab's.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"crashcart/lab/demo/compile"
)

const (
	// Speed is how many lab seconds pass in a second: a minute of silence takes one.
	Speed = 60
	// fresh is config.EnvFresh in the story: less than half of what is shipped, so that the story
	// is over soon.
	fresh = 12 * time.Minute
	// patience is how long the story may take, in its own time. It is over after a quarter
	// of an hour; what has not come after forty minutes never comes.
	patience = 40 * time.Minute
)

// Options of a run.
type Options struct {
	Out       Output
	Bootstrap string            // the interrupt function's binary; built if empty
	Followup  string            // likewise the follow-up's
	Note      func(text string) // hears of what takes a while; may be nil
}

// ErrBroken is returned when a promise did not hold. Out has shown which.
var ErrBroken = errors.New("a promise of the guard did not hold")

// ErrSlow is returned when the story could not be played in its time. What is decided
// depends on how long a machine has been silent, so a late beat changes the story.
var ErrSlow = errors.New("this machine was too slow for the story; run it again when it has less to do")

// Run plays the story and checks every promise.
func Run(ctx context.Context, o Options) (err error) {
	dir, err := os.MkdirTemp("", "crashcart-demo-")
	if err != nil {
		return fmt.Errorf("making a place for the functions: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err = compile.Functions(ctx, dir, &o.Bootstrap, &o.Followup, o.Note); err != nil {
		return err
	}
	for _, file := range []*string{&o.Bootstrap, &o.Followup} {
		if *file, err = runnable(*file); err != nil {
			return err
		}
	}
	s, err := newStage(o)
	if err != nil {
		return err
	}
	if err = s.play(ctx); err == nil {
		err = s.judge()
	}
	return errors.Join(err, s.lab.Close(), s.out.Err())
}

// runnable is the absolute path of a file that can be run. A bare name would be looked
// for on the PATH.
func runnable(file string) (string, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("finding the function's binary: %w", err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", fmt.Errorf("the function's binary is not there: %w", err)
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return "", fmt.Errorf("%s is not a program", path)
	}
	return path, nil
}
