// Package console reads a serial console: what the machine behind it is doing.
//
// A machine that dumps, shuts down or boots must be left alone, and only its
// console says so. The text is written by the guest and is hostile. It leaves this
// package only as the one printable line that decided.
package console

import (
	"bytes"
	"strconv"

	"crashcart/lambda/domain/printable"
)

// Activity is what a machine is doing by its console: Quiet, Dumping,
// ShuttingDown or Booting.
type Activity string

const (
	// Quiet means that the console speaks of nothing that must not be disturbed.
	// It is not proof of a hang. An empty console is quiet.
	Quiet Activity = "quiet"
	// Dumping means that a capture kernel runs: an interrupt would kill the dump.
	Dumping Activity = "dumping"
	// ShuttingDown means that a shutdown or reboot has begun.
	ShuttingDown Activity = "shutting down"
	// Booting means that the newest boot in the console is not finished.
	Booting Activity = "booting"
)

// bootTime is when a boot is over whatever the console says, in seconds by the
// kernel's clock: many images print nothing when they are ready.
const bootTime = 600

// MaxBytes is how much of a console counts, in bytes: the newest ones. EC2 keeps no
// more than that (Amazon EC2 API Reference, GetConsoleOutput).
const MaxBytes = 64 << 10

// Read says what the machine behind a console is doing, and the line that shows
// it: printable text of at most MaxLine bytes, empty for Quiet. It takes the
// console as EC2 gives it, a ring of which the newest MaxBytes bytes count, cut
// anywhere, with CR LF, terminal escapes and lines of user space among the kernel's.
//
// Only what follows the newest boot counts, so an older crash in the ring says
// nothing. A boot starts with the kernel's version or, where the cut has taken
// that line, its command line. A boot with elfcorehdr= on its command line is a
// capture kernel's (Linux documentation, "Documentation for Kdump"), and stays
// one until the next boot. Where the command line is lost, the signs of what only
// runs in a capture kernel tell the same.
//
// A kernel booted with "quiet" prints neither version nor command line. So a
// machine that came up to a login after the kernel's own last word ("reboot:
// Restarting system") has booted, too.
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

// story is what is known since the newest boot. Each sign is its evidence,
// empty while it has not been seen.
type story struct {
	boot      string // this boot's first line
	capture   string // a command line with elfcorehdr=
	vmcore    string // one of captureSigns
	shutdown  string // the first sign of a shutdown that no login has followed
	commanded bool   // the command line was seen
	ended     bool   // the kernel said its last word
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

func (s *story) addCommandLine(line []byte, at int) {
	s.commanded = true
	if s.boot == "" {
		s.boot = evidence(line, at)
	}
	if hdr := bytes.Index(line[at:], []byte(" elfcorehdr=")); hdr >= 0 && s.capture == "" {
		s.capture = evidence(line, at+hdr)
	}
}

func (s *story) addReady(line []byte) {
	login := bytes.Contains(line, []byte(" login:"))
	if login || isReady(line) {
		if s.ended {
			*s = story{} // another boot, which did not show its beginning
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
