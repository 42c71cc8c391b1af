// Package fact holds what AWS was asked, so that nobody can read an answer that
// never came.
package fact

import "errors"

// ErrNotAsked is the error of a fact that no call has asked AWS for yet.
var ErrNotAsked = errors.New("not asked yet")

var errUnexplained = errors.New("the call failed without saying why")

// Of is something AWS was, or was not yet, asked about. Its zero value is
// "not asked"; a call that failed leaves a fact whose Get returns that error.
// Nothing can read a value without meeting the error first, which is what makes
// a rule that forgets a failure impossible to write by accident.
type Of[T any] struct {
	value T
	err   error
	asked bool
}

// Known is a fact with its value.
func Known[T any](v T) Of[T] { return Of[T]{value: v, asked: true} }

// Failed is a fact that could not be had. err says why; a failure without an
// error is still none that anybody may read.
func Failed[T any](err error) Of[T] {
	if err == nil {
		err = errUnexplained
	}
	return Of[T]{err: err, asked: true}
}

// Get returns the value, or why there is none: ErrNotAsked, or the failed call's error.
func (f Of[T]) Get() (T, error) {
	if !f.asked {
		return f.value, ErrNotAsked
	}
	return f.value, f.err
}
