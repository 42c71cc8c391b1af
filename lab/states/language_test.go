package states_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lab/states"
)

// task is a machine of one task, with members of the test's own.
func task(members string) string {
	return `{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke",
		"Parameters":{"FunctionName":"${Followup}","Payload":{"of.$":"$.a.b","list":[{"all.$":"$"}]}},` + members + `},
		"Bad":{"Type":"Fail","Error":"Bad","Cause":"it was"},"Good":{"Type":"Succeed"}}}`
}

const catches = `,"Catch":[{"ErrorEquals":["Known"],"Next":"Bad"},{"ErrorEquals":["States.ALL"],"ResultPath":"$.a.why","Next":"Good"}]`

func TestATasksInputAndResultGoWhereThePathsSay(t *testing.T) {
	w := newWorld(t, states.Config{}, parsed(t, task(`"ResultPath":"$.got","OutputPath":"$.got.Payload","Next":"Good"`+catches)),
		func(int, string) (states.Answer, error) { return says(`{"n":12345678901234567890}`) })
	e := w.play(`{"a":{"b":[1]}}`)
	if e.Status != states.Succeeded || e.Output != `{"n":12345678901234567890}` {
		t.Errorf("the execution ended as %+v", e)
	}
	if got := w.called(); len(got) != 1 || !sameJSON(got[0], `{"of":[1],"list":[{"all":{"a":{"b":[1]}}}]}`) {
		t.Errorf("the function got %v", got)
	}
}

func TestAnErrorLeadsWhereItsCatchSays(t *testing.T) {
	m := parsed(t, task(`"Next":"Good"`+catches))
	for kind, want := range map[string]struct {
		status states.Status
		text   string
	}{
		"Known":  {states.Failed, "Bad"},
		"Others": {states.Succeeded, `"why":{"Cause":"{\"errorType\":\"Others\",\"errorMessage\":\"it went wrong\"}","Error":"Others"}`},
	} {
		e := newWorld(t, states.Config{}, m, func(int, string) (states.Answer, error) { return throws(kind) }).play(`{"a":{"b":1}}`)
		if e.Status != want.status || !strings.Contains(e.Error+e.Output, want.text) || e.Invocations != 1 {
			t.Errorf("%s: the execution ended as %+v", kind, e)
		}
	}
}

func TestAWrongPathIsNeverCaught(t *testing.T) {
	w := newWorld(t, states.Config{}, parsed(t, task(`"Next":"Good"`+catches)), two)
	if e := w.play(`{"a":{}}`); e.Status != states.Failed || e.Error != "States.Runtime" || len(w.called()) != 0 {
		t.Errorf("the execution ended as %+v", e)
	}
}

func TestARetryWaitsLongerEachTimeAndNoLongerThanItSays(t *testing.T) {
	const retry = `,"Retry":[{"ErrorEquals":["Rare"],"MaxAttempts":0},{"ErrorEquals":["States.TaskFailed"],"IntervalSeconds":10,"BackoffRate":1000,"MaxAttempts":4,"MaxDelaySeconds":100}]`
	m := parsed(t, task(`"Next":"Good"`+retry+catches))
	e := newWorld(t, states.Config{}, m, func(int, string) (states.Answer, error) { return throws("Often") }).play(`{"a":{"b":1}}`)
	// 10, and three times 100, instead of 10,000 and ever more.
	if took := e.Stopped.Sub(e.Started).Seconds(); e.Invocations != 5 || took < 310 || took > 100_000 {
		t.Errorf("%d invocations in %.0f s", e.Invocations, took)
	}
	if e := newWorld(t, states.Config{}, m, func(int, string) (states.Answer, error) { return throws("Rare") }).play(`{"a":{"b":1}}`); e.Invocations != 1 {
		t.Errorf("what is not to be tried again was, %d times", e.Invocations)
	}
}

func TestATaskThatTakesTooLongIsGivenUpWhileItsFunctionRunsOn(t *testing.T) {
	ended, let := make(chan struct{}), make(chan struct{})
	w := newWorld(t, states.Config{}, parsed(t, task(`"TimeoutSeconds":1,"Next":"Good","Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"Bad"},{"ErrorEquals":["States.Timeout"],"Next":"Good"}]`)),
		func(int, string) (states.Answer, error) {
			defer close(ended)
			<-let
			return says(`1`)
		})
	if e := w.play(`{"a":{"b":1}}`); e.Status != states.Succeeded || !strings.Contains(e.Output, "States.Timeout") {
		t.Errorf("the execution ended as %+v", e)
	}
	close(let)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the function was ended with its task")
	}
}

func TestAnOutputThatIsTooLongFailsTheExecution(t *testing.T) {
	w := newWorld(t, states.Config{}, parsed(t, task(`"Next":"Good"`+catches)), func(int, string) (states.Answer, error) {
		return says(`"` + strings.Repeat("x", 256_001) + `"`)
	})
	if e := w.play(`{"a":{"b":1}}`); e.Status != states.Failed || e.Error != "States.DataLimitExceeded" {
		t.Errorf("the execution ended as %s %s", e.Status, e.Error)
	}
}
