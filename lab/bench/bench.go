// Package bench measures the interrupt function where its users would feel it: how
// fast it starts, answers and how much it asks of AWS, each beside the least that
// such a function could be, in one run on one machine.
//
// Figures depend on the machine; ratios within a run hardly do. Nothing here is
// ever asserted.
//
// The candidates answer the same event, which costs each of them one round of AWS
// calls: the bare handlers send a DryRun, and the function finds that the instance
// has an open case. So what is compared is starting and answering, and not how
// often the function asks before it crashes a machine; that is shown by itself, as
// rounds, calls and the time to the interrupt.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Options of a run.
type Options struct {
	Starts int          // cold starts of each candidate
	Warm   int          // warm answers of each
	Alarms int          // alarms through the queue
	Python bool         // measure a handler in Python as well, where boto3 is installed
	Out    io.Writer    // the table
	Note   func(string) // gets what takes a while
}

// Run builds the candidates, measures them and prints the table. Its last line is
// for machines.
func Run(ctx context.Context, o Options) (err error) {
	dir, err := os.MkdirTemp("", "crashcart-bench-")
	if err != nil {
		return fmt.Errorf("making a place for the functions: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o.Note("building; the first time this takes a minute or two")
	candidates, err := build(ctx, dir, o.Python)
	if err != nil {
		return err
	}
	var f figures
	o.Note(fmt.Sprintf("%d cold starts of each, in turn", o.Starts))
	if f.answers, err = answers(ctx, candidates, o.Starts, o.Warm); err != nil {
		return err
	}
	o.Note("the way to an interrupt")
	if f.way, err = wayToInterrupt(ctx, candidates[0].path, o.Starts, o.Warm); err != nil {
		return err
	}
	o.Note(fmt.Sprintf("%d alarms through the queue", o.Alarms))
	if f.load, err = load(ctx, candidates[0].path, o.Alarms); err != nil {
		return err
	}
	f.size, f.bareSize = size(candidates[0].path), size(candidates[1].path)
	return f.print(o.Out)
}

func size(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return 0 // it was run a moment ago
	}
	return info.Size()
}

func in(dir, name string) string { return filepath.Join(dir, name) }
