package demo

import (
	"regexp"
	"strings"
	"unicode"
)

// escapes are the terminal's control sequences ("Control Functions for Coded
// Character Sets", ECMA-48), which a console is full of.
var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

// readable returns the console's lines as a person may see them: no escapes, no
// control characters, no empty lines.
func readable(console []byte) []string {
	text := strings.ToValidUTF8(escapes.ReplaceAllString(string(console), ""), "?")
	var lines []string
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimSpace(strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) {
				return r
			}
			return -1
		}, line))
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func lastLines(console []byte, n int) []string {
	lines := readable(console)
	return lines[max(0, len(lines)-n):]
}

// milestones are the lines of a crash that a person looks for.
var milestones = []string{"elfcorehdr=", "running makedumpfile -F", "The dumpfile is saved", "saved vmcore", "reboot: Restarting", "login:"}

// crashLines returns the milestones from the newest capture kernel on.
func crashLines(console []byte) []string {
	var found []string
	for _, line := range readable(console) {
		if strings.Contains(line, "elfcorehdr=") {
			found = nil
		}
		for _, m := range milestones {
			if strings.Contains(line, m) {
				found = append(found, line)
				break
			}
		}
	}
	return found
}
