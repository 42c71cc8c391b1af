package resolve

import (
	"slices"
	"time"

	"crashcart/lambda/domain/instance"
)

// series is what CloudWatch has of one metric: a point for each period, in the order of
// the periods.
type series []instance.Point

// ordered makes a series of points as CloudWatch gave them. It is asked for them in their
// order, so nearly always they have it. Of two points of one period the later one counts.
func ordered(points []instance.Point) series {
	if inOrder(points) {
		return points
	}
	slices.SortStableFunc(points, func(a, b instance.Point) int { return a.At.Compare(b.At) })
	last := points[:0]
	for _, p := range points {
		if n := len(last) - 1; n >= 0 && last[n].At.Equal(p.At) {
			last[n] = p
			continue
		}
		last = append(last, p)
	}
	return last
}

// inOrder says whether every period comes once, and after those before it.
func inOrder(points []instance.Point) bool {
	for n := 1; n < len(points); n++ {
		if !points[n-1].At.Before(points[n].At) {
			return false
		}
	}
	return true
}

// until gives the points up to asOf. A period that begins later is left out: the other
// facts do not know of it yet.
func (s series) until(asOf time.Time) []instance.Point {
	n := len(s)
	for n > 0 && s[n-1].At.After(asOf) {
		n--
	}
	if n == 0 {
		return nil
	}
	return s[:n:n]
}

// from gives the points from a moment on.
func (s series) from(at time.Time) series {
	for len(s) > 0 && s[0].At.Before(at) {
		s = s[1:]
	}
	return s
}

// take takes the point of a period from the front, and drops what is older. It says whether
// there is one.
func (s *series) take(period time.Time) (value float64, ok bool) {
	rest := s.from(period)
	if ok = len(rest) > 0 && rest[0].At.Equal(period); ok {
		value, rest = rest[0].Value, rest[1:]
	}
	*s = rest
	return value, ok
}
