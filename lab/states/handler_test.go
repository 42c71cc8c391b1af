package states_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"crashcart/lab/clock"
	"crashcart/lab/states"
)

func (w *world) arnOf(name string) string {
	return "arn:aws:states:eu-central-1:111122223333:execution:crashcart-followup:" + name
}

func (w *world) redrive(name string) {
	w.t.Helper()
	if _, err := w.client.RedriveExecution(w.t.Context(), &sfn.RedriveExecutionInput{ExecutionArn: aws.String(w.arnOf(name))}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) describe(name string) *sfn.DescribeExecutionOutput {
	w.t.Helper()
	out, err := w.client.DescribeExecution(w.t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: aws.String(w.arnOf(name))})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// waiting is a function that always wants to be asked again much later.
func waiting(int, string) (states.Answer, error) {
	return says(`{"caseId":"c-1","done":false,"waitSeconds":100}`)
}

func TestACaseNeverHasTwoExecutions(t *testing.T) {
	w := newWorld(t, states.Config{Clock: clock.NewManual(time.Unix(1_800_000_000, 0))}, deployed(t), waiting)
	arn, err := w.start("case", `{"caseId":"c-1"}`)
	if err != nil || arn != w.arnOf("case") {
		t.Fatalf("%s, %v", arn, err)
	}
	again, err := w.start("case", `{"caseId":"c-1"}`)
	if err != nil || again != arn || len(w.Executions()) != 1 {
		t.Errorf("the same start again gave %s, %v, and %d executions", again, err, len(w.Executions()))
	}
	wantExists := func(input string) {
		t.Helper()
		_, err := w.start("case", input)
		if _, exists := errors.AsType[*types.ExecutionAlreadyExists](err); !exists {
			t.Errorf("a start with %s gave %v", input, err)
		}
	}
	wantExists(`{"caseId":"c-2"}`)
	if _, err := w.client.StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: &arn, Error: aws.String("why"), Cause: aws.String("because")}); err != nil {
		t.Fatal(err)
	}
	wantExists(`{"caseId":"c-1"}`) // its name stays taken
	out := w.describe("case")
	if out.Status != types.ExecutionStatusAborted || aws.ToString(out.Error) != "why" || aws.ToString(out.Cause) != "because" || out.StopDate == nil {
		t.Errorf("the execution is described as %+v", out)
	}
}

func TestARunningOrSuccessfulExecutionIsNeverRedriven(t *testing.T) {
	held := make(chan struct{})
	w := newWorld(t, states.Config{}, deployed(t), func(_ int, payload string) (states.Answer, error) {
		<-held
		return two(2, payload)
	})
	if _, err := w.start("case", `{"caseId":"c-1"}`); err != nil {
		t.Fatal(err)
	}
	refused := func() {
		t.Helper()
		_, err := w.client.RedriveExecution(t.Context(), &sfn.RedriveExecutionInput{ExecutionArn: aws.String(w.arnOf("case"))})
		if _, not := errors.AsType[*types.ExecutionNotRedrivable](err); !not {
			t.Errorf("a redrive gave %v", err)
		}
		if out := w.describe("case"); out.RedriveStatus != types.ExecutionRedriveStatusNotRedrivable || aws.ToString(out.RedriveStatusReason) == "" {
			t.Errorf("the execution is described as %+v", out)
		}
	}
	refused()
	close(held)
	w.await("case")
	refused()
	if out := w.describe("case"); out.Status != types.ExecutionStatusSucceeded || !strings.Contains(aws.ToString(out.Output), "dumped") {
		t.Errorf("the execution is described as %+v", out)
	}
}

func TestTwoWeeksAfterItsStartNoExecutionIsRedriven(t *testing.T) {
	now := clock.NewManual(time.Unix(1_800_000_000, 0))
	w := newWorld(t, states.Config{Clock: now}, deployed(t), waiting)
	arn, err := w.start("case", `{"caseId":"c-1"}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client.StopExecution(t.Context(), &sfn.StopExecutionInput{ExecutionArn: &arn}); err != nil {
		t.Fatal(err)
	}
	if out := w.describe("case"); out.RedriveStatus != types.ExecutionRedriveStatusRedrivable {
		t.Errorf("at first it is %s", out.RedriveStatus)
	}
	now.Advance(14*24*time.Hour + time.Second)
	if out := w.describe("case"); out.RedriveStatus != types.ExecutionRedriveStatusNotRedrivable {
		t.Errorf("after two weeks it is %s", out.RedriveStatus)
	}
}

func TestWhatDoesNotExistIsNotMadeUp(t *testing.T) {
	w := newWorld(t, states.Config{}, nil, two)
	_, err := w.start("case", `{}`)
	if _, none := errors.AsType[*types.StateMachineDoesNotExist](err); !none {
		t.Errorf("a machine that is not there gave %v", err)
	}
	if err := w.Create(deployed(t)); err != nil {
		t.Fatal(err)
	}
	_, err = w.client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: aws.String(w.arnOf("other"))})
	if _, none := errors.AsType[*types.ExecutionDoesNotExist](err); !none {
		t.Errorf("an execution that is not there gave %v", err)
	}
	for _, name := range []string{"a b", "a/b", strings.Repeat("x", 81), "\u00e4"} {
		_, err := w.start(name, `{}`)
		if _, bad := errors.AsType[*types.InvalidName](err); !bad {
			t.Errorf("the name %q gave %v", name, err)
		}
	}
	_, err = w.start("case", `{`)
	if _, bad := errors.AsType[*types.InvalidExecutionInput](err); !bad {
		t.Errorf("an input that is no JSON gave %v", err)
	}
	if _, err := w.client.ListStateMachines(t.Context(), &sfn.ListStateMachinesInput{}); err == nil {
		t.Error("an operation that the lab does not have succeeds")
	}
}
