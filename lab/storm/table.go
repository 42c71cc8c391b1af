package storm

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// table is what is printed. Its err is the first failure to write.
type table struct {
	out   io.Writer
	lines []string
	err   error
}

// passes is how often a target went through the rules.
func (f *Facts) passes() int { return len(f.Decisions) }

// perPass is how many calls a pass took, on the average.
func (f *Facts) perPass() float64 { return float64(len(f.Calls)) / float64(max(f.passes(), 1)) }

// per1000 is how many calls a thousand alarms took.
func (f *Facts) per1000() int { return len(f.Calls) * 1000 / max(len(f.Sent), 1) }

// columns is how wide the table may be.
const columns = 100

// wrapped breaks text into lines between its words. A longer word is cut.
func wrapped(text string, width int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		word = word[:min(len(word), width)]
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) > width:
			lines = append(lines, word)
		default:
			*last += " " + word
		}
	}
	return lines
}

const rowFormat = "%-18s %6v %6v %6v %6v %5v %5v %7v %5v\n"

func (t *table) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(t.out, format, args...); err != nil && t.err == nil {
		t.err = fmt.Errorf("printing the table: %w", err)
	}
}

func (t *table) head() {
	t.printf(rowFormat, "storm", "hosts", "claims", "sent", "later", "lost", "twice", "calls", "s")
}

// row prints a scenario: its figures, what it was about, how many were refused by
// which rule, and what did not hold.
func (t *table) row(f *Facts, broken []string) {
	later := 0
	for _, d := range f.Decisions {
		if d.Outcome == "later" {
			later++
		}
	}
	seconds := f.Took.Round(100 * time.Millisecond).Seconds()
	t.printf(rowFormat, f.Scenario.Name, len(f.Hosts), f.claimed(), len(f.Interrupts), later, f.lostCount(), len(f.repeated()), len(f.Calls), fmt.Sprintf("%.1f", seconds))
	t.printf("  %s\n", f.Scenario.About)
	t.printf("  %d passes, %.1f calls each, %d for 1,000 alarms\n", f.passes(), f.perPass(), f.per1000())
	t.printf("  refused: %s\n", counts(f.refusals(), len(f.Dead)))
	if len(f.Cases) > 0 {
		invocations, transitions, calls := f.perCase()
		t.printf("  found: %s\n", f.findings())
		t.printf("  followed: %.1f invocations, %.1f transitions and %.1f calls a case\n", invocations, transitions, calls)
		there, all, size := f.home()
		t.printf("  home: %d of %d files, %d kB, by %d calls of hosts\n", there, all, size/1000, len(f.Sending))
	}
	for _, b := range broken {
		t.printf("  %s\n", strings.Join(wrapped("BROKEN: "+b, columns-6), "\n      "))
	}
	t.lines = append(t.lines, fmt.Sprintf("storm: name=%s claims=%d interrupts=%d lost=%d twice=%d seconds=%.1f",
		f.Scenario.Name, f.claimed(), len(f.Interrupts), f.lostCount(), len(f.repeated()), seconds))
}

// end prints the lines for machines.
func (t *table) end() { t.printf("\n%s\n", strings.Join(t.lines, "\n")) }

// counts words how often each rule refused, the most frequent first, and how many
// messages ended in the dead-letter queue.
func counts(refused map[string]int, dead int) string {
	var words []string
	for _, rule := range slices.SortedFunc(maps.Keys(refused), func(a, b string) int {
		return cmp.Or(cmp.Compare(refused[b], refused[a]), cmp.Compare(a, b))
	}) {
		words = append(words, fmt.Sprintf("%s %d", rule, refused[rule]))
	}
	if len(words) == 0 {
		words = []string{"none"}
	}
	if dead > 0 {
		words = append(words, fmt.Sprintf("dead letters %d", dead))
	}
	return strings.Join(words, ", ")
}
