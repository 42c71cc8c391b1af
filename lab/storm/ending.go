package storm

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"crashcart/lab/states"
	"crashcart/lambda/domain/cases"
)

func closedTwice(f *Facts) string {
	for _, id := range slices.Sorted(maps.Keys(f.Closings)) {
		if n := f.Closings[id]; n > 1 {
			return fmt.Sprintf("%s is closed %d times", id, n)
		}
	}
	return ""
}

// unended looks for a case that nobody has closed, that somebody else has closed, or that
// has no finding, and for an execution that has not come to its end.
func unended(f *Facts) string {
	if len(f.Open) > 0 {
		return fmt.Sprintf("%d are open, such as %s", len(f.Open), f.Open[0])
	}
	if got, want := len(f.Cases), f.claimed(); got != want {
		return fmt.Sprintf("the table has %d cases of %d claims", got, want)
	}
	for _, c := range f.Cases {
		if c.ClosedBy != "follow-up" || !slices.Contains(cases.Findings(), cases.Finding(c.Finding)) {
			return fmt.Sprintf("case %s is closed by %q with the finding %q", c.ID, c.ClosedBy, c.Finding)
		}
	}
	for _, e := range f.Executions {
		if e.Status != states.Succeeded {
			return fmt.Sprintf("the execution of %s is %s: %s", e.Name, e.Status, e.Error)
		}
	}
	return ""
}

// followupInterrupts looks for a call by which the follow-up would have changed a host.
func followupInterrupts(f *Facts) string {
	for _, c := range f.Following {
		if slices.Contains([]string{"SendDiagnosticInterrupt", "RebootInstances", "EnterStandby"}, c.Operation) {
			return fmt.Sprintf("it calls %s", c.Operation)
		}
	}
	return ""
}

// findings words how many cases came to which finding, the most frequent first.
func (f *Facts) findings() string {
	n := map[string]int{}
	for _, c := range f.Cases {
		n[c.Finding]++
	}
	var words []string
	for _, finding := range slices.SortedFunc(maps.Keys(n), func(a, b string) int {
		return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b))
	}) {
		words = append(words, fmt.Sprintf("%s %d", cmp.Or(finding, "none"), n[finding]))
	}
	return strings.Join(words, ", ")
}

// perCase is how many invocations, state transitions and AWS calls of the follow-up a case
// took, on the average.
func (f *Facts) perCase() (invocations, transitions, calls float64) {
	n := float64(max(len(f.Executions), 1))
	for _, e := range f.Executions {
		invocations += float64(e.Invocations) / n
		transitions += float64(e.Transitions) / n
	}
	for _, c := range f.Following {
		if c.Service != "lambda" {
			calls += 1 / n
		}
	}
	return invocations, transitions, calls
}
