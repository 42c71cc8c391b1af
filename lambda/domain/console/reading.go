package console

import "time"

// Reading is what a console shows.
type Reading struct {
	// Activity is what the machine is doing.
	Activity Activity
	// Line is the line that decided, as text that prints, of at most MaxLine bytes. It is
	// empty for Quiet.
	Line string
	// Progress is how far the dump is: "41 %". It is empty unless the machine is dumping
	// and says so.
	Progress string
	// Left is how long the dump takes from here, as makedumpfile estimates it: "9m1s". It
	// is empty where Progress is, and often besides.
	Left string
	// Lines are the lines with a sign, of all lives in the ring, the oldest first.
	Lines []Line
	// Dump says that the ring shows a dump, be it one that is over.
	Dump bool
	// Booted says that a boot has begun in the ring and is finished, and that no sign of a
	// dump is newer than its beginning. A dump that an earlier reading has seen is then
	// over, even where the ring has forgotten that dump.
	Booted bool
	// Bare says that the newest life shows nothing but firmware. Its kernel does not write
	// to this console, so that a dump would not show either.
	Bare bool
	// Clock is the newest kernel time of the newest life: how long its kernel has run.
	// Timed says that there is one.
	Clock time.Duration
	Timed bool
	// Begun says that the ring shows a boot with which the newest life began, or may have:
	// its first line, many lines of its first seconds, or a kernel's time that has started
	// again.
	Begun bool
	// Ran is how long the kernel of the newest life has surely written after its boot was
	// finished, by its own clock. It counts from the line that finished the boot, or from
	// the kernel's next line where that one does not have the kernel's time. It is 0 where
	// Begun is false, or the boot is not finished, or no later line has the kernel's time.
	Ran time.Duration

	text  []byte // what was scanned: the lines are parts of it
	begin place  // where the newest life begins, or the ring if that does not show it
}

// Line is a line with a sign.
type Line struct {
	// Offset is where the line begins in the text that was scanned, in bytes.
	Offset int
	// Life is the number of the life in which the line was written. The oldest life in the
	// ring has the number 0.
	Life int32
	// Sign is what the line shows.
	Sign Sign

	at uint16 // where the sign stands in the line, without its escapes: in MaxBytes bytes
}
