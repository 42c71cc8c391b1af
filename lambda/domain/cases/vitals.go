package cases

import (
	"errors"
	"slices"

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
// on one line each, and with the reason where AWS gave no answer.
func KeepVitals(read []vitals.Vital) []vitals.Vital {
	kept := slices.Clone(read[:min(len(read), MaxVitals)])
	for i, v := range kept {
		if v.Saw == "" && v.Err != nil {
			v.Saw = unanswered(v.Err)
		}
		kept[i] = vitals.Vital{Name: v.Name, Question: v.Question, Says: v.Says, Saw: printable.Line(v.Saw, MaxSaw), Since: v.Since}
	}
	return kept
}

// unanswered says why a vital is unknown. What was not asked for is no failure: another
// rule had decided before.
func unanswered(err error) string {
	if errors.Is(err, fact.ErrNotAsked) {
		return "not asked for: another rule decided first"
	}
	return "no answer: " + err.Error()
}
