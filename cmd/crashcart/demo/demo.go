// Package demo runs Crashcart's main job on one machine and checks that what
// happened is what the guard promises.
//
// The story is data: a fleet (story.go), what happens when, and what must come of
// each alarm. The function is the real bootstrap behind a real Lambda Runtime
// API; AWS is the lab. Everything that is told comes from what the function
// logged, what the lab recorded, and what is in the bucket afterwards.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Speed is how many lab seconds pass in a second: a minute of silence takes one.
const Speed = 60

// patience is how long the story may take, in its own time: it is over after six
// minutes, and after thirty nothing more will come.
const patience = 30 * time.Minute

// Options of a run.
type Options struct {
	Out       Output
	Bootstrap string // the function's binary; built if empty
}

// ErrBroken is returned when a promise did not hold. What broke was told to Out.
var ErrBroken = errors.New("a promise of the guard did not hold")

// Run plays the story and checks every promise.
func Run(ctx context.Context, o Options) error {
	dir, err := os.MkdirTemp("", "crashcart-demo-")
	if err != nil {
		return fmt.Errorf("making a place for the bootstrap: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() //nolint:errcheck // the system empties its temporary folder
	if o.Bootstrap == "" {
		o.Bootstrap = filepath.Join(dir, "bootstrap")
		if err := build(ctx, o.Bootstrap); err != nil {
			return err
		}
	}
	if _, err := os.Stat(o.Bootstrap); err != nil {
		return fmt.Errorf("the function's binary is not there: %w", err)
	}
	s, err := newStage(o)
	if err != nil {
		return err
	}
	err = s.play(ctx)
	if err == nil {
		err = s.judge()
	}
	return errors.Join(err, s.lab.Close())
}

// build makes the function's binary for this machine with the flags it is
// deployed with.
func build(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=",
		"-tags=lambda.norpc", "-o", path, "crashcart/lambda/cmd/interrupt")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the function (run this inside the repository, or give --bootstrap): %w\n%s", err, out)
	}
	return nil
}
