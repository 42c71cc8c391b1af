// Package clock is the lab's time: the time in which simulated guests hang, boot
// and dump, in which queue delays run, and which may pass many times faster than
// the wall clock.
//
// # Two kinds of time
//
// The product has no clock knob: it reads the wall clock, and so do the AWS
// clients inside it. Lab time therefore never leaves the lab. All times that the
// lab reports go through Report, which gives the wall-clock time that has the same
// age: a ping of six lab minutes ago is stamped six minutes before the moment of
// the answer. So ages and orders are right to the reader, in every single answer.
// What is not right is a stamp kept from one answer and compared with one of a
// later answer, since lab time ran on faster in between. A reader that does so
// across a queue delay, or from step to step of a case's follow-up, sees its kept times
// shifted: see package sqs and the type aging of package lab, where alone the lab
// rewrites anything.
//
// Times that the lab itself raises towards the product (an alarm's state change)
// are wall-clock times of the moment.
package clock

import (
	"context"
	"time"
)

// Clock gives lab time. Both kinds of it, Scaled and Manual, are safe for
// concurrent use.
type Clock interface {
	// Now is the current lab time.
	Now() time.Time
	// Report gives the wall-clock time that is as old, or as far ahead, of the
	// wall clock as t is of Now.
	Report(t time.Time) time.Time
	// Lab gives the lab time at which the wall clock showed wall. Before the lab began both
	// ran alike. A clock that was moved by hand has no such times: what is on the wall is
	// as old in the lab.
	Lab(wall time.Time) time.Time
	// After gives a channel that receives the lab time once d has passed in the
	// lab; at once if d is not positive.
	After(d time.Duration) <-chan time.Time
}

// Sleep waits until d has passed on c, or gives ctx's error if that ends first.
func Sleep(ctx context.Context, c Clock, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.After(d):
		return nil
	}
}
