package printable

import (
	"fmt"
	"time"
)

// Duration writes a duration as a person says it, in its two largest units: 45s, 2m40s,
// 2h13m, 3d4h. It cuts and never rounds up, so that a moment less than a figure never reads
// as that figure. A negative duration, from two clocks that differ, is 0s.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	d = max(0, d)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return two(d, unit{time.Minute, "m"}, unit{time.Second, "s"})
	case d < 2*day:
		return two(d, unit{time.Hour, "h"}, unit{time.Minute, "m"})
	default:
		return two(d, unit{day, "d"}, unit{time.Hour, "h"})
	}
}

// Ago writes how long before now something was: "2m40s ago". The zero time is a time that
// nobody has given: "at an unknown time".
func Ago(now, then time.Time) string {
	if then.IsZero() {
		return "at an unknown time"
	}
	return Duration(now.Sub(then)) + " ago"
}

type unit struct {
	length time.Duration
	name   string
}

// two writes d in a large unit and what is left of it in a small one.
func two(d time.Duration, large, small unit) string {
	out := fmt.Sprintf("%d%s", d/large.length, large.name)
	if rest := d % large.length / small.length; rest > 0 {
		out += fmt.Sprintf("%d%s", rest, small.name)
	}
	return out
}
