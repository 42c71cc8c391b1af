package main

import (
	"time"

	"crashcart/cmd/crashcart/screen"
	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/vitals"
)

// showVitals prints what every observer said of a host, a row each. Their times are
// counted from that moment. The word says so: "ago" or "before".
func showVitals(p *screen.Page, seen []vitals.Vital, from time.Time, word string) {
	if len(seen) == 0 {
		return
	}
	columns := []screen.Column{
		{Head: "QUESTION", Width: len("QUESTION")},
		{Head: "VITAL", Width: len(vitals.ApplicationStatus)},
		{Head: "SAYS", Width: len(vitals.Nothing)},
		{Head: "SINCE", Width: len("47h59m " + word)},
		{Head: "SAW", Width: 0}, // the rest of the line
	}
	rows := make([][]string, len(seen))
	for i, v := range seen {
		since := "-"
		if !v.Since.IsZero() {
			since = printable.Duration(from.Sub(v.Since)) + " " + word
		}
		rows[i] = []string{string(v.Question), string(v.Name), says(v), since, v.Saw}
	}
	p.Sentences("  ", columns, rows)
}

// says is what a vital says, as a person reads it.
func says(v vitals.Vital) string {
	if v.Says == vitals.Waiting {
		return "not yet"
	}
	return string(v.Says)
}
