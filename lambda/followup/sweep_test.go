package followup_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/followup"
)

func (w *world) sweep() (followup.Swept, error) {
	w.t.Helper()
	answer, err := w.invoke(w.t.Context(), config.SweepEvent)
	swept, ok := answer.(followup.Swept)
	if !ok {
		w.t.Fatalf("%T: %v", answer, err)
	}
	return swept, err
}

func (w *world) wantSwept(want followup.Swept) {
	w.t.Helper()
	if got, err := w.sweep(); got != want || err != nil {
		w.t.Errorf("swept %+v, want %+v: %v", got, want, err)
	}
}

func TestACaseThatNobodyHasStartedIsStartedByTheSweep(t *testing.T) {
	w := newWorld(t)
	id := w.claim(cases.StateInterrupted)
	w.at(2 * time.Minute)
	w.wantSwept(followup.Swept{Unclosed: 1})
	w.at(2*time.Minute + time.Second)
	w.wantSwept(followup.Swept{Unclosed: 1, Started: 1})
	if w.runs[id] == nil {
		t.Fatal("it has no execution")
	}
	w.advance(id)
	w.at(7 * time.Minute)
	w.wantSwept(followup.Swept{Unclosed: 1})
}

func TestALostClaimIsSettledToldAndStartedOnce(t *testing.T) {
	w := newWorld(t)
	id := w.claim("")
	w.at(2 * time.Minute)
	w.wantSwept(followup.Swept{Unclosed: 1})
	w.at(3 * time.Minute)
	w.wantSwept(followup.Swept{Unclosed: 1, Started: 1, Lost: 1})
	w.at(8 * time.Minute)
	w.wantSwept(followup.Swept{Unclosed: 1})
	if r := w.record(id); r.State != cases.StateUnknown || w.runs[id] == nil || !slices.Equal(w.news(), []string{"lost"}) {
		t.Errorf("%s, executions %v, people were notified of %q", r.State, w.runs, w.news())
	}
}

func TestALostClaimIsToldEvenWhenNothingCanBeStarted(t *testing.T) {
	w := newWorld(t)
	id := w.claim("")
	w.noStart[id] = errors.New("AccessDeniedException: not authorized to perform states:StartExecution")
	w.at(3 * time.Minute)
	if got, err := w.sweep(); err == nil || got.Failed != 1 || !slices.Equal(w.news(), []string{"lost"}) {
		t.Errorf("%+v, %v, people were notified of %q", got, err, w.news())
	}
	delete(w.noStart, id)
	w.at(30 * time.Minute)
	w.wantSwept(followup.Swept{Unclosed: 1, Started: 1})
	if w.runs[id] == nil {
		t.Error("it has no execution")
	}
}

// What has an execution that is over is nobody's, unless the sweep takes it.
func TestACaseThatIsQuietForTooLongIsNeverLeftToItself(t *testing.T) {
	for name, c := range map[string]struct {
		run   *run
		want  followup.Swept
		check func(*world, string, cases.Record) bool
	}{
		"no execution": {
			nil,
			followup.Swept{Unclosed: 1, Started: 1},
			func(w *world, id string, r cases.Record) bool { return w.runs[id] != nil && r.Open },
		},
		"it runs": {
			&run{status: sfntypes.ExecutionStatusRunning},
			followup.Swept{Unclosed: 1},
			func(w *world, id string, r cases.Record) bool { return r.Open },
		},
		"it waits to be redriven": {
			&run{status: sfntypes.ExecutionStatusPendingRedrive},
			followup.Swept{Unclosed: 1},
			func(w *world, id string, r cases.Record) bool { return r.Open && w.runs[id].redriven == 0 },
		},
		"failed": {
			&run{status: sfntypes.ExecutionStatusFailed},
			followup.Swept{Unclosed: 1, Redriven: 1},
			func(w *world, id string, r cases.Record) bool { return r.Open && w.runs[id].redriven == 1 },
		},
		"timed out": {
			&run{status: sfntypes.ExecutionStatusTimedOut},
			followup.Swept{Unclosed: 1, Redriven: 1},
			func(w *world, id string, r cases.Record) bool { return r.Open && w.runs[id].redriven == 1 },
		},
		"aborted": {
			&run{status: sfntypes.ExecutionStatusAborted},
			followup.Swept{Unclosed: 1, Redriven: 1},
			func(w *world, id string, r cases.Record) bool { return r.Open && w.runs[id].redriven == 1 },
		},
		"it cannot be redriven": {
			&run{status: sfntypes.ExecutionStatusFailed, full: true},
			followup.Swept{Unclosed: 1, Finished: 1},
			func(w *world, id string, r cases.Record) bool {
				return r.State == cases.StateClosed && r.Followup.Finding == cases.FindingUnproven
			},
		},
		"it ended without an end": {
			&run{status: sfntypes.ExecutionStatusSucceeded},
			followup.Swept{Unclosed: 1, Finished: 1},
			func(w *world, id string, r cases.Record) bool { return r.State == cases.StateClosed },
		},
	} {
		for _, steps := range []int{0, 2} {
			t.Run(fmt.Sprintf("%s, after %d steps", name, steps), func(t *testing.T) {
				w := newWorld(t)
				id := w.claim(cases.StateInterrupted)
				for i := range steps {
					w.at(time.Duration(i+1) * 20 * time.Second)
					w.advance(id)
				}
				if c.run != nil {
					one := *c.run
					w.runs[id] = &one
				}
				w.at(16 * time.Minute)
				w.wantSwept(c.want)
				if r := w.record(id); !c.check(w, id, r) {
					t.Errorf("%s, finding %q, executions %+v", r.State, r.Followup.Finding, w.runs[id])
				}
			})
		}
	}
}

func TestACaseThatFailsNeverKeepsTheSweepFromTheOthers(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for i := range 12 {
		ids = append(ids, w.claimOf(fmt.Sprintf("i-0a1b2c3d4e5f%05x", i), cases.StateInterrupted))
	}
	for _, id := range ids[:6] {
		w.noStart[id] = errors.New("ThrottlingException: rate exceeded")
	}
	w.at(3 * time.Minute)
	got, err := w.sweep()
	if err == nil || got.Failed != 6 || got.Unclosed != 12 || len(w.runs) != 6 || len(err.Error()) > 2000 {
		t.Errorf("%+v, %d executions, %v", got, len(w.runs), err)
	}
}

func TestASweepIsBoundedAndTakesTheOldestFirst(t *testing.T) {
	w := newWorld(t)
	for i := range 100 {
		w.claimOf(fmt.Sprintf("i-0a1b2c3d4e5f%05x", i), cases.StateInterrupted)
	}
	w.at(2 * time.Hour)
	last := w.claimOf(hostID, cases.StateInterrupted)
	w.at(3 * time.Hour)
	if got, err := w.sweep(); err != nil || got.Unclosed != 101 || got.Started != 100 || w.runs[last] != nil {
		t.Errorf("%+v, %v, the youngest: %v", got, err, w.runs[last])
	}
}

func TestWithoutTheIndexASweepSaysSo(t *testing.T) {
	w := newWorld(t)
	ctx := w.gate.arm(t.Context(), beforeEffect, 0)
	w.gate.cancel() // nothing answers in a context that has ended
	if _, err := w.invoke(ctx, config.SweepEvent); err == nil {
		t.Error("no error")
	}
}
