package vm

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fatih/color"

	"crashcart/lab/trial"
)

// Output writes what happens for a person: the steps and stages to the left, the
// serial console beside them. It is for one run, and for one goroutine at a time.
type Output struct {
	w       io.Writer
	width   int
	live    bool // a terminal, on which the last line can be written over
	all     bool // every line of the console
	paint   map[string]*color.Color
	skipped int  // lines of the console since the last one that was shown
	over    bool // the last line is to be written over
	err     error
}

// Look says how an Output looks.
type Style struct {
	Width   int
	Live    bool // on a terminal
	Colour  bool
	Console bool // the whole serial console, not only what matters
}

// Text makes an Output.
func Text(w io.Writer, l Style) *Output {
	o := &Output{w: w, width: max(l.Width, 60), live: l.Live, all: l.Console, paint: map[string]*color.Color{}}
	for name, attributes := range map[string][]color.Attribute{
		"title": {color.Bold}, "dim": {color.Faint}, "step": {color.FgCyan}, "stage": {color.FgMagenta, color.Bold},
		"decision": {color.FgYellow}, "good": {color.FgGreen}, "bad": {color.FgHiRed, color.Bold},
	} {
		c := color.New(attributes...)
		c.DisableColor()
		if l.Colour {
			c.EnableColor()
		}
		o.paint[name] = c
	}
	return o
}

// Err is the first failure to write.
func (o *Output) Err() error { return o.err }

// columns of the left side: the time, and the name of a step or stage.
const (
	timeWidth = 6
	nameWidth = 15
	column    = 2 + timeWidth + 2 + nameWidth + 1 // of the text beside them
)

func (o *Output) head(release string, h trial.Hang) {
	o.print(o.paint["title"].Sprint("A real kernel"))
	o.paragraph("title", "", fmt.Sprintf("Linux %s under QEMU, an alarm, the function as it is deployed, and AWS's API as in the cloud.", release))
	o.paragraph("title", "", fmt.Sprintf("The hang %s: %s.", h.Name, h.What))
	o.paragraph("dim", "", "The guest's time is real. Of AWS's time, half a minute passes in a second.")
	o.print("")
	o.print(o.paint["title"].Sprint("What happens") + o.paint["dim"].Sprint(", and beside it the serial console │"))
	o.print("")
}

// event shows one event.
func (o *Output) event(e trial.Event) {
	switch e.Kind {
	case trial.EventConsole:
		o.console(e)
	case trial.EventStep:
		o.row(e.At, "step", e.Name, e.Text)
	case trial.EventStage:
		o.row(e.At, "stage", e.Name, stages[e.Name])
	case trial.EventDecision:
		o.row(e.At, "decision", e.Name, e.Text)
	case trial.EventProbe:
		o.row(e.At, "step", "probe", e.Text)
	case trial.EventNote: // the function's log
	}
}

// stages say what each means to a reader.
var stages = map[string]string{
	trial.StageSent:          "EC2 accepted the interrupt, which proves nothing",
	trial.StageSeen:          "the kernel saw a non-maskable interrupt",
	trial.StagePanicked:      "it panicked",
	trial.StageCaptureKernel: "proved: the capture kernel starts, which only a panic does",
	trial.StageDmesgSaved:    "kdump-tools has written the kernel's log, not yet to the disk itself",
	trial.StageDumpComplete:  "makedumpfile finished the dump",
	trial.StageRebooted:      "it restarted",
	trial.StageReachable:     "it is up again",
}

func (o *Output) row(at time.Duration, paint, name, text string) {
	o.caughtUp()
	left := fmt.Sprintf("  %*.1fs  ", timeWidth-1, at.Seconds()) + o.paint[paint].Sprintf("%-*s ", nameWidth, name)
	for i, line := range wrap(printable(text), o.width-column) {
		if i > 0 {
			left = strings.Repeat(" ", column)
		}
		o.print(left + line)
	}
}

// matters are the beginnings and marks of what a person looks for on a console.
var matters = []string{
	"Linux version", "Command line: ", "kdump-tools: ", "running makedumpfile", "The dumpfile is saved", "makedumpfile Completed",
	"makedumpfile Failed", "No space left", "NMI received", "Dazed and confused", "Kernel panic", "reboot: ", "CRASHCART-GUEST-READY", " login:",
	"Out of memory", "Killed process", "soft lockup", "blocked for more than", "loaded kdump kernel",
}

// console shows a line of the serial console if it matters, and counts it if not.
func (o *Output) console(e trial.Event) {
	text := printable(e.Text)
	important := o.all && text != ""
	for _, m := range matters {
		important = important || strings.Contains(text, m)
	}
	if important {
		o.caughtUp()
		o.print(strings.Repeat(" ", column) + o.paint["dim"].Sprint("│ "+cut(text, o.width-column-2)))
		return
	}
	o.skipped++
	if o.live && text != "" {
		o.overwrite(strings.Repeat(" ", column) + o.paint["dim"].Sprint("┊ "+cut(text, o.width-column-2)))
	}
}

// caughtUp says how many lines were not shown.
func (o *Output) caughtUp() {
	if o.skipped > 0 {
		text := fmt.Sprintf("┊ %d more lines", o.skipped)
		if o.skipped == 1 {
			text = "┊ 1 more line"
		}
		o.skipped = 0
		o.print(strings.Repeat(" ", column) + o.paint["dim"].Sprint(text))
	}
}

// end shows what is left, and whether it is what must be.
func (o *Output) end(r *trial.Record, wrong []string, kept string) {
	o.caughtUp()
	o.print("")
	o.print(o.paint["title"].Sprint("What is left"))
	for _, s := range r.Stages {
		if s.Name == trial.StageCaptureKernel {
			o.print("  the capture kernel's own command line, the proof of the panic:")
			o.quote(s.Line)
		}
	}
	for _, f := range r.Files {
		o.print(fmt.Sprintf("  %s  %s bytes", printable(f.Name), grouped(f.Size)))
		o.print(o.paint["dim"].Sprintf("    SHA-256 %s", printable(f.SHA256)))
	}
	if len(r.Files) == 0 {
		o.print("  nothing below /var/crash")
	}
	if kept != "" {
		o.print("  all of it, with console and look, is in " + kept)
	}
	o.print("")
	for _, w := range wrong {
		o.paragraph("bad", "✗ ", w)
	}
	if len(wrong) == 0 {
		o.paragraph("good", "✓ ", outcome(r))
	}
}

// broken ends the story where it is, on a line of its own.
func (o *Output) broken() {
	if o.caughtUp(); o.over {
		o.print("")
	}
}

func outcome(r *trial.Record) string {
	f, ok := r.TheDump()
	switch {
	case ok && r.Left() == trial.WholeDump:
		return fmt.Sprintf("one interrupt: the kernel crashed, wrote a dump of %.1f MB and came back by itself.", float64(f.Size)/1e6)
	case r.Decided().Outcome == "refused":
		return "no interrupt: this guest still lives, and the function saw it."
	}
	return "it ended as it must."
}

// paragraph prints a mark and, beside it, text that is wrapped.
func (o *Output) paragraph(paint, mark, text string) {
	lead := o.paint[paint].Sprint(mark)
	for _, line := range wrap(printable(text), o.width-2-utf8.RuneCountInString(mark)) {
		o.print("  " + lead + line)
		lead = strings.Repeat(" ", utf8.RuneCountInString(mark))
	}
}

// quote shows a long line of the console as it is, wrapped.
func (o *Output) quote(line string) {
	for _, part := range wrap(printable(line), o.width-6) {
		o.print(o.paint["dim"].Sprint("    │ " + part))
	}
}

func (o *Output) print(line string) {
	if o.over {
		line = "\r\x1b[K" + line // erase in line ("Control Functions for Coded Character Sets", ECMA-48)
		o.over = false
	}
	o.write(strings.TrimRight(line, " ") + "\n")
}

// overwrite shows a line that the next one takes the place of.
func (o *Output) overwrite(line string) {
	o.write("\r\x1b[K" + line)
	o.over = true
}

func (o *Output) write(s string) {
	if o.err == nil {
		_, o.err = io.WriteString(o.w, s)
	}
}

// printable is hostile text that can do a terminal no harm.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "?"))
}

func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// wrap breaks text into lines of at most n columns between words.
func wrap(text string, n int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > n {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// grouped writes a number with commas.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
