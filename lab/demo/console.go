package demo

import (
	"bytes"
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

// lastLines are the console's last n lines.
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
