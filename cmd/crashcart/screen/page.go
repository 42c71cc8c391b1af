// Package screen writes what the operator's command prints: wrapped text, named
// values, tables and commands to copy for a person, and JSON for a machine.
//
// Much of what is shown was written by strangers, such as reasons and alarm names.
// Every text of a value passes printable.Line, so that it can neither steer the
// terminal nor begin a line of its own. What is this command's own, such as the
// heads of lines, is printed as it is.
package screen

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"crashcart/lambda/domain/printable"
)

const (
	// Width is the width of everything that is printed, in columns, but for what is
	// to be copied. Every terminal has it at the least.
	Width = 80

	// MaxText bounds one text, in bytes. The longest that anything here may store or
	// send is far below it, but an error of a service has no bound of its own.
	MaxText = 8 << 10

	// nameWidth is the column at which the values of fields begin.
	nameWidth = 10

	// minRoom is left for text beside a head, however long that is.
	minRoom = 20
)

// Page prints text for a person. It keeps the first failure to write, so that a
// command asks for it once, at its end.
type Page struct {
	w   io.Writer
	now time.Time
	err error
}

// New begins a page. The ages on it are counted from now.
func New(w io.Writer, now time.Time) *Page { return &Page{w: w, now: now} }

// Now is the time from which the ages on the page are counted.
func (p *Page) Now() time.Time { return p.now }

// Err is the first failure to write.
func (p *Page) Err() error { return p.err }

// Text prints a paragraph.
func (p *Page) Text(text string) { p.Beside("", text) }

// Beside prints text beside a head, wrapped, and continued under its own beginning.
// Only a word that is too long by itself is cut, unless it is there to be copied.
func (p *Page) Beside(head, text string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(head))
	for _, line := range wrap(clean(text), max(Width-len(indent), minRoom)) {
		p.print(head + line)
		head = indent
	}
}

// Field prints a named value, and nothing if there is no value. The name may be
// indented.
func (p *Page) Field(name, value string) {
	if value != "" {
		indent := len(name) - len(strings.TrimLeft(name, " "))
		p.Beside(fmt.Sprintf("%-*s", nameWidth+indent, name), value)
	}
}

// Copy prints a command that is to be copied: indented, and in one line however long
// it is.
func (p *Page) Copy(command string) { p.print("    " + clean(command)) }

// Blank prints an empty line.
func (p *Page) Blank() { p.print("") }

// print prints one line that is clean already.
func (p *Page) print(line string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, strings.TrimRight(line, " "))
	}
}

// When says a moment in UTC, and how long ago it was.
func (p *Page) When(t time.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return p.Ago(t) + " (" + Stamp(t) + ")"
}

// Ago says how long ago a moment was.
func (p *Page) Ago(t time.Time) string { return printable.Duration(p.now.Sub(t)) + " ago" }

// Stamp writes a moment in UTC.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }

// Clock writes a moment of today in UTC.
func Clock(t time.Time) string { return t.UTC().Format("15:04:05") + " UTC" }

// clean makes a text fit for a terminal.
func clean(text string) string { return printable.Line(text, MaxText) }
