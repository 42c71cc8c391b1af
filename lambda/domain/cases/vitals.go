package cases

import (
	"errors"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/vitals"
)

const (
	// MaxVitals is how many vitals a case keeps. There are fewer.
	MaxVitals = 16
	// MaxSaw is how much of what one vital saw is kept, in bytes.
	MaxSaw = 300
)

// KeepVitals gives the vitals as a case keeps them, and as people are shown them: bounded,
// on one line each, and with the reason where AWS gave no answer. A vital whose facts
// nobody has asked for is left out: the target was decided without it.
func KeepVitals(read []vitals.Vital) []vitals.Vital {
	var kept []vitals.Vital
	for _, v := range read {
		if len(kept) == MaxVitals {
			break
		}
		if errors.Is(v.Err, fact.ErrNotAsked) {
			continue
		}
		if v.Saw == "" && v.Err != nil {
			v.Saw = "no answer: " + v.Err.Error()
		}
		kept = append(kept, vitals.Vital{Name: v.Name, Question: v.Question, Says: v.Says, Saw: printable.Line(v.Saw, MaxSaw), Since: v.Since})
	}
	return kept
}
