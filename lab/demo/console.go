package demo

import (
	"bytes"
	"slices"
	"strings"

	"crashcart/lambda/domain/printable"
)

// consoleLine is how much of one console line is kept, in bytes. Lines of a kernel's
// log are shorter; a line of garbage need not be shown whole.
const consoleLine = 1000

// readable returns the console's lines as a person may see them: harmless, and none
// of them empty.
func readable(console []byte) []string {
	var lines []string
	for line := range bytes.FieldsFuncSeq(console, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if text := printable.Line(string(printable.StripEscapes(nil, line)), consoleLine); text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}

// milestones are the lines of a crash that a person looks for.
var milestones = []string{"elfcorehdr=", "running makedumpfile -F", "The dumpfile is saved", "saved vmcore", "reboot: Restarting", "login:"}

// lastWords are the newest n lines in which a host that hangs shows how it is: its prompt,
// and what its kernel says of tasks that are stuck. The call traces between them tell a
// person less.
func lastWords(console []byte, n int) []string {
	lines := linesWith(readable(console), []string{"login:", "INFO: task "})
	return lines[max(0, len(lines)-n):]
}

// crashLines returns the milestones from the newest capture kernel on.
func crashLines(console []byte) []string {
	lines := readable(console)
	for i, line := range slices.Backward(lines) {
		if strings.Contains(line, "elfcorehdr=") {
			return linesWith(lines[i:], milestones)
		}
	}
	return linesWith(lines, milestones)
}

// linesWith are the lines that contain one of the marks.
func linesWith(lines, marks []string) (found []string) {
	for _, line := range lines {
		if slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(line, mark) }) {
			found = append(found, line)
		}
	}
	return found
}
