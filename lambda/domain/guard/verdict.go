package guard

import (
	"errors"
	"fmt"
	"time"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/printable"
)

// Kind is the answer that a verdict gives.
type Kind string

// The kinds of verdict. An earlier one outweighs a later one.
const (
	Duplicate Kind = "duplicate" // this episode has had its interrupt
	Refused   Kind = "refused"
	Later     Kind = "later" // not yet, or a fact is missing
	Held      Kind = "held"  // a person must ask
	Permitted Kind = "permitted"
)

var precedence = []Kind{Duplicate, Refused, Later, Held, Permitted}

// Verdict is the guard's answer for one target: the rule that decided, and one
// sentence that says why, with the figure.
type Verdict struct {
	Kind   Kind
	Rule   string
	Why    string
	CaseID string // of the case that a duplicate belongs to

	// Command is what a person types to ask for a target that is Held. Every other
	// kind has none.
	Command string

	// Unanswered says that the verdict is Later only because a fact is missing. Then
	// AWS, or a permission that we lack, keeps the target waiting. The target itself
	// does not.
	Unanswered bool

	// DumpShown says that the console shows a dump right now, whatever rule has decided.
	// The casebook then keeps a mark of it.
	DumpShown bool

	wait    time.Duration // Later only for this long; zero where nobody can say
	unasked bool          // Later only because a fact was not asked for yet

	ends     Kind   // what Later becomes when there is no pass left; empty for Refused
	endsWith string // the Command of that
}

// maxText is how much of a text from outside goes into a sentence, in bytes. A person
// on call reads it.
const maxText = 200

// errUnsaid is why a fact is missing from an answer that AWS did give.
var errUnsaid = errors.New("AWS does not say")

// Last is the verdict of a target that is Later and gets no other pass: it is refused, or
// held where a person may ask and only the question is open that an alarm cannot answer.
func (v Verdict) Last() Verdict {
	v.Kind = Refused
	if v.ends != "" {
		v.Kind, v.Command = v.ends, v.endsWith
		v.Why += askAPerson
	}
	return v
}

// askAPerson ends the sentence of what only a person can answer.
const askAPerson = "; so a person must ask"

// Again is how long to wait before the next pass over a target that is Later: until
// the missing thing can be there, in full seconds. Where nobody can say, it is a
// minute.
func (v Verdict) Again() time.Duration {
	if v.wait > 0 {
		return (v.wait + time.Second - 1).Truncate(time.Second)
	}
	return time.Minute
}

// AskAgain is Again in words: "ask again in 2m40s".
func (v Verdict) AskAgain() string { return "ask again in " + printable.Duration(v.Again()) }

// String is the verdict as one line: "cooldown: interrupted 2h13m ago, 6h required".
func (v Verdict) String() string { return v.Rule + ": " + v.Why }

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

// doubt is the verdict of a rule that lacks a fact. It never permits.
func doubt(what string, err error) Verdict {
	v := notYet("%s is not known: %s", what, printable.Line(err.Error(), maxText))
	v.unasked = errors.Is(err, fact.ErrNotAsked)
	v.Unanswered = !v.unasked
	return v
}
