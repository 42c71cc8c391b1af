package cases

import "time"

// Slots is the occupancy of one set of slots: when each taken one lapses, by
// its number. Lapsed slots are left out.
type Slots struct {
	Taken map[int]time.Time
}

// Used is how many slots are taken.
func (s Slots) Used() int { return len(s.Taken) }

// NextFree is when the first of the taken slots lapses; zero when none is taken.
func (s Slots) NextFree() time.Time {
	var next time.Time
	for _, lapses := range s.Taken {
		if next.IsZero() || lapses.Before(next) {
			next = lapses
		}
	}
	return next
}

// Free returns a slot below limit that a claim may take, -1 for none. start
// spreads the choices of racing claims.
//
// A limit can shrink (a group loses members, the configuration changes) while
// slots beyond it are still taken. These count, so no more of the free slots
// below it than are left may be taken, and all racers must want the same ones:
// the lowest.
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
