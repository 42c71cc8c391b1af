package standby

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// undo gives the commands that end Standby: by returning the instance to service,
// and by giving it up. missing continues a sentence and says which of them cannot
// be given, because a name in it cannot be copied safely. The instance id is one.
func undo(region, instanceID, group string) (commands []string, missing string) {
	suffix := ""
	if word, ok := argument("--region", region); ok && region != "" {
		suffix = " " + word
	}
	if name, ok := argument("--auto-scaling-group-name", group); ok {
		commands = append(commands, "aws autoscaling exit-standby --instance-ids "+instanceID+" "+name+suffix)
	} else {
		missing = "; no command returns it to service, because the name of its group cannot be copied safely: use the console"
	}
	return append(commands, "aws autoscaling terminate-instance-in-auto-scaling-group --instance-id "+instanceID+
		" --no-should-decrement-desired-capacity"+suffix), missing
}

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

// bare are the characters besides letters and digits of ASCII that mean nothing to
// a shell wherever they stand in a word.
const bare = "-_./,:@%+"

// quote writes text, which is not empty, as (part of) one word of a POSIX shell's command line: as it
// is if a shell reads nothing into it, else between single quotes, within which
// only the quote itself has a meaning ("Quoting", POSIX.1-2024, Shell Command
// Language, 2.2). ok is false for text that is not printed as what it is: control
// characters, which a terminal obeys when they are pasted, characters that cannot
// be seen or that turn the line around, and what is not UTF-8.
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

// isInstanceID says whether text has the form of an instance id: i- and 8 or 17
// hexadecimal digits ("Resource IDs", Amazon EC2 User Guide). Such an
// id needs no quotes.
func isInstanceID(text string) bool {
	digits, ok := strings.CutPrefix(text, "i-")
	return ok && (len(digits) == 8 || len(digits) == 17) && strings.Trim(digits, "0123456789abcdef") == ""
}

// plain makes text from outside part of a sentence: printable, one line, bounded.
func plain(text string) string {
	const limit = 200 // bytes; the documented messages are shorter
	s := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "..."
	}
	return s
}
