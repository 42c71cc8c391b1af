package followup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"crashcart/lambda/aws/executions"
	"crashcart/lambda/domain/cases"
)

const (
	// mostSwept is how many cases one sweep looks after, the oldest first. The next one
	// comes five minutes later.
	mostSwept = 100
	// sweptAtOnce is how many of them are looked after side by side.
	sweptAtOnce = 8
	// startAfter is how old a case must be to be started by the sweep. The message of the
	// interrupt function starts it within seconds.
	startAfter = 2 * time.Minute
	// quietFor is how long a case has written no step when the sweep asks for its
	// execution: three times the longest wait.
	quietFor = 3 * late
)

// Swept says what a sweep has done to how many cases.
type Swept struct {
	Unclosed int `json:"unclosed"`
	Started  int `json:"started"`  // or had been started already
	Lost     int `json:"lost"`     // had lost the result of their send
	Redriven int `json:"redriven"` // their execution had failed
	Finished int `json:"finished"` // their execution was over
	Left     int `json:"left"`     // nobody has followed them in their time
	Failed   int `json:"failed"`   // could not be looked after
}

// sweep looks after the cases that nobody has closed. What fails of one is no other's
// concern. It is an error all the same, once all are looked after, so that an alarm sees
// it.
func (h *Handler) sweep(ctx context.Context) (Swept, error) {
	records, err := h.Book.Unclosed(ctx)
	if err != nil {
		return Swept{}, err
	}
	slices.Reverse(records)
	wanted := slices.DeleteFunc(slices.Clone(records), func(r cases.Record) bool { return !h.needs(r) })
	s := Swept{Unclosed: len(records)}
	wanted = wanted[:min(len(wanted), mostSwept)]
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		next     = make(chan cases.Record)
		problems []error
	)
	for range min(sweptAtOnce, len(wanted)) {
		wg.Go(func() {
			for r := range next {
				one, err := h.mend(ctx, r)
				mu.Lock()
				if s.add(one); err != nil {
					s.Failed++
					problems = append(problems, err)
				}
				mu.Unlock()
			}
		})
	}
	for _, r := range wanted {
		next <- r
	}
	close(next)
	wg.Wait()
	h.logSweep(ctx, s, problems)
	return s, join(problems)
}

func (s *Swept) add(one Swept) {
	s.Started, s.Lost, s.Redriven, s.Finished = s.Started+one.Started, s.Lost+one.Lost, s.Redriven+one.Redriven, s.Finished+one.Finished
	s.Left += one.Left
}

// needs says whether a case may need the sweep: it has lost its result, was never started,
// or has been quiet for too long. A hundred healthy cases must not keep it from one more.
func (h *Handler) needs(r cases.Record) bool {
	t := h.task(r, nil)
	_, untold := first(losing, t)
	return untold || unfollowed(t) || r.Followup.Steps == 0 || t.now.Sub(r.Followup.SteppedAt) > quietFor
}

// mend does for one case what nobody else has done.
func (h *Handler) mend(ctx context.Context, r cases.Record) (Swept, error) {
	switch t := h.task(r, nil); {
	case !r.Follows() || t.now.Sub(r.ClaimedAt) <= startAfter:
		return Swept{}, nil
	case unfollowed(t):
		_, err := h.finish(ctx, r.ID, nil)
		return Swept{Left: 1}, err
	default:
		return h.rouse(ctx, t)
	}
}

// rouse has a case go on that may still be followed.
func (h *Handler) rouse(ctx context.Context, t task) (done Swept, err error) {
	r := t.r
	if _, due := first(losing, t); due {
		if r, err = h.lose(ctx, r); err != nil || !r.Follows() {
			return Swept{}, err
		}
		if lost(t) {
			done.Lost = 1
		}
	}
	since := r.ClaimedAt
	if r.Followup.Steps > 0 {
		since = r.Followup.SteppedAt
	}
	switch quiet := t.now.Sub(since); {
	case r.Followup.Steps == 0 && quiet <= quietFor, done.Lost > 0:
		err = h.Machine.Start(ctx, r.ID)
		done.Started++
	case quiet > quietFor:
		err = h.revive(ctx, r, &done)
	}
	return done, err
}

// lose settles a case that has lost its result, and notifies people of it.
func (h *Handler) lose(ctx context.Context, r cases.Record) (cases.Record, error) {
	var err error
	for range losing {
		if r, err = h.step(ctx, losing, h.task(r, nil)); err != nil || !r.Follows() {
			break
		}
	}
	return r, err
}

// revive asks what has become of the execution of a case that has been quiet for too
// long, and does what is missing.
func (h *Handler) revive(ctx context.Context, r cases.Record, done *Swept) error {
	status, err := h.Machine.Status(ctx, r.ID)
	if err != nil {
		return err
	}
	switch status {
	case executions.Running:
		return nil
	case executions.Missing:
		done.Started++
		return h.Machine.Start(ctx, r.ID)
	case executions.Succeeded:
		done.Finished++
		_, err := h.finish(ctx, r.ID, nil)
		return err
	default:
		err := h.Machine.Redrive(ctx, r.ID)
		if !errors.Is(err, executions.ErrNotRedrivable) {
			done.Redriven++
			return err
		}
		done.Finished++
		_, err = h.finish(ctx, r.ID, &failure{code: "ExecutionNotRedrivable", cause: err.Error()})
		return err
	}
}

func (h *Handler) logSweep(ctx context.Context, s Swept, problems []error) {
	level := slog.LevelInfo
	if len(problems) > 0 {
		level = slog.LevelError
	}
	h.Log.LogAttrs(ctx, level, "sweep", slog.Int("unclosed", s.Unclosed), slog.Int("started", s.Started), slog.Int("lost", s.Lost),
		slog.Int("redriven", s.Redriven), slog.Int("finished", s.Finished), slog.Int("left", s.Left), slog.Int("failed", s.Failed), slog.Any("error", join(problems)))
}

// mostProblems is how many failures a sweep names.
const mostProblems = 5

// join joins the first few errors, and counts the others.
func join(problems []error) error {
	kept := problems[:min(len(problems), mostProblems)]
	if more := len(problems) - len(kept); more > 0 {
		kept = append(slices.Clone(kept), fmt.Errorf("and %d more", more))
	}
	return errors.Join(kept...)
}
