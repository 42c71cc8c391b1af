// Package page writes lines for a person: wrapped at a width, and in colours where
// there is a terminal that has them. Both demos use it.
package page

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fatih/color"

	"crashcart/lambda/domain/printable"
)

// Palette gives the colours of a page by what they stand for.
type Palette map[string][]color.Attribute

// narrow is the least width: below it, columns leave no room for their text.
const narrow = 60

// Page is what is written to. It is for one goroutine at a time.
type Page struct {
	w     io.Writer
	width int
	paint map[string]*color.Color
	err   error
}

// New makes a page of that width, at least 60 columns.
func New(w io.Writer, width int, palette Palette, colour bool) *Page {
	p := &Page{w: w, width: max(width, narrow), paint: map[string]*color.Color{}}
	for name, attributes := range palette {
		c := color.New(attributes...)
		c.DisableColor()
		if colour {
			c.EnableColor()
		}
		p.paint[name] = c
	}
	return p
}

// Width is the number of columns.
func (p *Page) Width() int { return p.width }

// Err is the first failure to write.
func (p *Page) Err() error { return p.err }

// Paint gives text the colour that stands for what name says; none if the palette
// has no such name.
func (p *Page) Paint(name, text string) string {
	if c, ok := p.paint[name]; ok {
		return c.Sprint(text)
	}
	return text
}

// Print writes one line as it is.
func (p *Page) Print(line string) { p.Write(strings.TrimRight(line, " ") + "\n") }

// Write writes text as it is, and nothing more after the first failure.
func (p *Page) Write(text string) {
	if p.err == nil {
		_, p.err = io.WriteString(p.w, text)
	}
}

// Line writes head, two columns in, and text beside it. Text that does not fit goes
// on under its own beginning. Words are never cut.
func (p *Page) Line(head, text string) {
	head = "  " + head
	column := Columns(head)
	for _, line := range Wrap(text, p.width-column) {
		p.Print(head + line)
		head = strings.Repeat(" ", column)
	}
}

// Columns is the width of text without its colours.
func Columns(text string) int {
	return utf8.RuneCount(printable.StripEscapes(nil, []byte(text)))
}

// Cut shortens text to at most n columns and says so with its last one.
func Cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// Wrap breaks text into lines of at most n columns between words. A longer word, such
// as an ARN, has a line for itself. There is always one line.
func Wrap(text string, n int) []string {
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

// Clock writes seconds as minutes and seconds, as a timeline shows them.
func Clock(seconds float64) string {
	s := int(seconds)
	return fmt.Sprintf("%2d:%02d", s/60, s%60)
}
