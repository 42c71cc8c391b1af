package evidence

import (
	"context"
	"errors"
	"fmt"

	"crashcart/lambda/aws/awserr"
	"crashcart/lambda/domain/printable"
)

// Missing names the parts that a person would look for and not find, each with its
// reason: the latest console, and the screen. It is empty when both are there.
func (e Evidence) Missing() []string {
	var missing []string
	for _, part := range []struct {
		name string
		size int
		err  error
	}{{"console", len(e.Latest), e.LatestErr}, {"screenshot", len(e.Screenshot), e.ScreenshotErr}} {
		if part.err == nil && part.size == 0 {
			part.err = ErrEmpty
		}
		if part.err != nil {
			missing = append(missing, fmt.Sprintf("no %s (%s)", part.name, why(part.err)))
		}
	}
	return missing
}

// Why a part is missing, as evidence.json says it.
const (
	whyLate        = "late"
	whyRefused     = "refused"
	whyUnsupported = "unsupported"
	whyEmpty       = "empty"
	whyFailed      = "failed"
)

// why names the kind of err ("Error codes for the Amazon EC2 API", Amazon EC2 Developer
// Guide). A code that is not on the list is a plain failure.
func why(err error) string {
	switch {
	case errors.Is(err, ErrLate), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return whyLate
	case errors.Is(err, ErrEmpty):
		return whyEmpty
	}
	switch awserr.Code(err) {
	case "UnauthorizedOperation", "AuthFailure", "OptInRequired", "Blocked":
		return whyRefused
	case "UnsupportedOperation", "Unsupported":
		return whyUnsupported
	}
	return whyFailed
}

// maxReason bounds an error's text in evidence.json, in bytes: EC2's encoded
// authorization failures run to kilobytes and end up in reports.
const maxReason = 1 << 10

// reason is what err says, for a person.
func reason(err error) string { return printable.Line(err.Error(), maxReason) }
