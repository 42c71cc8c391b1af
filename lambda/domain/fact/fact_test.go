package fact_test

import (
	"errors"
	"testing"

	"crashcart/lambda/domain/fact"
)

func TestAFactThatNobodyAskedForIsNeverRead(t *testing.T) {
	var f fact.Of[int]
	if v, err := f.Get(); v != 0 || !errors.Is(err, fact.ErrNotAsked) {
		t.Errorf("%d, %v", v, err)
	}
}

func TestAFactThatIsKnownIsRead(t *testing.T) {
	if v, err := fact.Known("stop").Get(); v != "stop" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	// The zero value is a value like any other, and so is a pointer to nothing.
	if v, err := fact.Known("").Get(); v != "" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
	if v, err := fact.Known[*int](nil).Get(); v != nil || err != nil {
		t.Errorf("%v, %v", v, err)
	}
}

func TestAFailureIsNeverReadAsAFact(t *testing.T) {
	throttled := errors.New("throttled")
	if v, err := fact.Failed[int](throttled).Get(); v != 0 || !errors.Is(err, throttled) {
		t.Errorf("%d, %v", v, err)
	}
	// A failure that nobody explained is a failure. It was asked for, so it is not to be
	// waited for as if it had not been.
	if v, err := fact.Failed[int](nil).Get(); v != 0 || err == nil || errors.Is(err, fact.ErrNotAsked) {
		t.Errorf("without an error: %d, %v", v, err)
	}
	// A call may fail with the very error of a fact that was not asked for.
	if _, err := fact.Failed[int](fact.ErrNotAsked).Get(); !errors.Is(err, fact.ErrNotAsked) {
		t.Errorf("%v", err)
	}
}
