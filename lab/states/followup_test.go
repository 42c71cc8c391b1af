package states_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"crashcart/lab/clock"
	"crashcart/lab/states"
)

// two is a function that is done at its third step.
func two(n int, payload string) (states.Answer, error) {
	if strings.Contains(payload, "finish") {
		return says(`{"caseId":"c-1","finding":"dumped"}`)
	}
	return says(fmt.Sprintf(`{"caseId":"c-1","done":%t,"waitSeconds":15}`, n == 2))
}

func TestACaseIsFollowedUntilItsFunctionIsDoneAndNoFurther(t *testing.T) {
	w := newWorld(t, states.Config{}, deployed(t), two)
	e := w.play(`{"caseId":"c-1"}`)
	if e.Status != states.Succeeded || !sameJSON(e.Output, `{"caseId":"c-1","finding":"dumped"}`) {
		t.Errorf("the execution ended as %+v", e)
	}
	want := []string{"Advance", "Done?", "Wait", "Advance", "Done?", "Wait", "Advance", "Done?", "Finish"}
	if !slices.Equal(e.Path, want) {
		t.Errorf("it went by %v, want %v", e.Path, want)
	}
	calls := w.called()
	for i, want := range []string{
		`{"advance":{"caseId":"c-1"}}`, `{"advance":{"caseId":"c-1"}}`, `{"advance":{"caseId":"c-1"}}`,
		`{"finish":{"caseId":"c-1","done":true,"waitSeconds":15}}`,
	} {
		if i >= len(calls) || !sameJSON(calls[i], want) {
			t.Fatalf("call %d of %v is not %s", i, calls, want)
		}
	}
	// One for the start, and one for each of the nine states. Of the history: the start and the
	// end, five events a task, two of everything else.
	if e.Transitions != 10 || e.Invocations != 4 || e.Events != 2+4*5+5*2 {
		t.Errorf("%d transitions, %d invocations, %d events", e.Transitions, e.Invocations, e.Events)
	}
	if took := e.Stopped.Sub(e.Started).Seconds(); took < 30 {
		t.Errorf("it waited for %.0f s of lab time, want 30", took)
	}
}

func TestAnAdvanceThatFailsIsTriedAgainAndDoesNotEndTheCase(t *testing.T) {
	for name, fail := range map[string]func() (states.Answer, error){
		"the function's error": func() (states.Answer, error) { return throws("Runtime.ExitError") },
		"Lambda throttles": func() (states.Answer, error) {
			return states.Answer{}, &states.Refusal{Code: "TooManyRequestsException"}
		},
		"a lost answer": func() (states.Answer, error) { return states.Answer{}, errors.New("connection reset by peer") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, states.Config{}, deployed(t), func(n int, payload string) (states.Answer, error) {
				if n < 6 {
					return fail()
				}
				return two(2, payload)
			})
			e := w.play(`{"caseId":"c-1"}`)
			if e.Status != states.Succeeded || !slices.Equal(e.Path, []string{"Advance", "Done?", "Finish"}) || e.Invocations != 8 {
				t.Errorf("the execution ended as %+v", e)
			}
			if e.Transitions != 1+3+6 {
				t.Errorf("%d transitions: six retries are counted, too", e.Transitions)
			}
		})
	}
}

func TestAnAdvanceThatFailsForGoodLeadsToTheFinishWithItsReason(t *testing.T) {
	w := newWorld(t, states.Config{}, deployed(t), func(n int, payload string) (states.Answer, error) {
		if strings.Contains(payload, "advance") {
			return throws("errorString")
		}
		return two(n, payload)
	})
	e := w.play(`{"caseId":"c-1"}`)
	if e.Status != states.Succeeded || !slices.Equal(e.Path, []string{"Advance", "Finish"}) {
		t.Errorf("the execution ended as %+v", e)
	}
	calls := w.called()
	last := calls[len(calls)-1]
	want := `{"finish":{"caseId":"c-1","failure":{"Error":"errorString","Cause":"{\"errorType\":\"errorString\",\"errorMessage\":\"it went wrong\"}"}}}`
	if len(calls) != 8 || !sameJSON(last, want) {
		t.Errorf("%d calls, the last %s", len(calls), last)
	}
}

func TestAFinishThatFailsForGoodFailsTheExecutionAndARedriveEndsIt(t *testing.T) {
	broken := true
	w := newWorld(t, states.Config{}, deployed(t), func(_ int, payload string) (states.Answer, error) {
		if strings.Contains(payload, "finish") && broken {
			return throws("errorString")
		}
		return two(2, payload)
	})
	e := w.play(`{"caseId":"c-1"}`)
	if e.Status != states.Failed || e.Error != "errorString" || e.Path[len(e.Path)-1] != "Finish" {
		t.Fatalf("the execution ended as %+v", e)
	}
	broken = false
	w.redrive("case")
	if e = w.await("case"); e.Status != states.Succeeded || e.Redrives != 1 || e.Path[len(e.Path)-2] != "Finish" {
		t.Errorf("after the redrive it ended as %+v", e)
	}
}

func TestAStepIsMadeTwiceWhereTheLabIsUnkind(t *testing.T) {
	w := newWorld(t, states.Config{Twice: true}, deployed(t), func(_ int, payload string) (states.Answer, error) { return two(2, payload) })
	e := w.play(`{"caseId":"c-1"}`)
	if e.Status != states.Succeeded || e.Invocations != 4 {
		t.Errorf("the execution ended as %+v", e)
	}
}

func TestAnExecutionThatNeverEndsIsEndedByItsHistory(t *testing.T) {
	w := newWorld(t, states.Config{}, deployed(t), func(int, string) (states.Answer, error) {
		return says(`{"caseId":"c-1","done":false,"waitSeconds":0}`)
	})
	e := w.play(`{"caseId":"c-1"}`)
	if e.Status != states.Failed || e.Error != "States.Runtime" || e.Events != 25_001 {
		t.Errorf("the execution ended as %s %s with %d events", e.Status, e.Error, e.Events)
	}
	// D7 bounds a case to 1,500 loops, which is well below what the history has room for.
	if loops := e.Invocations; loops < 1500 {
		t.Errorf("the history has room for %d loops only", loops)
	}
}

func TestAnExecutionIsEndedByItsMachinesTimeout(t *testing.T) {
	w := newWorld(t, states.Config{Clock: clock.NewScaled(1_000_000)}, deployed(t), func(int, string) (states.Answer, error) {
		return says(`{"caseId":"c-1","done":false,"waitSeconds":180000}`)
	})
	if e := w.play(`{"caseId":"c-1"}`); e.Status != states.TimedOut {
		t.Errorf("the execution ended as %+v", e)
	}
}

func TestANonsenseWaitEndsTheExecutionInsteadOfBeingGuessed(t *testing.T) {
	for _, wait := range []string{`"15"`, `-1`, `1.5`, `null`} {
		w := newWorld(t, states.Config{}, deployed(t), func(int, string) (states.Answer, error) {
			return says(`{"caseId":"c-1","done":false,"waitSeconds":` + wait + `}`)
		})
		if e := w.play(`{"caseId":"c-1"}`); e.Status != states.Failed || e.Error != "States.Runtime" {
			t.Errorf("with a wait of %s the execution ended as %+v", wait, e)
		}
	}
}
