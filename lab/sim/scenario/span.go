package scenario

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// units are what a duration is written in, longest first.
var units = []struct {
	letter byte
	length time.Duration
}{{'d', 24 * time.Hour}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

// Span writes a duration as a scenario has it: "2d3h". Less than a second is left out.
func Span(d time.Duration) string {
	var b strings.Builder
	if d < 0 {
		b.WriteByte('-')
		d = -d
	}
	for _, u := range units {
		if n := d / u.length; n > 0 {
			fmt.Fprintf(&b, "%d%c", n, u.letter)
			d -= n * u.length
		}
	}
	if b.Len() == 0 || b.String() == "-" {
		return "0s"
	}
	return b.String()
}

// ParseSpan reads what Span writes.
func ParseSpan(text string) (time.Duration, error) {
	parts := spans.FindStringSubmatch(text)
	if text == "" || parts == nil {
		return 0, fmt.Errorf("%q is no duration such as 2d3h, 8m or 90s", text)
	}
	total := time.Duration(0)
	for n, u := range units {
		if parts[n+1] == "" {
			continue
		}
		count, err := strconv.ParseInt(parts[n+1], 10, 64)
		if err != nil || count > int64(maxDuration/u.length) {
			return 0, tooLong(text)
		}
		total += time.Duration(count) * u.length
	}
	if total > maxDuration {
		return 0, tooLong(text)
	}
	return total, nil
}

var spans = regexp.MustCompile(`^(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?$`)

func tooLong(text string) error { return fmt.Errorf("%q is longer than %s", text, Span(maxDuration)) }
