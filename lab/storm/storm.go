// Package storm sends thousands of alarms to the real bootstrap. Many processes of it
// work at once, while AWS fails in every way that package fault knows. The real follow-up
// follows every case to its end, under the same faults. The package checks that what the
// casebook promises still holds.
//
// A scenario is data: the fleet, what goes wrong, and what must come of it. Every
// alarm is delivered twice and all of them out of order. What is checked comes from
// what the function logged, what the table and the guests saw, and what is left in
// the queues; the function is asked nothing.
//
// # What is lost, and what is twice
//
// A trigger is lost when its message is gone without a decision in the log, when its
// instance has no final decision (anything but `later` and `failed`), or when it still
// waits. A trigger in the dead-letter queue is not lost. An instance is hit twice when
// two interrupts reached it.
//
// # Lab time
//
// Ten lab seconds pass in a second. The storm must be over while its triggers are fresh,
// half an hour, and the budget's hour lasts an hour on the wall. Only the scenario that
// has living hosts among the alarmed lasts as long as that, and runs faster when it is
// small.
//
// Once every trigger is decided, only the follow-up is left. It waits for crashes, dumps
// and deadlines, so that lab time then passes faster.
//
// # What hosts do
//
// Nothing that the function reads is set by hand. Hosts write, send and beat as package
// fleet has them do, and those that hang stop.
package storm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"crashcart/lab"
)

// DefaultInstances is how many instances have an alarm by default.
const DefaultInstances = 10_000

// Options of a run.
type Options struct {
	Out       io.Writer
	Scenarios []Scenario
	Bootstrap string // the interrupt function's binary; built if empty
	Followup  string // likewise the follow-up's
}

// ErrBroken is returned when something did not hold. Out says what it was.
var ErrBroken = errors.New("something did not hold")

// ErrSlow is returned when the function could not keep its own limits of time on
// this machine. Nothing wrong was done, only too late.
var ErrSlow = errors.New("this machine was too slow; run it again when it has less to do")

// Run plays the scenarios one after the other and prints a row of a table for each,
// what did not hold below it, and at last a line for machines each.
func Run(ctx context.Context, o Options) (failure error) {
	dir, err := os.MkdirTemp("", "crashcart-storm-")
	if err != nil {
		return fmt.Errorf("making a place for the functions: %w", err)
	}
	defer func() { failure = errors.Join(failure, os.RemoveAll(dir)) }()
	for _, f := range []struct {
		path *string
		pkg  string
	}{{&o.Bootstrap, lab.Bootstrap}, {&o.Followup, lab.FollowupBootstrap}} {
		if *f.path == "" {
			*f.path = filepath.Join(dir, filepath.Base(f.pkg))
			if err := lab.Build(ctx, f.pkg, *f.path); err != nil {
				return err
			}
		}
		if *f.path, err = filepath.Abs(*f.path); err != nil {
			return fmt.Errorf("finding a function's binary: %w", err)
		}
	}
	return playAll(ctx, o)
}

func playAll(ctx context.Context, o Options) error {
	t := &table{out: o.Out}
	var failed error
	t.head()
	for _, s := range o.Scenarios {
		facts, err := play(ctx, s, o)
		if err != nil {
			t.end()
			return errors.Join(fmt.Errorf("storm %s: %w", s.Name, err), t.err)
		}
		broken, slow := judge(facts)
		switch {
		case slow && len(broken) > 0 && failed == nil:
			failed = ErrSlow
		case !slow && len(broken) > 0:
			failed = ErrBroken
		}
		t.row(facts, broken)
		if t.err != nil { // nobody reads it
			return t.err
		}
	}
	t.end()
	return errors.Join(failed, t.err)
}
