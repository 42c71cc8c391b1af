package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"crashcart/lab"
)

// way is what it takes to get from a trigger to an interrupt.
type way struct {
	rounds int       // of AWS calls before the interrupt, the evidence apart
	calls  int       // all of them, to the end
	cold   durations // spawn to answer, interrupted
	warm   durations // event to answer, interrupted
	peak   int64
}

// apart is how long an answer of AWS takes where rounds are counted: calls made
// side by side must overlap on the slowest machine.
const apart = 50 * time.Millisecond

func wayToInterrupt(ctx context.Context, bootstrap string, starts, warm int) (w way, err error) {
	c := candidate{name: "crashcart", path: bootstrap}
	if err := w.count(ctx, c); err != nil {
		return w, err
	}
	l, err := world(lab.Options{}, starts+warm+1)
	if err != nil {
		return w, err
	}
	defer closing(l, &err)
	next := 0
	interrupt := func(n int) error {
		f, err := function(l, c)
		if err != nil {
			return err
		}
		defer f.Close()
		for i := range n {
			r, err := ask(ctx, f, request(hung(next)))
			if err = errors.Join(err, expect(r, "interrupted")); err != nil {
				return fmt.Errorf("interrupting %s: %w", hung(next), err)
			}
			next++
			if i == 0 {
				w.cold = append(w.cold, r.Init+r.Duration)
			} else {
				w.warm = append(w.warm, r.Duration)
			}
		}
		w.peak = max(w.peak, peak(f))
		return nil
	}
	for range starts {
		if err := interrupt(1); err != nil {
			return w, err
		}
	}
	return w, interrupt(warm + 1)
}

// count interrupts one instance where every answer takes its time.
func (w *way) count(ctx context.Context, c candidate) (err error) {
	l, err := world(lab.Options{Latency: apart}, 1)
	if err != nil {
		return err
	}
	defer closing(l, &err)
	f, err := function(l, c)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := ask(ctx, f, request(hung(0)))
	if err = errors.Join(err, expect(r, "interrupted")); err != nil {
		return err
	}
	calls := l.Calls()
	w.calls = len(calls)
	sent := slices.IndexFunc(calls, func(c lab.Call) bool { return c.Operation == "SendDiagnosticInterrupt" })
	w.rounds = lab.Rounds(slices.DeleteFunc(calls[:sent+1], func(c lab.Call) bool { return strings.HasPrefix(c.Operation, "GetConsole") }))
	return nil
}
