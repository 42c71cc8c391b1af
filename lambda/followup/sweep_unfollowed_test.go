package followup_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/followup"
)

// longAgo is how old the cases are that nobody has followed.
const longAgo = config.OpenFor + time.Minute

// tempting is a world whose host looks today as if it had ignored its interrupt, or as if it
// had dumped.
func tempting(t *testing.T, state cases.State) (w *world, id string) {
	t.Helper()
	r := dumped(t)
	w = newWorld(t)
	id = w.claim(state)
	w.before(id, r.console[:r.SentAt])
	w.play(r, playedFor)
	w.at(longAgo)
	w.host.ping = w.clock()
	return w, id
}

// wantLeft checks that the case has ended as one that nobody has followed, and that nobody
// and nothing was asked.
func (w *world) wantLeft(id string) {
	w.t.Helper()
	r := w.wantEnded(id, cases.FindingUnproven)
	if want := "nobody followed it: it was opened 2d ago"; r.Followup.Why != want || r.ClosedWhy != "unproven: "+want {
		w.t.Errorf("why: %q, closed because %q", r.Followup.Why, r.ClosedWhy)
	}
	f := r.Followup
	if len(w.told) > 0 || len(f.Account.Proofs) > 0 || f.Kept > 0 || f.Collect.Began() || len(w.cloud.commands) > 0 {
		w.t.Errorf("people were notified of %q, %d commands, %+v", w.news(), len(w.cloud.commands), f)
	}
	if n := len(w.lines("end")); n != 1 {
		w.t.Errorf("%d lines say that it ended", n)
	}
}

// After an update there may be a hundred of them, months old.
func TestACaseThatNobodyFollowedInItsTimeIsNeverJudgedByTodaysConsole(t *testing.T) {
	for _, state := range []cases.State{"", cases.StateInterrupted, cases.StateUnknown} {
		t.Run("claimed "+string(state), func(t *testing.T) {
			w, id := tempting(t, state)
			w.wantSwept(followup.Swept{Unclosed: 1, Left: 1})
			w.wantLeft(id)
			w.wantSwept(followup.Swept{})
			if w.runs[id] != nil {
				t.Error("its follow-up was started")
			}
		})
	}
}

// Its message may be as late, and come before the sweep.
func TestALateMessageNeverFollowsACaseThatIsTooOld(t *testing.T) {
	for _, state := range []cases.State{"", cases.StateInterrupted} {
		w, id := tempting(t, state)
		if a := w.advance(id); !a.Done {
			t.Errorf("%+v", a)
		}
		w.finish(id)
		w.wantLeft(id)
	}
}

func TestACaseThatMayStillBeFollowedIsNeverLeft(t *testing.T) {
	w := newWorld(t)
	id := w.claim(cases.StateInterrupted)
	w.at(config.OpenFor)
	w.wantSwept(followup.Swept{Unclosed: 1, Started: 1})
	if w.advance(id); w.record(id).Followup.Steps != 1 {
		t.Errorf("%+v", w.record(id).Followup)
	}
	// Its follow-up has begun, and goes on.
	w.at(longAgo)
	w.wantSwept(followup.Swept{Unclosed: 1})
	if w.advance(id); w.record(id).Followup.Steps != 2 {
		t.Errorf("%+v", w.record(id).Followup)
	}
}

// By the time of a late follow-up, the console may have been overwritten. The disk has not.
func TestADumpOfWhichTheConsoleShowsNothingAnyMoreIsNeverLostToALateFollowUp(t *testing.T) {
	const ten = 10 * time.Hour
	w, id := ready(t, dumped(t))
	w.at(ten)
	w.wantSwept(followup.Swept{Unclosed: 1, Started: 1})
	c := w.bring(id, func(since time.Duration) {
		var text strings.Builder
		for n := range 2000 {
			fmt.Fprintf(&text, "[%5d.100000] audit: type=1400 something that a service prints %d\r\n", 20000+7*n, n)
		}
		w.host.console, w.host.ping = []byte(text.String()), dawn.Add(since)
	})
	w.wantHome(c, w.disk.files...)
	if r := w.wantEnded(id, cases.FindingDumped); r.Followup.Doubt != "" || !slices.Equal(w.news(), []string{"ended"}) {
		t.Errorf("%+v, people were notified of %q", r.Followup, w.news())
	}
}

// Whoever was notified of the beginning is notified of the end.
func TestACaseThatPeopleKnowOfNeverEndsWithoutAWord(t *testing.T) {
	w := newWorld(t)
	id := w.claim("")
	w.noStart[id] = errors.New("AccessDeniedException: not authorized to perform states:StartExecution")
	w.at(3 * time.Minute)
	if _, err := w.sweep(); err == nil {
		t.Fatal("it was started")
	}
	w.at(longAgo)
	w.wantSwept(followup.Swept{Unclosed: 1, Left: 1})
	w.wantEnded(id, cases.FindingUnproven)
	if !slices.Equal(w.news(), []string{"lost", "ended"}) || !strings.HasPrefix(w.told[1].Why, "nobody followed it") {
		t.Errorf("people were notified of %q: %+v", w.news(), w.told)
	}
}

// The one whose follow-up has failed is another: people are told so.
func TestAFailureThatComesLateIsNeverSilent(t *testing.T) {
	w, id := tempting(t, cases.StateInterrupted)
	if _, err := w.invoke(t.Context(), finishEvent(id, timedOut)); err != nil {
		t.Fatal(err)
	}
	if w.wantEnded(id, cases.FindingUnproven); !slices.Equal(w.news(), []string{"ended"}) {
		t.Errorf("people were notified of %q", w.news())
	}
}

// The list of the evidence may fail. The next sweep goes on where this one has stopped.
func TestACaseThatNobodyFollowedEndsOnceHoweverOftenItsSweepIsKilled(t *testing.T) {
	moments := []moment{beforeEffect, midway, beforeWrite, afterWrite}
	for _, state := range []cases.State{"", cases.StateInterrupted} {
		for round := range rounds / 2 {
			w, id := tempting(t, state)
			for n := round; n > 0; n /= len(moments) {
				ctx := w.gate.arm(t.Context(), moments[n%len(moments)], round%2)
				_, err := w.invoke(ctx, config.SweepEvent)
				if struck := w.gate.disarm(); struck && err == nil {
					t.Fatalf("round %d: it was killed, and says nothing", round)
				}
			}
			for range 2 {
				if _, err := w.sweep(); err != nil {
					t.Fatal(err)
				}
			}
			r := w.wantEnded(id, cases.FindingUnproven)
			if len(w.told) > 0 || len(r.Followup.Account.Proofs) > 0 || len(w.lines("end")) > 1 || t.Failed() {
				t.Fatalf("round %d: people were notified of %q, %+v", round, w.news(), r.Followup)
			}
		}
	}
}

// Old cases must not hold up the sweep for long.
func TestAHundredCasesThatNobodyFollowedEndInOneSweep(t *testing.T) {
	w := newWorld(t)
	for i := range 100 {
		w.claimOf(fmt.Sprintf("i-0a1b2c3d4e5f%05x", i), cases.StateInterrupted)
	}
	w.at(longAgo)
	w.wantSwept(followup.Swept{Unclosed: 100, Left: 100})
	w.wantSwept(followup.Swept{})
	if len(w.told) > 0 {
		t.Errorf("people were notified %d times", len(w.told))
	}
}
