// Package printable makes text for people out of what strangers wrote.
//
// Console lines, tags, alarm names, reasons and the errors of services are hostile.
// They must not steer a terminal, begin a second line in a log or a message, or turn
// the direction of writing. Line is the one policy for all of them; what a single
// place needs besides, such as a chat application's own markup, it adds itself.
package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// more stands at the end of a text that was cut.
const more = "..."

// Line makes text one line of at most limit bytes of valid UTF-8:
//
//   - a run of white space and control characters becomes one blank, none at the
//     ends; a run of nothing but blanks stays, since consoles are set in columns;
//   - characters that nobody can see and that may change the order of the others
//     (Unicode category Cf, such as the marks of right-to-left writing) are left out;
//   - any other character that does not print, and each run of bytes that is not
//     UTF-8, becomes a question mark;
//   - a text that is too long is cut between two characters, and ends in "...".
//
// Line of a line is the same line.
func Line(text string, limit int) string {
	var b strings.Builder
	b.Grow(min(len(text), max(limit, 0)) + len(more))
	blanks, invalid := 0, false // what lies between the text so far and the next character
	for i := 0; i < len(text) && b.Len() <= limit; {
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		again := invalid
		invalid = r == utf8.RuneError && n == 1
		switch {
		case invalid && again, unicode.Is(unicode.Cf, r):
			continue
		case r == ' ' && blanks != broken:
			blanks++
			continue
		case unicode.IsSpace(r), unicode.IsControl(r):
			blanks = broken
			continue
		}
		if b.Len() > 0 {
			b.WriteString(strings.Repeat(" ", min(max(blanks, -blanks), limit+1)))
		}
		blanks = 0
		if invalid || !unicode.IsPrint(r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return cut(b.String(), limit)
}

// broken stands for a run that is more than blanks, and becomes one.
const broken = -1

// cut shortens a line that is longer than limit bytes, and shows that there was more.
// Where not even that has room, the line is only shortened.
func cut(line string, limit int) string {
	if len(line) <= limit {
		return line
	}
	end, tail := limit-len(more), more
	if end < 0 {
		end, tail = max(limit, 0), ""
	}
	for end > 0 && !utf8.RuneStart(line[end]) {
		end--
	}
	return strings.TrimRight(line[:end], " ") + tail
}
