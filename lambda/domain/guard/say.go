package guard

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"crashcart/lambda/domain/fact"
)

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
	v := notYet("%s is not known: %s", what, brief(err))
	v.unasked = errors.Is(err, fact.ErrNotAsked)
	v.Unanswered = !v.unasked
	return v
}

// errUnsaid is why a fact is missing from an answer that AWS did give.
var errUnsaid = errors.New("AWS does not say")

// brief keeps an error of the SDK to what a person can read in one line.
func brief(err error) string { return oneLine(err.Error()) }

// oneLine makes text from outside part of a sentence: one line, bounded.
func oneLine(text string) string {
	const limit = 200
	s := strings.Join(strings.Fields(text), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "..."
	}
	return s
}

// when writes how long before now something began, and says so when neither AWS
// nor the casebook has said it.
func when(now, then time.Time) string {
	if then.IsZero() {
		return "at an unknown time"
	}
	return span(now.Sub(then)) + " ago"
}

// span writes a duration as a person says it: 45s, 2m40s, 2h13m, 3d4h. It cuts
// rather than rounds, so that what is a moment short of a figure never reads as
// that figure; what lies ahead because two clocks differ reads as 0s.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	d = max(0, d).Truncate(time.Second)
	switch {
	case d < time.Hour:
		return trimZero(d.String(), "m0s")
	case d < 2*day:
		return trimZero(fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute), "h0m")
	default:
		return trimZero(fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour), "d0h")
	}
}

// trimZero takes the zero off a duration that ends in unit and zero, such as "m0s".
func trimZero(s, zero string) string {
	if strings.HasSuffix(s, zero) {
		return strings.TrimSuffix(s, zero[1:])
	}
	return s
}
