package console

import (
	"unicode/utf8"

	"crashcart/lambda/domain/printable"
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
	switch {
	case len(line) <= MaxLine:
		return show(line, 0, len(line))
	case at <= lead:
		return show(line, 0, MaxLine)
	}
	const rest = MaxLine - lead - len(gap)
	return show(line, 0, lead) + gap + show(line, at, min(at+rest, len(line)))
}

// show makes a part of a line printable. It ends between two characters.
func show(line []byte, from, to int) string {
	for to < len(line) && to > from && !utf8.RuneStart(line[to]) {
		to--
	}
	return printable.Line(string(line[from:to]), to-from)
}
