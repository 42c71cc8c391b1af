// Package console reads a serial console, and says what its machine is doing.
//
// A machine that dumps, shuts down or boots must be left alone, and only its console says
// so. The guest writes the text, so it is hostile. It leaves this package only as
// printable lines.
//
// The text is read once, from its first byte to its last:
//
//	bytes -> lines -> pieces -> signs -> lives
//
// A line ends with LF or CR, so each part of a progress line counts. A piece is what one
// writer has put into a line: the kernel's text cuts into a program's line, and begins
// with the kernel's time. A sign is known words in a piece (the files words_*.go, with
// their sources), said by somebody who can know: a quotation is no sign. A life is what
// lies between two boots. The newest life decides.
//
// A state stays until something newer proves a newer state. Where nothing can tell a dump
// from a hang, it is a dump.
//
// NewsSince compares a console with an older reading of it: whether its machine has
// restarted, whether its kernel has said that something is stuck, and whether its user space
// has written anything.
package console

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

// MaxBytes is how much of a console counts, in bytes: the newest ones. EC2 keeps no
// more than that (Amazon EC2 API Reference, GetConsoleOutput).
const MaxBytes = 64 << 10

// Read says what a machine is doing, and gives the line that shows it. It is the short
// form of Scan.
func Read(text []byte) (a Activity, line string) {
	r := Scan(text)
	return r.Activity, r.Line
}
