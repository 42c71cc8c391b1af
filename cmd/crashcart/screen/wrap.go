package screen

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// whole are the beginnings of words that people copy. Such a word is never cut.
var whole = []string{"s3://", "arn:"}

// wrap breaks a clean text into lines of at most room columns, and gives one line at
// the least.
func wrap(text string, room int) []string {
	var lines []string
	line, used := "", 0
	for _, word := range words(text, room) {
		n := utf8.RuneCountInString(word)
		switch {
		case used > 0 && used+1+n > room:
			lines = append(lines, line)
			line, used = word, n
		case used > 0:
			line, used = line+" "+word, used+1+n
		default:
			line, used = word, n
		}
	}
	return append(lines, line)
}

// words are those of a text. A word that is longer than a line comes in pieces.
func words(text string, room int) []string {
	var out []string
	for word := range strings.FieldsSeq(text) {
		if slices.ContainsFunc(whole, func(beginning string) bool { return strings.HasPrefix(word, beginning) }) {
			out = append(out, word)
			continue
		}
		r := []rune(word)
		for len(r) > room {
			out, r = append(out, string(r[:room])), r[room:]
		}
		out = append(out, string(r))
	}
	return out
}

// cut keeps what fits into so many columns, and shows that there was more.
func cut(s string, columns int) string {
	if r := []rune(s); len(r) > columns {
		return string(r[:columns-1]) + "…"
	}
	return s
}
