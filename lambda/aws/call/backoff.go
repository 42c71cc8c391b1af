package call

import (
	"context"
	"math"
	"time"

	smithytime "github.com/aws/smithy-go/time"
	"github.com/aws/smithy-go/waiter"
)

// Backoff is how long to wait between the tries of a call. Its random part spreads
// callers that failed together ("Exponential Backoff And Jitter", AWS Architecture
// Blog).
type Backoff struct {
	First   time.Duration // no wait is shorter, and the first is at most twice as long
	Longest time.Duration // no wait is longer; at least twice First
}

// Delay gives the wait after the given number of tries, the first of which is 1. It
// lies between First and a bound that doubles with every try, up to Longest. A zero
// Backoff does not wait.
func (b Backoff) Delay(tries int) time.Duration {
	// The SDK's first delay has no random part, so its second one is our first. What
	// time is left is for the caller to know.
	delay, err := waiter.ComputeDelay(int64(tries)+1, b.First, b.Longest, math.MaxInt64)
	if err != nil {
		return b.Longest
	}
	return delay
}

// Wait waits as long as Delay says. When ctx ends first, it returns the error of ctx.
func (b Backoff) Wait(ctx context.Context, tries int) error { return Sleep(ctx, b.Delay(tries)) }

// Sleep waits for d. When ctx ends first, or at the same moment, it returns the error
// of ctx.
func Sleep(ctx context.Context, d time.Duration) error {
	if err := smithytime.SleepWithContext(ctx, d); err != nil {
		return err
	}
	return ctx.Err()
}
