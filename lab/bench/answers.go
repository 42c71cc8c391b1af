package bench

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"crashcart/lab"
	"crashcart/lab/runtime"
)

// answer is what was measured of a candidate that answers one event at a time.
type answer struct {
	name string
	cold durations // spawn to first answer
	init durations // spawn to the first ask for an event
	warm durations
	peak int64 // bytes of memory at most; zero where it cannot be known
}

// answers measures all candidates, a cold start of each in turn, so that what
// disturbs the machine disturbs all alike.
func answers(ctx context.Context, candidates []candidate, starts, warm int) (out []answer, err error) {
	l, err := openedCase(ctx, candidates[0])
	if err != nil {
		return nil, err
	}
	defer closing(l, &err)
	out = make([]answer, len(candidates))
	for i, c := range candidates {
		out[i].name = c.name
	}
	for range starts {
		for i, c := range candidates {
			if err := out[i].start(ctx, l, c); err != nil {
				return nil, err
			}
		}
	}
	for i, c := range candidates {
		if err := out[i].answer(ctx, l, c, warm); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// start measures one cold start.
func (a *answer) start(ctx context.Context, l *lab.Lab, c candidate) error {
	f, err := function(l, c)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := ask(ctx, f, request(hung(0)))
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	a.init, a.cold = append(a.init, r.Init), append(a.cold, r.Init+r.Duration)
	return nil
}

// answer measures warm answers, and the memory that all of them took.
func (a *answer) answer(ctx context.Context, l *lab.Lab, c candidate, n int) error {
	f, err := function(l, c)
	if err != nil {
		return err
	}
	defer f.Close()
	for i := range n + 1 {
		r, err := ask(ctx, f, request(hung(0)))
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if i > 0 { // the first one is cold
			a.warm = append(a.warm, r.Duration)
		}
	}
	a.peak = peak(f)
	return nil
}

// ask invokes the function and takes nothing but an answer.
func ask(ctx context.Context, f *runtime.Function, event []byte) (runtime.Result, error) {
	r, err := f.Invoke(ctx, event)
	if err == nil && r.FunctionError != "" {
		err = fmt.Errorf("the function failed: %s", r.Payload)
	}
	return r, err
}

// durations are measurements of one thing.
type durations []time.Duration

// percentile is the duration below which p percent of them lie.
func (d durations) percentile(p int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[min(len(sorted)-1, int(math.Ceil(float64(len(sorted)*p)/100))-1)]
}

func (d durations) median() time.Duration { return d.percentile(50) }
