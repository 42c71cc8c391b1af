package followup

import (
	"slices"
	"time"

	"crashcart/lambda/domain/cases"
)

// Steps are the names of all steps, in the order in which a case may need them.
func Steps() []string {
	var names []string
	seen := map[string]bool{}
	for _, s := range append(slices.Clip(advancing), finishing...) {
		if !seen[s.name] {
			seen[s.name] = true
			names = append(names, s.name)
		}
	}
	return names
}

// Due names the step that the next call makes. It is empty if none is due.
func Due(r cases.Record, now time.Time) string {
	steps := advancing
	if over(r) {
		steps = finishing
	}
	if s, ok := first(steps, task{r: r, now: now}); ok && r.Follows() {
		return s.name
	}
	return ""
}

// MostTries is how often a notification is tried.
const MostTries = mostTries
