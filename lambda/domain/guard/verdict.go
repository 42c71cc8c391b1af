package guard

import (
	"errors"
	"fmt"
	"time"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/printable"
)

// maxText is how much of a text from outside becomes part of a sentence, in bytes: a
// person on call reads it.
const maxText = 200

func allow() Verdict { return Verdict{Kind: Permitted} }

func refuse(format string, args ...any) Verdict {
	return Verdict{Kind: Refused, Why: fmt.Sprintf(format, args...)}
}

func notYet(format string, args ...any) Verdict {
	return Verdict{Kind: Later, Why: fmt.Sprintf(format, args...)}
}

// in says how long it will be "not yet".
func (v Verdict) in(wait time.Duration) Verdict {
	v.wait = wait
	return v
}

// doubt is the verdict of a rule that lacks a fact: it never permits.
func doubt(what string, err error) Verdict {
	v := notYet("%s is not known: %s", what, printable.Line(err.Error(), maxText))
	v.unasked = errors.Is(err, fact.ErrNotAsked)
	v.Unanswered = !v.unasked
	return v
}

// errUnsaid is why a fact is missing from an answer that AWS did give.
var errUnsaid = errors.New("AWS does not say")
