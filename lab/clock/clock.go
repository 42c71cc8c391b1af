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
// across a queue delay sees its kept times shifted: see package sqs, which is
// the one place where the lab rewrites anything.
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

// Scaled is a clock that runs speed times as fast as the wall clock.
type Scaled struct {
	start time.Time // on the wall, and in the lab
	speed float64
}

// NewScaled starts a clock at the present wall-clock time. A speed of 60 makes a
// lab minute of every second; speeds that are not positive count as 1.
func NewScaled(speed float64) *Scaled {
	if speed <= 0 {
		speed = 1
	}
	return &Scaled{start: time.Now(), speed: speed}
}

// Now implements Clock.
func (s *Scaled) Now() time.Time {
	return s.start.Add(time.Duration(float64(time.Since(s.start)) * s.speed))
}

// Report implements Clock.
func (s *Scaled) Report(t time.Time) time.Time {
	wall := time.Now()
	lab := s.start.Add(time.Duration(float64(wall.Sub(s.start)) * s.speed))
	return wall.Add(t.Sub(lab)).Round(0)
}

// After implements Clock.
func (s *Scaled) After(d time.Duration) <-chan time.Time {
	out := make(chan time.Time, 1)
	time.AfterFunc(time.Duration(float64(d)/s.speed), func() { out <- s.Now() })
	return out
}
