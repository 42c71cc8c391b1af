package runtime_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"crashcart/lab/runtime"
)

func TestEveryProcessHasAKeyOfItsOwnByWhichItIsKilled(t *testing.T) {
	f := deploy(t, "run", func(c *runtime.Config) { c.Concurrency = 2 })
	_, first := invoke(t, f, order{})
	if !strings.HasPrefix(first.Key, "ASIA") || len(first.Key) != 20 {
		t.Errorf("key %q", first.Key)
	}
	if !f.Kill(first.Key) {
		t.Error("there was no process with its key")
	}
	if f.Kill(first.Key) {
		t.Error("it was there once more")
	}
	result, second := invoke(t, f, order{})
	if !result.ColdStart || second.Key == first.Key || second.PID == first.PID {
		t.Errorf("the next process is %+v, was %+v", second, first)
	}
}

// TestAKilledProcessFailsItsInvocation kills a process that is working on an event,
// which its output shows.
func TestAKilledProcessFailsItsInvocation(t *testing.T) {
	working := make(chan struct{}, 1)
	f := deploy(t, "run", func(c *runtime.Config) {
		c.Timeout = time.Minute
		c.Log = func(line string) {
			if strings.Contains(line, "hanging") {
				working <- struct{}{}
			}
		}
	})
	_, warm := invoke(t, f, order{})
	done := make(chan runtime.Result)
	go func() {
		result, err := f.Invoke(context.Background(), []byte(`{"Do":"hang","Say":"hanging"}`))
		if err != nil {
			t.Error(err)
		}
		done <- result
	}()
	<-working
	if !f.Kill(warm.Key) {
		t.Error("the process is gone")
	}
	if r := <-done; r.FunctionError != "Unhandled" || !strings.Contains(string(r.Payload), "signal: killed") {
		t.Errorf("%s %s", r.FunctionError, r.Payload)
	}
}
