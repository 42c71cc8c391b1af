package standby

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// loaded are the beginnings of a value that the AWS CLI takes for the address of
// the value ("Loading a parameter from a file", AWS Command Line Interface User
// Guide; the last two in version 1).
var loaded = []string{"file://", "fileb://", "http://", "https://"}

// argument writes an option and its value as one word of a POSIX shell's command
// line. The equals sign keeps a value that begins with a dash from being taken for
// an option. ok is false for a value that cannot be given.
func argument(option, value string) (word string, ok bool) {
	for _, prefix := range loaded {
		if strings.HasPrefix(strings.ToLower(value), prefix) {
			return "", false
		}
	}
	quoted, ok := quote(value)
	return option + "=" + quoted, ok
}

// bare are the characters that mean nothing to a shell wherever they stand in a word,
// besides the letters and digits of ASCII.
const bare = "-_./,:@%+"

// quote writes text, which is not empty, as one word of a POSIX shell's command line,
// or as part of one. Text that a shell reads nothing into stays as it is. Other text
// goes between single quotes, within which only the quote itself has a meaning
// ("Quoting", POSIX.1-2024, Shell Command Language, 2.2).
//
// ok is false for text that does not look like what it is: control characters, which a
// terminal obeys when they are pasted; characters that cannot be seen or that turn the
// line around; and what is not UTF-8.
func quote(text string) (quoted string, ok bool) {
	if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", false
	}
	if !strings.ContainsFunc(text, special) {
		return text, true
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'", true
}

func special(r rune) bool { return !letterOrDigit(r) && !strings.ContainsRune(bare, r) }

func letterOrDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
