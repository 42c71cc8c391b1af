package world

// memo keeps what was counted of successive minutes. A guard that waits asks every minute
// for the same four hours, so nearly all of them were counted before.
type memo struct {
	of    *host
	what  int // a volume, or sentMemo
	first int64
	known []float64
}

const (
	sentMemo  = 7
	memos     = 64
	memoLimit = 2048 // minutes
)

// memo is the place where something of a host is kept. Something else may be there.
func (v *View) memo(h *host, what int) *memo {
	m := &v.memos[(int(h.n)*8+what)%memos]
	if m.of != h || m.what != what {
		*m = memo{of: h, what: what, known: m.known[:0]}
	}
	return m
}

// get gives the number of a minute, and counts it if nobody has.
func (m *memo) get(begins int64, count func(begins int64) float64) float64 {
	next := m.first + int64(len(m.known))*minute
	if begins < m.first || begins > next+memoGap*minute || len(m.known) > memoLimit {
		m.first, m.known, next = begins, m.known[:0], begins
	}
	for ; next <= begins; next += minute {
		m.known = append(m.known, count(next))
	}
	return m.known[(begins-m.first)/minute]
}

// memoGap is how many minutes nobody asked for are counted, so that what was counted before
// can be kept.
const memoGap = 30
