package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// pageWidth is the width of everything that is printed, but for what is to be
// copied: a terminal has it at the least, and so has a chat message.
const pageWidth = 80

// page prints text for a person. Whatever goes through it loses what could steer a
// terminal, because much of it was written by strangers: reasons, alarm names.
type page struct {
	w   io.Writer
	now time.Time
	err error // the first failure to write
}

// line prints text under head, wrapped, and continued under its own beginning.
// Only a word that is too long by itself is cut, unless it is there to be copied.
func (p *page) line(head, text string) {
	column := utf8.RuneCountInString(head)
	room := max(pageWidth-column, 20)
	line, used := head, 0
	for _, word := range words(text, room) {
		n := utf8.RuneCountInString(word)
		switch {
		case used > 0 && used+1+n > room:
			p.print(line)
			line, used = strings.Repeat(" ", column)+word, n
		case used > 0:
			line, used = line+" "+word, used+1+n
		default:
			line, used = line+word, n
		}
	}
	p.print(line)
}

// words are those of a text, the ones longer than a line in pieces.
func words(text string, room int) []string {
	var out []string
	for w := range strings.FieldsSeq(printable(text)) {
		r := []rune(w)
		for len(r) > room && !strings.HasPrefix(w, "s3://") && !strings.HasPrefix(w, "arn:") {
			out, r = append(out, string(r[:room])), r[room:]
		}
		out = append(out, string(r))
	}
	return out
}

// field prints a named value, unless there is none. The name may be indented.
func (p *page) field(name, value string) {
	if value != "" {
		indent := len(name) - len(strings.TrimLeft(name, " "))
		p.line(fmt.Sprintf("%-*s", 10+indent, name), value)
	}
}

// print prints one line as it is, such as a command that is to be copied.
func (p *page) print(line string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, strings.TrimRight(printable(line), " "))
	}
}

// when says a moment in UTC and how long ago it was.
func (p *page) when(t time.Time) string {
	if t.IsZero() {
		return "at an unknown time"
	}
	return p.ago(t) + " (" + t.UTC().Format("2006-01-02 15:04:05") + " UTC)"
}

func (p *page) ago(t time.Time) string { return span(p.now.Sub(t)) + " ago" }

// span writes a duration in its two largest units, cut and never rounded up: 45s,
// 2m40s, 2h13m, 3d4h. What lies ahead because two clocks differ is 0s.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	d = max(0, d)
	two := func(n, of time.Duration, a, b string) string {
		if d%n/of == 0 {
			return fmt.Sprintf("%d%s", d/n, a)
		}
		return fmt.Sprintf("%d%s%d%s", d/n, a, d%n/of, b)
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return two(time.Minute, time.Second, "m", "s")
	case d < 2*day:
		return two(time.Hour, time.Minute, "h", "m")
	default:
		return two(day, time.Hour, "d", "h")
	}
}

// printable takes from a text what a terminal would act on instead of showing it:
// control characters, and what turns the direction of writing.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r):
			return r
		}
		return '?'
	}, strings.ToValidUTF8(s, "?"))
}

// cut keeps the first n characters of a text, and shows that there was more.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// printJSON prints a value for machines. What printable would replace is escaped,
// since a person may look on.
func printJSON(w io.Writer, v any) error {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	var out bytes.Buffer
	for _, r := range plain.String() {
		if r == '\n' || unicode.IsPrint(r) {
			out.WriteRune(r)
		} else {
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
		}
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}
