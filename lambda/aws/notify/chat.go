package notify

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// lookAlike are the characters that could begin a mention, a link or a formatting in
// running text of Slack ("Formatting message text", Slack developer documentation) or
// of Teams (CommonMark), and what is written instead.
var lookAlike = map[rune]rune{
	'`': '\'', '<': '‹', '>': '›', '&': '＆', '@': '＠', // what lookAlikeInCode has as well
	'*': '∗', '~': '∼',
}

// lookAlikeInCode are those of a code span: the character that ends it, and those
// that Slack reads before it looks for code.
var lookAlikeInCode = map[rune]rune{'`': '\'', '<': '‹', '>': '›', '&': '＆', '@': '＠'}

// plain makes text from outside part of a sentence of at most limit characters: one
// line, with nothing in it that a chat application would act on.
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

// code makes text from outside a code span of at most limit characters beside the two
// that mark it. It is empty for empty text.
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

// command is a command as a code span, and whether it can be one without any of its
// characters being replaced.
func command(text string) (string, bool) {
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

// oneLine gives the text's characters, cut somewhat after limit of them: white space
// and control characters as single blanks, without those that cannot be seen and may
// change the order of the others (category Cf), and with invalid UTF-8 marked.
func oneLine(text string, limit int) []rune {
	var out []rune
	blank := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			blank = len(out) > 0
			continue
		case unicode.Is(unicode.Cf, r):
			continue
		case blank:
			out, blank = append(out, ' '), false
		}
		if out = append(out, r); len(out) > limit {
			break
		}
	}
	return out
}

// at is the character at i, or none.
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
