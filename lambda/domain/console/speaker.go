package console

import "bytes"

// speaker is who has written a piece of a line.
type speaker uint8

const (
	// somebody is the kernel, or init on the bare console: the piece names no program.
	somebody speaker = iota
	// kernel is the kernel: its time stands before the piece, and no program's name.
	kernel
	// system is the init of the system: "systemd[1]: ".
	system
	// program is another program. The init of a user or of a container is one.
	program
	// quotation is text that repeats what was said elsewhere, or at another time.
	quotation
)

// maxName is how long a program's name may be, in bytes.
const maxName = 40

// piece is a part of a line that one speaker has written.
type piece struct {
	who  speaker
	name []byte // of the program
	body int    // where the text begins, behind the kernel's time
	text int    // where the message begins, behind the program's name
}

// speakerOf reads who has written the line from the index from on. stamped says that the
// kernel's time ends there.
func speakerOf(line []byte, from int, stamped bool) piece {
	p := piece{body: from, text: from}
	rest := line[from:]
	if isLogged(rest) {
		p.who = quotation
		return p
	}
	if stamped {
		p.who = kernel
		if _, ok := stampAt(rest, widthAtHead); ok { // the kernel repeats what a program has written to it
			p.who = quotation
			return p
		}
	}
	name, size := programName(rest)
	if size == 0 {
		return p
	}
	p.name, p.text, p.who = name, from+size, program
	pid := rest[len(name) : size-2]
	if string(pid) == "[1]" && (bytes.HasPrefix(name, []byte("systemd")) || string(name) == "init") {
		p.who = system
	}
	return p
}

// programName reads the name that a message begins with, "kdump[453]: ". size is the
// length of all of it.
func programName(text []byte) (name []byte, size int) {
	n := 0
	for n < len(text) && n < maxName && nameBytes[text[n]] {
		n++
	}
	if n == 0 || n >= len(text) || text[n] != '[' {
		return nil, 0
	}
	_, digits := number(text[n+1:], maxWhole)
	end := n + 1 + digits
	if digits == 0 || !bytes.HasPrefix(text[end:], []byte("]: ")) {
		return nil, 0
	}
	return text[:n], end + len("]: ")
}

// nameBytes are the bytes that a program's name may have.
var nameBytes = func() (is [256]bool) {
	for c := range 128 {
		is[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(byte(c))
	}
	for _, c := range []byte("-_./()@+") {
		is[c] = true
	}
	return is
}()

// isLogged says whether text begins with the wall clock's time, as a line of the system's
// log does that syslog or the journal repeats on the console: "Nov 28 03:00:00 " (RFC 3164)
// or "2026-11-28T03:00:00" (RFC 3339).
func isLogged(text []byte) bool {
	const shortest = len("Aaa _0 00:00:00 ")
	if len(text) < shortest || text[3] != ' ' && text[4] != '-' {
		return false
	}
	return matches(text, "Aaa _0 00:00:00 ") || matches(text, "0000-00-00T00:00:00") || matches(text, "0000-00-00 00:00:00")
}

// matches says whether text begins with the form: A is a capital, a is a small letter, 0 is
// a digit, and _ is a digit or a blank.
func matches(text []byte, form string) bool {
	if len(text) < len(form) {
		return false
	}
	for i := range len(form) {
		if !matchesByte(text[i], form[i]) {
			return false
		}
	}
	return true
}

func matchesByte(c, form byte) bool {
	switch form {
	case 'A':
		return c >= 'A' && c <= 'Z'
	case 'a':
		return c >= 'a' && c <= 'z'
	case '0':
		return isDigit(c)
	case '_':
		return isDigit(c) || c == ' '
	}
	return c == form
}
