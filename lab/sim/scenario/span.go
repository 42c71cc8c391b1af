package scenario

import (
	"fmt"
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
	total, rest, next := time.Duration(0), text, 0
	for rest != "" {
		digits := 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			digits++
		}
		if digits == 0 || digits == len(rest) {
			return 0, badSpan(text)
		}
		n, err := strconv.ParseInt(rest[:digits], 10, 32)
		if err != nil {
			return 0, badSpan(text)
		}
		for next < len(units) && units[next].letter != rest[digits] {
			next++
		}
		if next == len(units) {
			return 0, badSpan(text)
		}
		if total += time.Duration(n) * units[next].length; total < 0 || total > maxDuration || time.Duration(n) > maxDuration/units[next].length {
			return 0, fmt.Errorf("%q is longer than %s", text, Span(maxDuration))
		}
		next++
		rest = rest[digits+1:]
	}
	if text == "" {
		return 0, badSpan(text)
	}
	return total, nil
}

func badSpan(text string) error {
	return fmt.Errorf("%q is no duration such as 2d3h, 8m or 90s", text)
}
