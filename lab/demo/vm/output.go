package vm

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fatih/color"

	"crashcart/lab/demo/page"
	"crashcart/lab/trial"
	"crashcart/lambda/domain/printable"
)

// Output writes what happens for a person: the steps and stages to the left, the
// serial console beside them. It is for one run, and for one goroutine at a time.
type Output struct {
	page    *page.Page
	live    bool // a terminal, on which the last line can be written over
	all     bool // every line of the console
	skipped int  // lines of the console since the last one that was shown
	over    bool // the last line is to be written over
}

// Style says how an Output looks.
type Style struct {
	Width   int
	Live    bool // on a terminal
	Colour  bool
	Console bool // the whole serial console, not only what matters
}

// palette gives the colours by what they stand for.
var palette = page.Palette{
	"title": {color.Bold}, "dim": {color.Faint}, "step": {color.FgCyan}, "stage": {color.FgMagenta, color.Bold},
	"decision": {color.FgYellow}, "finding": {color.FgGreen, color.Bold}, "good": {color.FgGreen}, "bad": {color.FgHiRed, color.Bold},
}

// longest is how much of one line of text is shown, in bytes. A file's path and a
// capture kernel's command line are shorter.
const longest = 4000

// Text makes an Output.
func Text(w io.Writer, s Style) *Output {
	return &Output{page: page.New(w, s.Width, palette, s.Colour), live: s.Live, all: s.Console}
}

// Err is the first failure to write.
func (o *Output) Err() error { return o.page.Err() }

// columns of the left side: the time, and the name of a step or stage.
const (
	timeWidth = 6
	nameWidth = 15
	column    = 2 + timeWidth + 2 + nameWidth + 1 // of the text beside them
)

func (o *Output) head(release string, h trial.Hang) {
	o.print(o.page.Paint("title", "A real kernel"))
	o.paragraph("title", "", fmt.Sprintf("Linux %s under QEMU, an alarm, the function as it is deployed, and AWS's API as in the cloud.", release))
	o.paragraph("title", "", fmt.Sprintf("The hang %s: %s.", h.Name, h.What))
	o.paragraph("dim", "", "The guest's time is real. Of AWS's time, half a minute passes in a second.")
	o.print("")
	o.print(o.page.Paint("title", "What happens") + o.page.Paint("dim", ", and beside it the serial console │"))
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
	case trial.EventHome:
		o.row(e.At, "good", e.Name, e.Text)
	case trial.EventFinding:
		o.row(e.At, "finding", e.Name, "the follow-up closes the case. "+e.Text)
		if e.Proof != "" {
			o.print(strings.Repeat(" ", column) + o.page.Paint("dim", page.Cut("its proof: "+harmless(e.Proof), o.page.Width()-column)))
		}
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
	left := fmt.Sprintf("  %*.1fs  ", timeWidth-1, at.Seconds()) + o.page.Paint(paint, fmt.Sprintf("%-*s ", nameWidth, name))
	for i, line := range page.Wrap(harmless(text), o.page.Width()-column) {
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
	text := harmless(e.Text)
	important := o.all && text != ""
	for _, m := range matters {
		important = important || strings.Contains(text, m)
	}
	if important {
		o.caughtUp()
		o.print(strings.Repeat(" ", column) + o.page.Paint("dim", "│ "+page.Cut(text, o.page.Width()-column-2)))
		return
	}
	o.skipped++
	if o.live && text != "" {
		o.overwrite(strings.Repeat(" ", column) + o.page.Paint("dim", "┊ "+page.Cut(text, o.page.Width()-column-2)))
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
		o.print(strings.Repeat(" ", column) + o.page.Paint("dim", text))
	}
}

// end shows what is left, and whether it is what must be.
func (o *Output) end(r *trial.Record, wrong []string, kept string) {
	o.caughtUp()
	o.print("")
	o.print(o.page.Paint("title", "What is left"))
	for _, s := range r.Stages {
		if s.Name == trial.StageCaptureKernel {
			o.print("  the capture kernel's own command line, the proof of the panic:")
			o.quote(s.Line)
		}
	}
	for _, f := range r.Files {
		o.print(fmt.Sprintf("  %s  %s bytes", harmless(f.Name), grouped(f.Size)))
		o.print(o.page.Paint("dim", "    SHA-256 "+harmless(f.SHA256)))
	}
	if len(r.Files) == 0 {
		o.print("  nothing below /var/crash")
	}
	o.home(r.Home)
	if kept != "" {
		o.print("  all of it, with console and evidence, is in " + kept)
	}
	o.print("")
	for _, w := range wrong {
		o.paragraph("bad", "✗ ", w)
	}
	if len(wrong) == 0 {
		o.paragraph("good", "✓ ", outcome(r))
	}
}

// home shows what of the crash is in the bucket.
func (o *Output) home(h *trial.Home) {
	if h == nil || len(h.Files) == 0 {
		return
	}
	o.print("  in the bucket, sent from inside the guest:")
	for _, f := range h.Files {
		o.print(fmt.Sprintf("    %s  %s bytes", harmless(f.Name), grouped(f.Size)))
		o.print(o.page.Paint("dim", "    SHA-256 "+harmless(f.SHA256)))
	}
	if h.Panic != "" {
		o.print("  what makedumpfile reads out of the dump in the bucket:")
		o.quote(h.Panic)
	}
	if c := h.Cost; c != nil {
		o.paragraph("dim", "", fmt.Sprintf("sending it took the guest %.1f s, %.1f s of its CPU and %d MB of memory", c.Took.Seconds(), c.CPU.Seconds(), c.Memory/1e6))
	}
}

// broken ends the story where it is. A line that was to be written over has the count
// of the lines that were not shown in its place, and the cursor is below it.
func (o *Output) broken() { o.caughtUp() }

// outcome says in a sentence what a trial that went well came to.
func outcome(r *trial.Record) string {
	f, ok := r.TheDump()
	switch {
	case ok && r.Left() == trial.WholeDump && r.Brought() == trial.WholeDump:
		return fmt.Sprintf("one interrupt: the kernel crashed, wrote a dump of %.1f MB and came back by itself; the follow-up found just that, and %.0f s after the interrupt the dump was in the bucket, byte for byte.",
			float64(f.Size)/1e6, r.Home.After.Seconds())
	case ok && r.Left() == trial.WholeDump:
		return fmt.Sprintf("one interrupt: the kernel crashed, wrote a dump of %.1f MB and came back by itself; the follow-up found just that.", float64(f.Size)/1e6)
	case r.Decided().Outcome == "refused":
		return "no interrupt: this guest still lives, and the function saw it."
	}
	return "it ended as it must."
}

// paragraph prints a mark and, beside it, text that is wrapped.
func (o *Output) paragraph(paint, mark, text string) {
	lead := o.page.Paint(paint, mark)
	for _, line := range page.Wrap(harmless(text), o.page.Width()-2-utf8.RuneCountInString(mark)) {
		o.print("  " + lead + line)
		lead = strings.Repeat(" ", utf8.RuneCountInString(mark))
	}
}

// quote shows a long line of the console as it is, wrapped.
func (o *Output) quote(line string) {
	for _, part := range page.Wrap(harmless(line), o.page.Width()-6) {
		o.print(o.page.Paint("dim", "    │ "+part))
	}
}

func (o *Output) print(line string) {
	if o.over {
		line = "\r\x1b[K" + line // erase in line ("Control Functions for Coded Character Sets", ECMA-48)
		o.over = false
	}
	o.page.Print(line)
}

// overwrite shows a line that the next one takes the place of.
func (o *Output) overwrite(line string) {
	o.page.Write("\r\x1b[K" + line)
	o.over = true
}

// harmless is what a guest or the function's log says, as one line that can do a
// terminal no harm.
func harmless(s string) string { return printable.Line(s, longest) }

// grouped writes a number with commas.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
