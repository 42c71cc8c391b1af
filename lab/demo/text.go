package demo

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/fatih/color"

	"crashcart/lab/demo/page"
	"crashcart/lambda/domain/cases"
)

// Text writes the whole story as a timeline for a person, wrapped at width columns.
func Text(w io.Writer, width int, colour bool) Output {
	return &textOutput{sheet: newSheet(w, width, colour)}
}

// What is painted, besides the outcomes.
const (
	paintTitle  = "title"
	paintDim    = "dim"
	paintAlarm  = "alarm"
	paintGuest  = "guest"
	paintKept   = "kept"
	paintBroken = "broken"
)

// palette gives the colours by what they stand for.
var palette = page.Palette{
	paintTitle:                       {color.Bold},
	paintDim:                         {color.Faint},
	paintAlarm:                       {color.FgYellow},
	paintGuest:                       {color.FgMagenta},
	paintKept:                        {color.FgGreen},
	paintBroken:                      {color.FgHiRed, color.Bold},
	string(cases.OutcomeInterrupted): {color.FgHiRed, color.Bold},
	string(cases.OutcomeRefused):     {color.FgGreen},
	string(cases.OutcomeDuplicate):   {color.FgGreen},
	string(cases.OutcomeHeld):        {color.FgCyan},
	string(cases.OutcomeDryRun):      {color.FgCyan},
	string(cases.OutcomeLater):       {color.Faint},
	string(cases.OutcomeRejected):    {color.FgHiRed, color.Bold},
	string(cases.OutcomeUnknown):     {color.FgHiRed, color.Bold},
	string(cases.OutcomeFailed):      {color.FgHiRed, color.Bold},
}

// marks lead the lines of the timeline.
var marks = map[string]string{
	string(cases.OutcomeInterrupted): "↯",
	string(cases.OutcomeRefused):     "✗",
	string(cases.OutcomeHeld):        "‖",
	string(cases.OutcomeLater):       "…",
	string(cases.OutcomeDuplicate):   "=",
	string(cases.OutcomeDryRun):      "○",
	string(cases.OutcomeRejected):    "×",
	string(cases.OutcomeUnknown):     "?",
	string(cases.OutcomeFailed):      "!",
}

// sheet is what both texts have in common.
type sheet struct {
	*page.Page
	mu      sync.Mutex
	chapter string
}

func newSheet(w io.Writer, width int, colour bool) sheet {
	return sheet{Page: page.New(w, width, palette, colour)}
}

// Err is the first failure to write.
func (s *sheet) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Page.Err()
}

// open prints a chapter's title once, with what is said beside it.
func (s *sheet) open(title, beside string) bool {
	if s.chapter == title {
		return false
	}
	s.chapter = title
	s.Print("")
	s.Print(s.Paint(paintTitle, title) + beside)
	return true
}

// announce shows what is asked of the function, and when.
func (s *sheet) announce(stamp string, e Event) {
	s.Line(stamp+s.Paint(paintAlarm, "▲ "+e.Alarm)+"  ", e.Text)
}

func (s *sheet) promise(e Event) {
	if *e.Kept {
		s.Line(s.Paint(paintKept, "✓ "), e.Text)
		return
	}
	s.Line(s.Paint(paintBroken, "✗ "), e.Text+" — BROKEN: "+e.Detail)
}

// command shows what a person types. It is to be copied, so it is never wrapped.
func (s *sheet) command(e Event, column int) {
	if e.Command != "" {
		s.Print(strings.Repeat(" ", column) + e.Command)
	}
}

// textOutput shows everything.
type textOutput struct{ sheet }

// Event prints one event.
func (t *textOutput) Event(e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e.Kind {
	case KindInstance:
		t.title("The fleet", "account 111122223333, eu-central-1; stack mode auto, fresh 12m; a lab minute passes in a second")
		t.Line(fmt.Sprintf("%-11s %-20s %-12s %-7s ", e.Names[0], e.Instance, cmp.Or(e.Type, "-"), cmp.Or(e.Tag, "-")), e.Text)
	case KindAlarm, KindMessage:
		t.title("What happens", legend())
		t.announce(t.stamp(e), e)
	case KindDecision:
		t.decision(e)
	case KindIgnored:
		t.Line(t.stamp(e)+t.Paint(paintDim, fmt.Sprintf("   - %-10s  %-11s ", "", "ignored")), e.Rule+": "+e.Text)
	case KindGuest, KindCall:
		t.Line(t.stamp(e)+t.Paint(paintGuest, fmt.Sprintf("   │ %s  ", e.Names[0])), t.Paint(paintGuest, e.Text))
	case KindFinding:
		t.finding(e)
	case KindConsole:
		t.console(e)
	case KindNotification:
		t.notification(e)
	case KindPromise:
		t.title(promised, "")
		t.promise(e)
	case KindSummary:
		t.Print("")
		t.Line("", e.Text)
	default:
		t.Line(t.stamp(e), e.Text)
	}
}

// finding shows what a case came to, and what proves it.
func (t *textOutput) finding(e Event) {
	t.Line(t.stamp(e)+t.Paint(paintKept, fmt.Sprintf("   ■ %s  ", e.Names[0])), t.Paint(paintKept, e.Finding+": "+e.Text))
	if e.Detail != "" {
		t.Line(strings.Repeat(" ", 15), t.Paint(paintDim, e.Detail))
	}
}

// console shows lines of a serial console, each cut at the page's width.
func (t *textOutput) console(e Event) {
	t.title("The console of "+e.Names[0], "")
	t.Line("", e.Text)
	for _, l := range e.Lines {
		t.Print(t.Paint(paintDim, "    │ "+page.Cut(l, t.Width()-6)))
	}
}

// notification shows a message for people, wrapped.
func (t *textOutput) notification(e Event) {
	t.title("A notification", "")
	t.Line("", e.Text)
	for _, l := range e.Lines {
		t.Line(t.Paint(paintDim, "  │ "), l)
	}
}

// promised is the title of the last chapter.
const promised = "What the guard promises"

func (t *textOutput) stamp(e Event) string { return t.Paint(paintDim, page.Clock(e.At)+" ") + " " }

// title opens a chapter with a subtitle and room around it.
func (t *textOutput) title(title, subtitle string) {
	if !t.open(title, "") {
		return
	}
	if subtitle != "" {
		t.Line("", t.Paint(paintDim, subtitle))
	}
	t.Print("")
}

func (t *textOutput) decision(e Event) {
	head := fmt.Sprintf("   %s %-10s  %-11s ", marks[e.Outcome], e.Names[0], e.Outcome)
	t.Line(t.stamp(e)+t.Paint(e.Outcome, head), e.Rule+": "+e.Text)
	t.command(e, 15)
}

// legend says what the marks mean.
func legend() string {
	return "↯ interrupted  ✗ refused  ‖ held  … later  = duplicate  ○ dry run  ■ a case is closed"
}
