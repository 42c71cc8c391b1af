package notify

import (
	"strings"
	"unicode"
	"unicode/utf16"

	"crashcart/lambda/domain/printable"
)

// lookAlike are the characters that could begin a mention, a link or a formatting in
// running text of Slack ("Formatting message text", Slack developer documentation) or
// of Teams (CommonMark), and what is written instead.
var lookAlike = map[rune]rune{
	'`': '\'', '<': '‹', '>': '›', '&': '＆', '@': '＠', // what lookAlikeInCode has as well
	'*': '∗', '~': '∼',
}

// lookAlikeInCode are the ones for a code span: the character that ends it, and those
// that Slack reads before it looks for code.
var lookAlikeInCode = map[rune]rune{'`': '\'', '<': '‹', '>': '›', '&': '＆', '@': '＠'}

// plain makes text from outside part of a sentence. The result is one line of at most
// limit characters, and a chat application acts on nothing in it.
func plain(text string, limit int) string {
	in := oneLine(text, limit)
	out := make([]rune, 0, len(in))
	for i, r := range in {
		prev, next := at(in, i-1), at(in, i+1)
		switch {
		case r == '_' && (!alphanumeric(prev) || !alphanumeric(next)):
			r = '＿' // between letters it is nothing but itself, and metrics have it there
		case r == '(' && prev == ']': // [text](address)
			out = append(out, ' ')
		case r == '/' && prev == ':': // https://
			r = '∕'
		case r == '.' && strings.EqualFold(string(in[max(0, i-3):i]), "www"):
			r = '․'
		default:
			r = replaced(r, lookAlike)
		}
		out = append(out, r)
	}
	return cut(string(out), limit)
}

// code makes text from outside a code span of at most limit characters, not counting the
// two that mark it. It is empty for empty text.
func code(text string, limit int) string {
	in := oneLine(text, limit)
	for i, r := range in {
		in[i] = replaced(r, lookAlikeInCode)
	}
	if len(in) == 0 {
		return ""
	}
	return "`" + cut(string(in), limit) + "`"
}

// command gives a command as a code span. ok is false if one of its characters would
// have to be replaced.
func command(text string) (span string, ok bool) {
	bad := func(r rune) bool { return r < ' ' || r > '~' || replaced(r, lookAlikeInCode) != r }
	if text == "" || strings.ContainsFunc(text, bad) {
		return "", false
	}
	return "`" + text + "`", true
}

func replaced(r rune, by map[rune]rune) rune {
	if other, ok := by[r]; ok {
		return other
	}
	return r
}

// oneLine gives the characters of text as one line, at least as many as will be shown. A
// character is at most three bytes long for each that cut counts, and Line's mark of a
// cut has three bytes, which cut then cuts off.
func oneLine(text string, limit int) []rune {
	return []rune(printable.Line(text, 3*(limit+2)))
}

// at is the character at i. Beyond the ends it is zero.
func at(in []rune, i int) rune {
	if i < 0 || i >= len(in) {
		return 0
	}
	return in[i]
}

func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// cut shortens s to limit characters, the last of which then is an ellipsis.
func cut(s string, limit int) string {
	n, end := 0, 0 // end is where to cut if s turns out too long
	for i, r := range s {
		if n += utf16.RuneLen(r); n > limit {
			return s[:end] + "…"
		}
		if n <= limit-1 {
			end = i + len(string(r))
		}
	}
	return s
}

// length counts characters as Java and JavaScript do, which is never fewer than
// anybody else: Amazon Q does not say how it counts.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
