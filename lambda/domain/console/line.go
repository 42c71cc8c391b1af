package console

import (
	"unicode/utf8"

	"crashcart/lambda/domain/printable"
)

// MaxLine is how long a line of evidence may be, in bytes. It goes into one sentence that
// a person on call reads.
const MaxLine = 200

// lead is how much of the beginning of a long line is kept when the sign is further into
// it, in bytes: the kernel's time, the program, and how the line begins.
const lead = 90

// gap stands for what is left out between that beginning and the sign.
const gap = " ... "

// evidence makes a printable line of at most MaxLine bytes out of a console line. It
// always keeps what stands at the index at.
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

// show makes a part of a line printable. The part never ends within a character.
func show(line []byte, from, to int) string {
	for to < len(line) && to > from && !utf8.RuneStart(line[to]) {
		to--
	}
	return printable.Line(string(line[from:to]), to-from)
}
