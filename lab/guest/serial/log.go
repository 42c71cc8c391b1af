// Package serial keeps what a guest says on its serial port, line by line, for those
// who wait for a line, read back, or follow live.
//
// The port is a stream of bytes that anything in the guest may write to: kernel,
// shell and tools share it, so that a line may begin with another's unfinished one
// (the kernel's first words after a prompt). Patterns must not be anchored where that
// matters. Nothing is taken away from the bytes; a line's text only lacks its end.
package serial

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// keep is how much a log holds before it forgets the older half: some two hundred
	// boots, and a bound for a guest that floods its console.
	keep = 16 << 20
	// maxLine bounds a line; a longer one is cut into pieces of it.
	maxLine = 16 << 10
)

// ErrClosed says that the port is closed, and that no more will come.
var ErrClosed = errors.New("the serial port is closed")

// Mark is a place in a log: the beginning of a line. They grow with the log, and
// lines that it has forgotten keep theirs.
type Mark int

// Line is one line. Mark+1 is where the next one begins.
type Line struct {
	Mark Mark
	At   time.Time // on the wall, when its last byte came
	Text string    // as it came, without the line's end
}

// Log is all that came out of a serial port. It is safe for concurrent use; New
// makes one.
type Log struct {
	mu      sync.Mutex
	raw     []byte
	lines   []span // the complete ones, oldest first
	first   Mark   // of lines[0]
	open    int    // where in raw the unfinished line begins
	openAt  time.Time
	changed chan struct{} // closed, and replaced, when something comes
	closed  bool
}

// span is a line's place in the raw bytes, with its end.
type span struct {
	from, to int
	at       time.Time
}

// New makes an empty log.
func New() *Log { return &Log{changed: make(chan struct{})} }

// Write adds what the port said. It never fails before Close.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, ErrClosed
	}
	now := time.Now()
	l.raw = append(l.raw, p...)
	l.openAt = now
	for {
		end := bytes.IndexByte(l.raw[l.open:], '\n') + 1
		if end == 0 || end > maxLine {
			end = maxLine
		}
		if l.open+end > len(l.raw) {
			break
		}
		l.end(l.open+end, now)
	}
	if len(l.raw) > keep {
		l.forget(len(l.raw) - keep/2)
	}
	l.wake()
	return len(p), nil
}

// Close ends the log: its unfinished line is complete, and all who wait learn that
// nothing more will come.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	if l.open < len(l.raw) {
		l.end(len(l.raw), l.openAt)
	}
	l.closed = true
	l.wake()
	return nil
}

// end completes the unfinished line. The caller holds the lock.
func (l *Log) end(at int, now time.Time) {
	l.lines = append(l.lines, span{l.open, at, now})
	l.open = at
}

// forget drops the lines that begin within the first n bytes.
func (l *Log) forget(n int) {
	gone, _ := slices.BinarySearchFunc(l.lines, n, func(s span, n int) int { return s.from - n })
	cut := l.open
	if gone < len(l.lines) {
		cut = l.lines[gone].from
	}
	l.lines = slices.Delete(l.lines, 0, gone)
	for i := range l.lines {
		l.lines[i].from -= cut
		l.lines[i].to -= cut
	}
	l.first += Mark(gone)
	l.open -= cut
	l.raw = slices.Clone(l.raw[cut:])
}

// wake wakes all who wait for something new. The caller holds the lock.
func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Mark is the place of what comes next: of the unfinished line if there is one, else
// of the next.
func (l *Log) Mark() Mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first + Mark(len(l.lines))
}
