package console

import (
	"bytes"
	"sync"
)

// isUserSpace says whether user space has written the line from the index from on, and no
// program has been quoted in it: a line of the system's log, a unit that systemd starts or
// stops, or a prompt for a login. stamped says that the kernel's time ends there.
func isUserSpace(line []byte, from int, stamped bool) bool {
	p := speakerOf(line, from, stamped)
	switch p.who {
	case quotation: // by the wall clock's time; the kernel's text that looks so is quoted
		return !stamped
	case system, program:
		return !stamped || !isOfSignal(line[p.text:])
	case somebody:
		return isPrompt(line[from:]) || isBroadcast(line[from:]) || initWords().has(behindMarks(line[from:]))
	}
	return false
}

// isOfSignal says whether a message behind a program's name is the kernel's word on a
// program that has crashed: "app[812]: segfault at 0 ip ..." (Linux source,
// arch/x86/mm/fault.c, show_signal_msg; arch/arm64/kernel/traps.c and signal.c).
func isOfSignal(message []byte) bool {
	for _, w := range []string{"segfault at ", "unhandled exception", "bad frame in ", "undefined instruction", "syscall "} {
		if hasPrefix(message, w) {
			return true
		}
	}
	return false
}

// isPrompt says whether text has a prompt for a login, or a login's greeting (util-linux,
// agetty(8); shadow, login(1)).
func isPrompt(text []byte) bool {
	login := []byte("login:")
	for from := 0; ; from += len(login) {
		at := bytes.Index(text[from:], login)
		if at < 0 {
			return false
		}
		if from += at; from == 0 || text[from-1] == ' ' || text[from-1] == '\t' {
			return true
		}
	}
}

// isBroadcast says whether text begins a message to all terminals (rsyslog source,
// tools/omusrmsg.c; systemd source, src/shared/wall.c; util-linux, term-utils/wall.c).
func isBroadcast(text []byte) bool {
	text = bytes.TrimLeft(text, "\a ")
	return hasPrefix(text, "Message from syslogd@") || hasPrefix(text, "Broadcast message from ")
}

// initWords are the words with which a message of init begins, such as "Started ".
var initWords = sync.OnceValue(func() *prefixList {
	more := []string{ // what only shows that init goes on (systemd source, src/core, UnitVTable.status_message_formats)
		"Unmounting ", "Unmounted ", "Mounting ", "Reloading ", "Reloaded ", "Closed ", "Removed slice ", "Activating swap ",
		"Activated swap ", "Deactivating swap ", "Deactivated swap ", "Set up automount ", "Unset automount ",
	}
	for _, w := range allWords() {
		if w.rule == byInit|leads {
			more = append(more, w.text)
		}
	}
	return prefixes(more...)
})

// behindMarks is the text behind the marks that init puts before a message: "[  OK  ] ",
// " * ", "[ ***  ] (1 of 2) ".
func behindMarks(text []byte) []byte {
	for len(text) > 0 {
		switch text[0] {
		case ' ', '*':
			text = text[1:]
		case '[', '(':
			end := bytes.IndexAny(text[:min(len(text), maxMark)], "])")
			if end < 0 {
				return text
			}
			text = text[end+1:]
		default:
			return text
		}
	}
	return text
}
