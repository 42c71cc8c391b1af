// Package fact holds what AWS was asked, so that nothing can read an answer that never
// came.
package fact

import "errors"

// ErrNotAsked is the error of a fact that no call has asked AWS for yet.
var ErrNotAsked = errors.New("not asked yet")

// errUnexplained is the error of a failure that came without one.
var errUnexplained = errors.New("the call failed without saying why")

// Of is a fact that AWS is asked for. It is in one of three states: not asked for yet,
// which is its zero value; known; or failed. Its value can be read only together with
// the error. So a rule cannot forget by accident that a call may have failed.
type Of[T any] struct {
	value T
	err   error
	asked bool
}

// Known is a fact with its value.
func Known[T any](v T) Of[T] { return Of[T]{value: v, asked: true} }

// Failed is a fact that AWS was asked for and did not give. err says why. A nil err is
// replaced by an error: a failure never reads as a known fact.
func Failed[T any](err error) Of[T] {
	if err == nil {
		err = errUnexplained
	}
	return Of[T]{err: err, asked: true}
}

// Get returns the value, or why there is none: ErrNotAsked, or the error of the failed
// call.
func (f Of[T]) Get() (T, error) {
	if !f.asked {
		return f.value, ErrNotAsked
	}
	return f.value, f.err
}
