// Package printable makes text for people out of what strangers wrote.
//
// Console lines, tags, alarm names, reasons and the errors of services are hostile. They
// must not steer a terminal, begin a second line in a log or a message, or turn the
// direction of writing. Line is the one policy for all of them. A place that needs more,
// such as the markup of a chat application, adds it itself. Quote is for a value that
// somebody must mend: it hides nothing.
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
	if len(text) <= limit && isLine(text) {
		return text
	}
	var b strings.Builder
	b.Grow(min(len(text), max(limit, 0)) + len(more))
	between, invalid := blanks(0), false
	for i := 0; i < len(text) && b.Len() <= limit; {
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		again := invalid
		invalid = r == utf8.RuneError && n == 1
		switch {
		case invalid && again, unicode.Is(unicode.Cf, r):
			continue
		case unicode.IsSpace(r), unicode.IsControl(r):
			between = between.and(r)
			continue
		case b.Len() > 0:
			b.WriteString(between.String())
		}
		between = 0
		b.WriteRune(shown(r, invalid))
	}
	return cut(b.String(), limit)
}

// isLine says that text is a line already: ASCII that prints, without a blank at its
// ends. Most text is, and then there is nothing to build.
func isLine(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return text == "" || text[0] != ' ' && text[len(text)-1] != ' '
}

// shown is the character that stands for r.
func shown(r rune, invalid bool) rune {
	if invalid || !unicode.IsPrint(r) {
		return '?'
	}
	return r
}

// blanks is a run of white space and control characters: the number of its blanks, or
// broken.
type blanks int

// broken is a run that holds more than blanks. It becomes one blank.
const broken blanks = -1

// and is the run with one more character.
func (run blanks) and(r rune) blanks {
	if r == ' ' && run != broken {
		return run + 1
	}
	return broken
}

// String is what stands in the line for the run.
func (run blanks) String() string {
	if run == broken {
		return " "
	}
	return strings.Repeat(" ", int(run))
}

// cut shortens a line that is longer than limit bytes, and shows that there was more.
// Where not even that has room, the line is only shortened.
func cut(line string, limit int) string {
	if len(line) <= limit {
		return line
	}
	if limit < len(more) {
		return strings.TrimRight(head(line, limit), " ")
	}
	return strings.TrimRight(head(line, limit-len(more)), " ") + more
}

// head is the beginning of text: the whole characters that fit in limit bytes.
func head(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	end := max(limit, 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
