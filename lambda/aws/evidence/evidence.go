// Package evidence takes what an instance shows from outside just before it is
// interrupted: its serial console both ways EC2 gives it, and its screen.
//
// A look is evidence, never a condition. Taker.Take always returns, within its
// bound, with whatever could be had and for the rest the reason why not. The
// screen and the ring behind the console are overwritten by the crash, so the
// look is taken before it; Store.Put keeps it in S3, for the winner of the claim
// only, since a slower racer would overwrite it with what came after.
//
// Console text is written by the guest and is hostile. It is kept as bytes and
// bounded. What it says is read by package console.
package evidence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/smithy-go"
)

// MaxScreenshot is the largest screenshot that is kept, in bytes. EC2 promises
// at most 100 KB (Amazon EC2 User Guide, "Troubleshoot an unreachable
// instance"); ten times that is no screenshot any more.
const MaxScreenshot = 1 << 20

var (
	// ErrLate is the reason for everything that was not there within the bound.
	ErrLate = errors.New("no answer in time")
	// ErrEmpty is the reason when EC2 answered and had nothing: no console output
	// was posted yet, or the image is empty.
	ErrEmpty = errors.New("EC2 has none")
	// ErrTooLarge is the reason when a screenshot is beyond MaxScreenshot.
	ErrTooLarge = errors.New("too large to be a screenshot")
)

// Look is what was seen of one instance. Each of the three parts is there, or
// its error says why not.
type Evidence struct {
	InstanceID string
	TakenAt    time.Time // when the look was begun, by our clock

	// Latest is the console as it is at this moment, at most console.MaxBytes bytes. It
	// is the one to give to console.Read.
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

// Missing names what a person would look for and not find, each with why: the
// console as it was, and the screen. It is empty for a look that has both.
func (l Evidence) Missing() []string {
	var missing []string
	for _, part := range []struct {
		name string
		size int
		err  error
	}{{"console", len(l.Latest), l.LatestErr}, {"screenshot", len(l.Screenshot), l.ScreenshotErr}} {
		if part.err == nil && part.size == 0 {
			part.err = ErrEmpty
		}
		if part.err != nil {
			missing = append(missing, fmt.Sprintf("no %s (%s)", part.name, why(part.err)))
		}
	}
	return missing
}

// Why a part of a look is missing, as evidence.json says it.
const (
	whyLate        = "late"
	whyRefused     = "refused"
	whyUnsupported = "unsupported"
	whyEmpty       = "empty"
	whyFailed      = "failed"
)

// why names the kind of err. The codes are from "Error codes for the Amazon EC2
// API"; whatever is not on the list is a plain failure.
func why(err error) string {
	switch {
	case errors.Is(err, ErrLate), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return whyLate
	case errors.Is(err, ErrEmpty):
		return whyEmpty
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return whyFailed
	}
	switch api.ErrorCode() {
	case "UnauthorizedOperation", "AuthFailure", "OptInRequired", "Blocked":
		return whyRefused
	case "UnsupportedOperation", "Unsupported":
		return whyUnsupported
	}
	return whyFailed
}
