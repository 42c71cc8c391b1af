// Package console reads a serial console, and says what its machine is doing.
//
// A machine that dumps, shuts down or boots must be left alone, and only its console says
// so. The guest writes the text, so it is hostile. It leaves this package only as the one
// printable line that decided.
package console

import (
	"bytes"
	"strconv"

	"crashcart/lambda/domain/printable"
)

// Activity is what a machine is doing, by its console.
type Activity string

// What a machine may be doing.
const (
	// Quiet means that the console shows nothing that must not be disturbed. It does not
	// prove a hang. An empty console is quiet.
	Quiet Activity = "quiet"
	// Dumping means that a capture kernel runs. An interrupt would kill its dump.
	Dumping Activity = "dumping"
	// ShuttingDown means that a shutdown or reboot has begun.
	ShuttingDown Activity = "shutting down"
	// Booting means that the newest boot in the console is not finished.
	Booting Activity = "booting"
)

// bootTime is when a boot counts as finished, in seconds by the kernel's clock. Many
// images print nothing when they are ready.
const bootTime = 600

// MaxBytes is how much of a console counts, in bytes: the newest ones. EC2 keeps no
// more than that (Amazon EC2 API Reference, GetConsoleOutput).
const MaxBytes = 64 << 10

// Read says what a machine is doing, and gives the line that shows it: printable text of
// at most MaxLine bytes, empty for Quiet. It takes the console as EC2 gives it: a ring of
// which the newest MaxBytes bytes count. The ring may be cut anywhere. It has CR LF,
// terminal escapes, and lines of user space among those of the kernel.
//
// Only what follows the newest boot counts, so an older crash in the ring says nothing. A
// boot starts with the kernel's version. Where the cut has taken that line, it starts with
// the kernel's command line. A boot with elfcorehdr= on its command line is that of a
// capture kernel (Linux documentation, "Documentation for Kdump"), until the next boot.
// Where the command line is lost, a sign of what only runs in a capture kernel counts as
// much.
//
// A kernel that was booted with "quiet" prints neither its version nor its command line.
// So a machine has also booted when a login follows the last word of its kernel ("reboot:
// Restarting system").
func Read(text []byte) (a Activity, line string) {
	text = text[max(0, len(text)-MaxBytes):]
	var s story
	var plain []byte
	for len(text) > 0 {
		raw := text
		if end := bytes.IndexAny(text, "\r\n"); end >= 0 {
			raw, text = text[:end], text[end+1:]
		} else {
			text = nil
		}
		if len(raw) > 0 {
			plain = printable.StripEscapes(plain[:0], raw)
			s.add(plain)
		}
	}
	return s.activity()
}

// story is what the console shows since the newest boot. A sign is the line that shows
// it, and is empty until it was seen.
type story struct {
	boot      string // this boot's first line
	capture   string // a command line with elfcorehdr=
	vmcore    string // one of captureSigns
	shutdown  string // the first sign of a shutdown that no login has followed
	commanded bool   // the command line was seen
	ended     bool   // the kernel printed one of lastWords
	ready     bool   // the boot is finished
}

// add takes the next line, without its escapes.
func (s *story) add(line []byte) {
	if at := indexBoot(line); at >= 0 {
		*s = story{boot: evidence(line, at)}
		return
	}
	if at := indexCommandLine(line); at >= 0 {
		s.addCommandLine(line, at)
		return
	}
	if at := indexAny(line, captureSigns); at >= 0 && s.vmcore == "" {
		s.vmcore = evidence(line, at)
	}
	at, last := indexShutdown(line)
	if at < 0 {
		s.addReady(line)
		return
	}
	// Behind a prompt, "login: [  913.1] reboot: ...", the newer sign counts.
	s.ended = s.ended || last
	if s.shutdown == "" {
		s.shutdown = evidence(line, at)
	}
}

// addCommandLine takes a line with the kernel's command line at the index at.
func (s *story) addCommandLine(line []byte, at int) {
	s.commanded = true
	if s.boot == "" {
		s.boot = evidence(line, at)
	}
	if hdr := bytes.Index(line[at:], []byte(" elfcorehdr=")); hdr >= 0 && s.capture == "" {
		s.capture = evidence(line, at+hdr)
	}
}

// addReady takes a line that may show the end of a boot.
func (s *story) addReady(line []byte) {
	login := bytes.Contains(line, []byte(" login:"))
	if login || isReady(line) {
		if s.ended {
			*s = story{} // this is another boot, whose beginning was not printed
		}
		s.ready = true
	}
	if login {
		s.shutdown = ""
	}
	if seconds, ok := stamp(line); ok && seconds > bootTime {
		s.ready = true
	}
}

// activity is the conclusion, and the line that shows it.
func (s *story) activity() (Activity, string) {
	switch {
	case s.capture != "":
		return Dumping, s.capture
	case s.vmcore != "" && !s.commanded:
		return Dumping, s.vmcore
	case s.shutdown != "":
		return ShuttingDown, s.shutdown
	case s.boot != "" && !s.ready:
		return Booting, s.boot
	}
	return Quiet, ""
}

// stamp reads the kernel's time at the start of a line, "[  123.456789] ", in
// whole seconds.
func stamp(line []byte) (seconds int, ok bool) {
	if len(line) == 0 || line[0] != '[' {
		return 0, false
	}
	whole, _, ok := bytes.Cut(line[1:min(len(line), 24)], []byte("."))
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(string(bytes.TrimLeft(whole, " ")), 10, 31)
	return int(n), err == nil
}
