package call_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lambda/aws/call"
)

var errNo = errors.New("no")

func TestAnAnswerInTimeIsGivenAsItIs(t *testing.T) {
	for want, err := range map[string]error{"an answer": nil, "half an answer": errNo} {
		got, gotErr := call.Within(t.Context(), func() (string, error) { return want, err })
		if got != want || !errors.Is(gotErr, err) {
			t.Errorf("%q and %v, want %q and %v", got, gotErr, want, err)
		}
	}
}

func TestACallThatDoesNotListenNeverOutlivesItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		deaf, ended := make(chan struct{}), make(chan struct{})
		began := time.Now()
		got, err := call.Within(ctx, func() (string, error) {
			defer close(ended)
			<-deaf
			return "too late", nil
		})
		if took := time.Since(began); got != "" || !errors.Is(err, context.DeadlineExceeded) || took != time.Second {
			t.Errorf("%q and %v after %s", got, err, took)
		}
		close(deaf)
		<-ended // nobody listens any more, and it ends all the same
	})
}

// ending is a context that ends just after the answer has come.
type ending struct{ context.Context }

func (ending) Done() <-chan struct{} {
	synctest.Wait() // until the answer is there
	done := make(chan struct{})
	close(done)
	return done
}

func TestAnAnswerAtTheLastMomentCounts(t *testing.T) {
	for range 20 { // of two that are ready, a select chooses either
		synctest.Test(t, func(t *testing.T) {
			got, err := call.Within(ending{t.Context()}, func() (string, error) { return "just in time", nil })
			if got != "just in time" || err != nil {
				t.Errorf("%q and %v", got, err)
			}
		})
	}
}

func TestNothingIsCalledOnceTheContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := call.Within(ctx, func() (int, error) {
		t.Error("it was called")
		return 0, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestAPanicIsAnError(t *testing.T) {
	got, err := call.Within(t.Context(), func() (int, error) { panic("a nil client") })
	if got != 0 || err == nil || !strings.Contains(err.Error(), "panicked: a nil client") {
		t.Errorf("%d and %v", got, err)
	}
}
