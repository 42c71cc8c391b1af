package followup

import (
	"slices"

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

// Due names the step that the next call of a handler makes. It is empty if none is due.
func Due(h *Handler, r cases.Record) string {
	steps := advancing
	if over(r) {
		steps = finishing
	}
	if s, ok := first(steps, h.task(r, nil)); ok && r.Follows() {
		return s.name
	}
	return ""
}

// MostTries is how often a notification is tried.
const MostTries = mostTries
