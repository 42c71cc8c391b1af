package call_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lambda/aws/call"
)

var backoff = call.Backoff{First: 10 * time.Millisecond, Longest: 80 * time.Millisecond}

func TestADelayDoublesWithItsTriesAndIsNeverTooLong(t *testing.T) {
	for tries, most := range map[int]time.Duration{
		1: 20 * time.Millisecond, 2: 40 * time.Millisecond, 3: 80 * time.Millisecond,
		4: 80 * time.Millisecond, 70: 80 * time.Millisecond, 1 << 40: 80 * time.Millisecond,
	} {
		seen := map[time.Duration]bool{}
		for range 200 {
			d := backoff.Delay(tries)
			if seen[d] = true; d < backoff.First || d > most {
				t.Fatalf("%d tries: %s, want %s to %s", tries, d, backoff.First, most)
			}
		}
		if len(seen) < 100 {
			t.Errorf("%d tries: only %d delays in 200, so callers that failed together meet again", tries, len(seen))
		}
	}
}

func TestAZeroBackoffDoesNotWait(t *testing.T) {
	if d := (call.Backoff{}).Delay(3); d != 0 {
		t.Errorf("%s", d)
	}
}

func TestAWaitLastsAsLongAsItsDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := backoff.Wait(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited < backoff.First || waited > 2*backoff.First {
			t.Errorf("waited %s", waited)
		}
	})
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, d := range []time.Duration{time.Hour, 0} { // the second finds it ended
			began := time.Now()
			err := call.Sleep(ctx, d)
			if waited := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || waited > time.Second {
				t.Errorf("%s: error %v after %s", d, err, waited)
			}
		}
	})
}
