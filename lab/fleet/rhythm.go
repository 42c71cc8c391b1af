package fleet

import (
	"math"
	"time"
)

// rhythm is how often a guest does something while it lives: a function of its seed and
// of the lab's time, so that hours of it are there without having passed.
type rhythm struct {
	seed  uint64
	every time.Duration // a length of time in which it happens
	least int           // so often at least
	most  int           // and at most
	rare  int           // but so often in one of rareEvery lengths; 0 for never
}

// rareEvery is one in how many lengths has the rare number, such as a log's rotation.
const rareEvery = 17

// The rhythms of a living guest's writes. The figures are those of a host with rsyslog,
// a persistent journal and an agent. No minute has less than half of the median or more
// than three times of it.
func busyRoot(seed uint64) rhythm {
	return rhythm{seed: seed, every: time.Minute, least: 30, most: 50, rare: 90}
}

func busyMore(seed uint64) rhythm { return rhythm{seed: seed, every: time.Minute, least: 8, most: 12} }

// count is how often it happened from a time to another, which is not part of it.
func (r rhythm) count(from, to time.Time) int {
	n := 0
	for i := r.index(from); ; i++ {
		begins := time.Unix(0, i*int64(r.every))
		if !begins.Before(to) {
			return n
		}
		times := r.times(i)
		n += r.before(times, to.Sub(begins)) - r.before(times, from.Sub(begins))
	}
}

// index is the number of the length that has a time.
func (r rhythm) index(t time.Time) int64 {
	return int64(math.Floor(float64(t.UnixNano()) / float64(r.every)))
}

// times is how often it happens in a length.
func (r rhythm) times(i int64) int {
	draw := mix(r.seed, uint64(i)) //nolint:gosec // only to draw by
	if r.rare > 0 && draw%rareEvery == 0 {
		return r.rare
	}
	return r.least + int(draw>>8%uint64(r.most-r.least+1)) //nolint:gosec // both are small and positive
}

// before is how many of the times in a length, spread evenly over it, are before a moment.
func (r rhythm) before(times int, after time.Duration) int {
	step := float64(r.every) / float64(times)
	first := step * float64(r.seed%64) / 64
	n := int(math.Ceil((float64(after) - first) / step))
	return min(max(n, 0), times)
}

// mix draws a number that follows from two others.
func mix(a, b uint64) uint64 {
	x := a ^ b*0x9e3779b97f4a7c15 // splitmix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
