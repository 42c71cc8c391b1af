// Package call bounds calls: how long one may take, and how long to wait between two.
//
// It knows no service. It is a package of its own beside awserr, since the operator's
// command bounds calls that are none of AWS's, such as reading a terminal.
package call

import (
	"context"
	"fmt"
)

type answer[T any] struct {
	value T
	err   error
}

// Within gives what do gives. When ctx ends first, Within returns the error of ctx,
// even if do goes on: what do gives after that is dropped. An answer that is there at
// the moment when ctx ends still counts. After ctx has ended, do is not called at all.
//
// A panic in do is an error. It would otherwise end the whole process, with whatever
// the caller still has to do.
func Within[T any](ctx context.Context, do func() (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	answers := make(chan answer[T], 1) // room for the one answer, so that a late do ends
	go func() {
		var a answer[T]
		defer func() {
			if p := recover(); p != nil {
				a.err = fmt.Errorf("the call panicked: %v", p)
			}
			answers <- a
		}()
		a.value, a.err = do()
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
	}
	select {
	case a := <-answers:
		return a.value, a.err
	default:
		return none, ctx.Err()
	}
}
