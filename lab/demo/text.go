package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/fatih/color"
)

// Text writes the story as a timeline for a person, wrapped at width columns.
func Text(w io.Writer, width int, colour bool) Output {
	t := &textOutput{w: w, width: max(width, 60), paint: map[string]*color.Color{}}
	for name, attributes := range palette {
		c := color.New(attributes...)
		if colour {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		t.paint[name] = c
	}
	return t
}

// palette gives the colours by what they stand for.
var palette = map[string][]color.Attribute{
	"title":       {color.Bold},
	"dim":         {color.Faint},
	"alarm":       {color.FgYellow},
	"interrupted": {color.FgHiRed, color.Bold},
	"refused":     {color.FgGreen},
	"duplicate":   {color.FgGreen},
	"held":        {color.FgCyan},
	"dry-run":     {color.FgCyan},
	"later":       {color.Faint},
	"guest":       {color.FgMagenta},
	"held-true":   {color.FgGreen},
	"held-false":  {color.FgHiRed, color.Bold},
}

// marks lead the lines of the timeline.
var marks = map[string]string{
	"interrupted": "↯", "refused": "✗", "duplicate": "=", "held": "‖", "dry-run": "○", "later": "…", "rejected": "×", "unknown": "?", "failed": "!",
}

type textOutput struct {
	mu      sync.Mutex
	w       io.Writer
	width   int
	paint   map[string]*color.Color
	chapter string
	err     error
}

// Event prints one event.
func (t *textOutput) Event(e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e.Kind {
	case KindInstance:
		t.open("fleet", "The fleet", "account 111122223333, eu-central-1; stack mode auto; a lab minute passes in a second")
		t.line(fmt.Sprintf("%-11s %-20s %-12s %-7s ", e.Names[0], e.Instance, orDash(e.Type), orDash(e.Tag)), e.Text)
	case KindAlarm:
		t.open("timeline", "What happens", "")
		t.line(t.stamp(e)+t.paint["alarm"].Sprintf("▲ %s", e.Alarm)+"  ", e.Text)
	case KindMessage:
		t.line(t.stamp(e)+t.paint["alarm"].Sprintf("▲ %s", e.Alarm)+"  ", e.Text)
	case KindDecision:
		t.decision(e)
	case KindIgnored:
		t.line(t.stamp(e)+t.paint["later"].Sprintf("   - %-10s  %-11s ", "", "ignored"), e.Rule+": "+e.Text)
	case KindGuest, KindCall:
		t.line(t.stamp(e)+t.paint["guest"].Sprintf("   │ %s  ", e.Names[0]), t.paint["guest"].Sprint(e.Text))
	case KindConsole, KindTold:
		t.quote(e)
	case KindPromise:
		t.open("promises", "What the guard promises", "")
		t.promise(e)
	case KindSummary:
		t.print("")
		t.line("", e.Text)
	default:
		t.line(t.stamp(e), e.Text)
	}
}

// quote shows what somebody else has written: a console's lines, which are cut, or a
// message, which is wrapped.
func (t *textOutput) quote(e Event) {
	if e.Kind == KindTold {
		t.open("told", "What people are told", "")
	} else {
		t.open("console", "The console of "+hero, "")
	}
	t.line("", e.Text)
	for _, l := range e.Lines {
		if e.Kind == KindTold {
			t.line(t.paint["dim"].Sprint("  │ "), l)
		} else {
			t.print(t.paint["dim"].Sprintf("    │ %s", cut(l, t.width-6)))
		}
	}
}

func (t *textOutput) decision(e Event) {
	paint := t.paint[e.Outcome]
	if paint == nil {
		paint = t.paint["held-false"]
	}
	why, command, hasCommand := strings.Cut(e.Text, ": aws ")
	t.line(t.stamp(e)+paint.Sprintf("   %s %-10s  %-11s ", marks[e.Outcome], e.Names[0], e.Outcome), e.Rule+": "+why)
	if hasCommand { // to be copied, so it is never wrapped
		t.print(strings.Repeat(" ", 15) + "aws " + command)
	}
}

func (t *textOutput) promise(e Event) {
	if *e.Kept {
		t.line(t.paint["held-true"].Sprint("✓ "), e.Text)
		return
	}
	t.line(t.paint["held-false"].Sprint("✗ "), e.Text+" — BROKEN: "+e.Detail)
}

// open prints a chapter's title once.
func (t *textOutput) open(chapter, title, subtitle string) {
	if t.chapter == chapter {
		return
	}
	t.chapter = chapter
	t.print("")
	t.print(t.paint["title"].Sprint(title))
	if subtitle != "" {
		t.line("", t.paint["dim"].Sprint(subtitle))
	}
	t.print("")
}

func (t *textOutput) stamp(e Event) string {
	s := int(e.At)
	return t.paint["dim"].Sprintf("%2d:%02d ", s/60, s%60) + " "
}

// line prints head and then text, which is wrapped and continued under its own
// beginning. Words that hold together, such as a command, are never cut.
func (t *textOutput) line(head, text string) {
	head = "  " + head
	column := visible(head)
	line, used := head, column
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i > 0 && used+1+n > t.width:
			t.print(line)
			line, used = strings.Repeat(" ", column)+word, column+n
		case i > 0:
			line, used = line+" "+word, used+1+n
		default:
			line, used = line+word, used+n
		}
	}
	t.print(line)
}

func (t *textOutput) print(line string) {
	if t.err == nil {
		_, t.err = fmt.Fprintln(t.w, strings.TrimRight(line, " "))
	}
}

// Err is the first failure to write.
func (t *textOutput) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// visible is the width of s without its colours.
func visible(s string) int { return utf8.RuneCountInString(escapes.ReplaceAllString(s, "")) }

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
