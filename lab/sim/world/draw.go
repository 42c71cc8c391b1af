package world

import (
	"math"
	"time"
)

// mix draws a number that follows from two others (splitmix64's finalizer).
func mix(a, b uint64) uint64 {
	x := a + (b+1)*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// mixAt draws a number for a moment.
func mixAt(seed uint64, at int64) uint64 { return mix(seed, uint64(at)) } //nolint:gosec // only to draw by

// mixText draws a number that follows from a seed and a text.
func mixText(seed uint64, text string) uint64 {
	for i := range len(text) {
		seed = mix(seed, uint64(text[i]))
	}
	return seed
}

// part is a draw as a number from 0 up to 1.
func part(draw uint64) float64 { return float64(draw>>11) / (1 << 53) }

// below is a draw as a whole number from 0 up to n.
func below(draw uint64, n int64) int64 {
	if n <= 0 {
		return 0
	}
	return int64((draw >> 1) % uint64(n)) //nolint:gosec // both are positive
}

// between is a draw as a whole number from least to most.
func between(draw uint64, least, most int64) int64 { return least + below(draw, most-least+1) }

// spread is a draw as a number from least to most, log-uniform: as many are between 10 s
// and 1 min as between 1 min and 6 min.
func spread(draw uint64, least, most int64) int64 {
	if most <= least || least <= 0 {
		return least
	}
	return int64(math.Round(float64(least) * math.Pow(float64(most)/float64(least), part(draw))))
}

// wait is a draw as the time until the next of events that come at a rate (exponential).
func wait(draw uint64, perSecond float64) float64 { return -math.Log(1-part(draw)) / perSecond }

// seconds are a duration in the world's own unit.
func seconds(d time.Duration) int64 { return int64(d / time.Second) }

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// floor gives the largest multiple of step, counted from base, that is not after at. It
// returns how many steps that is.
func floor(at, base, step int64) int64 {
	n := (at - base) / step
	if (at-base)%step < 0 {
		n--
	}
	return n
}
