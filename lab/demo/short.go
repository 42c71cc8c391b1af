package demo

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strings"

	"crashcart/lab/demo/page"
	"crashcart/lambda/domain/cases"
)

// Short writes the story for a person who sees it for the first time: about sixty
// lines of a hundred columns. What it leaves out is in Text.
func Short(w io.Writer, width int, colour bool) Output {
	return &shortOutput{sheet: newSheet(w, width, colour)}
}

// columns of the timeline: after the time and a mark, the name of a machine, what
// happens in it or what was decided, and why.
const (
	guestColumn = 2 + len("00:00 ") + len("x ") + len(checkout+" ")
	whyColumn   = guestColumn + len("interrupted ")
)

type shortOutput struct {
	sheet
	brief brief
}

// Event prints one event, if it is part of the short story.
func (o *shortOutput) Event(e Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.brief.shows(e) {
		return
	}
	switch e.Kind {
	case KindInstance:
		o.open("The fleet", o.Paint(paintDim, fmt.Sprintf("   %d more are well; the stack's mode is auto, fresh is 12m; a lab minute passes in a second", crowd)))
		o.Line(fmt.Sprintf("%-8s  %-11s  %-6s  ", folded(e.Names[0]), cmp.Or(e.Type, "-"), cmp.Or(e.Tag, "-")), e.Text)
	case KindAlarm, KindMessage:
		o.open("What happens", "   "+o.Paint(paintDim, legend()))
		o.announce(o.stamp(e), e)
	case KindDecision:
		o.decision(e)
	case KindIgnored:
		o.Line(o.stamp(e)+"- ignored  ", e.Rule+": "+e.Text)
	case KindGuest, KindCall:
		o.Line(o.stamp(e)+o.Paint(paintGuest, fmt.Sprintf("│ %-8s ", e.Names[0])), o.Paint(paintGuest, clause(e.Text, o.Width()-guestColumn)))
	case KindFinding:
		o.finding(e)
	case KindPromise:
		o.open(promised, "")
		o.promise(e)
	case KindSummary:
		o.end(e)
	default:
		o.Line(o.stamp(e), e.Text)
	}
}

func (o *shortOutput) stamp(e Event) string { return o.Paint(paintDim, page.Clock(e.At)) + " " }

// finding shows what a case came to, without the kernel's line that proves it.
func (o *shortOutput) finding(e Event) {
	text, _, _ := strings.Cut(e.Text, ": [")
	o.Line(o.stamp(e)+o.Paint(paintKept, fmt.Sprintf("■ %-8s ", e.Names[0])), e.Finding+": "+text)
}

// folded is the name under which the members of a group appear as one.
func folded(name string) string {
	if strings.HasPrefix(name, checkout+"-") {
		return checkout
	}
	return name
}

// decision shows a decision, and how many passes there were before it.
func (o *shortOutput) decision(e Event) {
	head := o.stamp(e) + o.Paint(e.Outcome, fmt.Sprintf("%s %-8s %-11s ", marks[e.Outcome], folded(e.Names[0]), e.Outcome))
	o.Line(head, o.why(e))
	o.command(e, guestColumn)
}

// why is what a decision gives as its reason, as short as it may be.
func (o *shortOutput) why(e Event) string {
	room := o.Width() - whyColumn
	short := func(text string) string {
		if !oneLine(e.Outcome) {
			return text
		}
		return clause(text, room)
	}
	text := e.Rule + ": " + e.Text
	if e.Names[0] != hero && cases.Outcome(e.Outcome) != cases.OutcomeLater {
		text = figures.ReplaceAllString(text, "") // what the questions are is said; the hero's line has the answers
	}
	if e.Pass == 0 || e.Outcome == string(cases.OutcomeLater) {
		return short(text)
	}
	passes := short(fmt.Sprintf("pass %d: %s", e.Pass+1, text))
	if page.Columns(passes) > room && page.Columns(short(text)) <= room {
		return short(text) // the number of the pass is not worth a second line
	}
	return passes
}

// figures are what the vitals of a host saw, as a sentence about all three questions has
// it.
var figures = regexp.MustCompile(` \((?:SSM ping|heartbeat|reachability|\d+ for|NetworkOut|target health)[^)]*\)`)

// oneLine says whether the first clause of such a decision says enough. For the others
// the last one may be what matters.
func oneLine(outcome string) bool {
	switch cases.Outcome(outcome) {
	case cases.OutcomeInterrupted, cases.OutcomeLater, cases.OutcomeRefused:
		return true
	}
	return false
}

// clause is text if it fits into n columns. If not, it is as many of its clauses as fit,
// but always the first.
func clause(text string, n int) string {
	const mark = "…"
	if page.Columns(text) <= n {
		return text
	}
	end := strings.Index(text, "; ")
	if end < 0 {
		return part(text, n-page.Columns(mark), mark)
	}
	for {
		next := strings.Index(text[end+1:], "; ")
		if next < 0 || page.Columns(text[:end+1+next])+page.Columns(mark) > n {
			return text[:end] + mark
		}
		end += 1 + next
	}
}

// part is as much of a clause as fits into n columns and ends where a colon does, with a
// mark. It is the whole clause if that would be no more than its rule.
func part(text string, n int, mark string) string {
	end := -1
	for at, r := range text {
		if r == ':' && page.Columns(text[:at]) <= n && strings.Contains(text[:at], ": ") {
			end = at
		}
	}
	if end < 0 {
		return text
	}
	return text[:end] + mark
}

// end closes the story with what is not in it.
func (o *shortOutput) end(e Event) {
	o.Print("")
	o.Line("", e.Text)
	o.Line("make demo DEMOFLAGS=--all   ", fmt.Sprintf("shows the other %d decisions, the console, a notification", o.brief.decisions))
	o.Line("make demo DEMOFLAGS=--json  ", "writes all of it for machines")
	o.Line("make demo-vm                ", "does it with one real kernel under QEMU")
}
