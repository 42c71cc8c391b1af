package cases

import "time"

// Slots says which slots of a set are taken, by their numbers, and when each lapses.
// Lapsed slots are left out.
type Slots struct {
	Taken map[int]time.Time
}

// Used is how many slots are taken.
func (s Slots) Used() int { return len(s.Taken) }

// NextFree is when the first of the taken slots lapses. It is zero when no slot is taken.
func (s Slots) NextFree() time.Time {
	var next time.Time
	for _, lapses := range s.Taken {
		if next.IsZero() || lapses.Before(next) {
			next = lapses
		}
	}
	return next
}

// Free returns a slot below limit that a claim may take, or -1. start spreads the choices
// of racing claims.
//
// A limit can shrink while slots beyond it are still taken: a group loses members, or the
// configuration changes. Those slots count too. Then fewer slots are left than are free
// below the limit. All racers choose among the same ones, the lowest, so that together
// they never take more than are left.
func (s Slots) Free(start uint64, limit int) int {
	left := limit - s.Used()
	if left <= 0 {
		return -1
	}
	skip := start % uint64(left)
	for k := range limit {
		if _, taken := s.Taken[k]; taken {
			continue
		}
		if skip == 0 {
			return k
		}
		skip--
	}
	return -1
}
