// Package evidence takes what an instance shows from outside just before it is
// interrupted: its serial console both ways EC2 gives it, and its screen.
//
// A screenshot is never a condition, nor is what is stored; the newest console is, for
// the rule quiet. Taker.Take always returns within its bound, with
// whatever could be had, and with the reason for every part that could not.
//
// The crash overwrites the screen and the ring behind the console, so evidence is taken
// before it. Store.Put keeps it in S3. Only the winner of the claim may put it there: a
// slower racer would overwrite it with what came after.
//
// Console text is written by the guest and is hostile. It is kept as bytes and
// bounded. Package console reads what it says.
package evidence

import (
	"errors"
	"time"
)

// MaxScreenshot is the largest screenshot that is kept, in bytes. EC2 promises
// at most 100 KB ("Troubleshoot an unreachable instance", Amazon EC2 User Guide).
// What is ten times as large is something else.
const MaxScreenshot = 1 << 20

var (
	// ErrLate is the reason for everything that was not there within the bound.
	ErrLate = errors.New("no answer in time")
	// ErrEmpty is the reason when EC2 answered and had nothing: no console output
	// has been posted yet, or the image is empty.
	ErrEmpty = errors.New("EC2 has none")
	// ErrTooLarge is the reason when a screenshot is beyond MaxScreenshot.
	ErrTooLarge = errors.New("too large to be a screenshot")
)

// Evidence is what was seen of one instance. Each of the three parts is there, or
// its error says why not.
type Evidence struct {
	InstanceID string
	TakenAt    time.Time // when it was begun, by our clock

	// Latest is the console as it is at this moment, at most console.MaxBytes bytes.
	// This is the one to give to console.Read.
	Latest    []byte
	LatestAt  time.Time // EC2's time of it, zero when EC2 does not say
	LatestErr error

	// Buffered is the console that EC2 kept at the last start, stop or reboot.
	// It may be hours old and cut in the middle of a boot, so it says nothing
	// about what the machine is doing.
	Buffered    []byte
	BufferedAt  time.Time
	BufferedErr error

	Screenshot    []byte // a JPEG
	ScreenshotErr error
}
