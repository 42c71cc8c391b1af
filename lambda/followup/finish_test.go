package followup_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/followup"
)

const timedOut = `,"failure":{"Error":"States.Timeout","Cause":"it took\n120 s"}`

func TestACaseWhoseFollowUpFailedIsClosedAsUnprovenWithTheError(t *testing.T) {
	for name, steps := range map[string]int{"before its first step": 0, "after some": 3} {
		t.Run(name, func(t *testing.T) {
			r := stuck(t)
			w, id := ready(t, r)
			w.host.console = r.console
			for i := range steps {
				w.at(time.Duration(i+1) * time.Minute)
				w.advance(id)
			}
			for range 3 {
				answer, err := w.invoke(t.Context(), finishEvent(id, timedOut))
				if f, ok := answer.(followup.Finished); err != nil || !ok || f.Finding != cases.FindingUnproven || f.CaseID != id {
					t.Fatalf("%+v, %v", answer, err)
				}
			}
			got := w.wantEnded(id, cases.FindingUnproven)
			if want := "its follow-up failed, with States.Timeout: it took 120 s"; got.Followup.Why != want || got.ClosedWhy != "unproven: "+want {
				t.Errorf("why: %q, closed because %q", got.Followup.Why, got.ClosedWhy)
			}
			if n := len(w.lines("end")); n != 1 {
				t.Errorf("%d lines say that it ended", n)
			}
		})
	}
}

func TestAFailureNeverReplacesWhatACaseHasComeTo(t *testing.T) {
	r := named(t, "dumped")
	w, id := ready(t, r)
	for since := time.Duration(0); !w.advance(id).Done; since += 15 * time.Second {
		w.at(since)
		w.play(r, since)
	}
	if _, err := w.invoke(t.Context(), finishEvent(id, timedOut)); err != nil {
		t.Fatal(err)
	}
	w.wantEnded(id, cases.FindingDumped)
}

func TestAStepNeverReplacesTheFindingOfACase(t *testing.T) {
	r := named(t, "dumped")
	w, id := ready(t, r)
	w.at(time.Minute)
	w.advance(id)
	before := w.record(id)
	next := before.Followup
	next.Finding, next.Why, next.ConcludedAt = cases.FindingDumped, "the first", w.clock()
	first, err := w.book.Follow(t.Context(), before, next)
	if err != nil {
		t.Fatal(err)
	}
	next.Finding, next.Why = cases.FindingIgnored, "the second"
	if _, err := w.book.Follow(t.Context(), first, next); err != nil {
		t.Fatal(err)
	}
	if got := w.record(id).Followup; got.Finding != cases.FindingDumped || got.Why != "the first" || got.Steps != first.Followup.Steps+1 {
		t.Errorf("%+v", got)
	}
}

func TestATopicThatTakesNothingNeverKeepsACaseOpenAndIsCounted(t *testing.T) {
	r := stuck(t)
	w, id := ready(t, r)
	w.host.console, w.deaf = r.console, true
	w.follow(id, nil)
	got := w.wantEnded(id, cases.FindingHungInDump)
	for _, n := range []cases.News{cases.NewsDumping, cases.NewsStalled, cases.NewsEnded} {
		if told := got.Followup.Told[n]; told.Done || told.Tries != followup.MostTries {
			t.Errorf("%s: %+v", n, told)
		}
	}
	if m := w.metrics()[config.MetricUntold]; len(m) != 3 || m[0].Value != 1 {
		t.Errorf("untold: %+v", m)
	}
}

func TestATopicThatIsAwayForMinutesStillGetsTheEnd(t *testing.T) {
	r := named(t, "dumped")
	w, id := ready(t, r)
	for since := time.Duration(0); !w.advance(id).Done; since += 15 * time.Second {
		w.at(since)
		w.play(r, since)
	}
	w.deaf = true
	for range followup.MostTries - 1 {
		if _, err := w.invoke(t.Context(), finishEvent(id, "")); err == nil {
			t.Fatal("the state machine does not hear that the end was not told")
		}
	}
	if state := w.record(id).State; state != cases.StateInterrupted {
		t.Fatalf("it is %s", state)
	}
	w.deaf = false
	w.finish(id)
	w.wantEnded(id, cases.FindingDumped)
	if got := w.news(); !slices.Contains(got, "ended") || len(w.metrics()[config.MetricUntold]) > 0 {
		t.Errorf("people were notified of %q", got)
	}
}

// Otherwise an execution would fail before the case is closed untold.
func TestTheStateMachineNeverStopsTryingBeforeAnUntoldEndIsGivenUp(t *testing.T) {
	if n := retriesOfFinish(t); n < followup.MostTries {
		t.Errorf("Finish is made again %d times, and an end is tried %d times", n, followup.MostTries)
	}
}

// retriesOfFinish is how often the state machine makes Finish again, whatever has failed.
func retriesOfFinish(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("../../infra/followup.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	var definition struct {
		States map[string]struct {
			Retry []struct {
				ErrorEquals []string
				MaxAttempts int
			}
		}
	}
	if err := json.Unmarshal(text, &definition); err != nil {
		t.Fatal(err)
	}
	retries := definition.States["Finish"].Retry
	if n := len(retries); n == 0 || !slices.Equal(retries[n-1].ErrorEquals, []string{"States.ALL"}) {
		t.Fatalf("Finish is made again by %+v", retries)
	}
	return retries[len(retries)-1].MaxAttempts
}

func TestTheEndOfAHostInStandbySaysHowToEndThat(t *testing.T) {
	for lifecycle, want := range map[string]int{"Standby": 2, "InService": 0} {
		r := named(t, "dumped")
		w, id := ready(t, r)
		w.host.lifecycle = lifecycle
		w.follow(id, func(since time.Duration) { w.play(r, since) })
		u := w.told[len(w.told)-1]
		if len(u.Undo) != want {
			t.Fatalf("%s: %q", lifecycle, u.Undo)
		}
		if want > 0 && (!strings.Contains(u.Undo[0], "exit-standby --instance-ids "+hostID) || !strings.Contains(u.Undo[0], "web") ||
			!strings.Contains(u.Undo[1], "terminate-instance-in-auto-scaling-group") || !strings.Contains(u.Undo[0], "eu-central-1")) {
			t.Errorf("%q", u.Undo)
		}
		if u.Evidence == "" || u.Source != "web-hangs" || u.Group != group || u.Reason == "" || u.CaseID != id || u.InstanceID != hostID || len(u.Proofs) < 3 {
			t.Errorf("%+v", u)
		}
	}
}

// A case that was open for two days is closed all the same.
func TestACaseWhoseTimeIsOverIsStillEnded(t *testing.T) {
	w := newWorld(t)
	id := w.claim(cases.StateInterrupted)
	w.at(config.OpenFor + time.Hour)
	if !w.record(id).Lapsed {
		t.Fatal("it has not lapsed")
	}
	w.follow(id, nil)
	w.wantEnded(id, cases.FindingUnproven)
}

// The interrupt function may be late with its result, and must not lose it.
func TestAResultThatComesAfterTheClaimWasTakenForLostIsKept(t *testing.T) {
	for _, state := range []cases.State{cases.StateInterrupted, cases.StateUnknown, cases.StateRejected} {
		w := newWorld(t)
		c, err := w.book.Claim(t.Context(), cases.Request{
			InstanceID: hostID, Budget: 3, Cooldown: time.Hour, Origin: cases.Origin{SourceKey: "alarm", Kind: "alarm"},
		})
		if err != nil {
			t.Fatal(err)
		}
		w.at(3 * time.Minute)
		w.advance(c.ID)
		w.advance(c.ID)
		if err := w.book.Settle(t.Context(), c, state, ""); err != nil {
			t.Errorf("%s: %v", state, err)
		}
		if got := w.record(c.ID); got.State != state || !slices.Equal(w.news(), []string{"lost"}) {
			t.Errorf("%s: it is %s, people were notified of %q", state, got.State, w.news())
		}
		if a := w.advance(c.ID); a.Done != (state == cases.StateRejected) {
			t.Errorf("%s: %+v", state, a)
		}
	}
}

func TestNobodyLosesACaseThatHasItsResultByNow(t *testing.T) {
	w := newWorld(t)
	id := w.claim("")
	stale := w.record(id)
	w.at(time.Hour)
	if _, err := w.book.Lose(t.Context(), stale); err != nil {
		t.Fatal(err)
	}
	if _, err := w.book.Lose(t.Context(), stale); err == nil || !strings.Contains(err.Error(), casebook.ErrStepped.Error()) {
		t.Errorf("lost twice: %v", err)
	}
}
