package console

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLine is how long a line of evidence can be, in bytes: it goes into one
// sentence that a person on call reads.
const MaxLine = 200

// lead is how much of a long line is kept in front of a sign far into it, in
// bytes: the kernel's time, who speaks, and how the line begins.
const lead = 90

// gap stands for what is left out between the two.
const gap = " ... "

// evidence makes one printable line out of a console line, trimmed and at most
// MaxLine bytes long. What stands at the index at is kept in any case.
func evidence(line []byte, at int) string {
	if len(line) <= MaxLine {
		return printable(line)
	}
	if at <= lead {
		return printable(line[:MaxLine])
	}
	const rest = MaxLine - lead - len(gap)
	return printable(line[:lead]) + gap + printable(line[at:min(at+rest, len(line))])
}

func printable(line []byte) string {
	var b strings.Builder
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		if unicode.IsPrint(r) && (r != utf8.RuneError || n > 1) {
			b.WriteRune(r)
		}
		line = line[n:]
	}
	return strings.TrimSpace(b.String())
}

const escape = 0x1b

// maxString is how far the end of a terminal string is looked for, in bytes. It
// bounds the work on a console made of nothing but beginnings.
const maxString = 256

// strip appends line to dst without its terminal escapes (ECMA-48, "Control
// Functions for Coded Character Sets").
func strip(dst, line []byte) []byte {
	for {
		esc := bytes.IndexByte(line, escape)
		if esc < 0 {
			return append(dst, line...)
		}
		dst = append(dst, line[:esc]...)
		line = line[esc+escapeLen(line[esc:]):]
	}
}

// escapeLen is the length of the escape that seq starts with. One that the cut
// of the ring or a hostile guest has left unfinished takes no text with it.
func escapeLen(seq []byte) int {
	if len(seq) < 2 {
		return len(seq)
	}
	switch seq[1] {
	case '[':
		n := 2 + span(seq[2:], 0x20, 0x3f)
		if n < len(seq) && seq[n] >= 0x40 && seq[n] <= 0x7e {
			n++
		}
		return n
	case ']', 'P', 'X', '^', '_':
		return stringLen(seq)
	}
	n := 1 + span(seq[1:], 0x20, 0x2f)
	if n < len(seq) && seq[n] >= 0x30 && seq[n] <= 0x7e {
		n++
	}
	return n
}

// span is how many bytes at the start of b lie between lo and hi.
func span(b []byte, lo, hi byte) int {
	for i, c := range b {
		if c < lo || c > hi {
			return i
		}
	}
	return len(b)
}

// stringLen is the length of a terminal string such as a window's title, which
// ends with BEL or ESC \.
func stringLen(seq []byte) int {
	body := seq[:min(len(seq), maxString)]
	for i := 2; i < len(body); i++ {
		if body[i] == '\a' {
			return i + 1
		}
		if body[i] == escape {
			if i+1 < len(body) && body[i+1] == '\\' {
				return i + 2
			}
			return 2 // another escape begins: this one was not finished
		}
	}
	return 2
}
