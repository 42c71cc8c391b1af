package clock

import (
	"slices"
	"sync"
	"time"
)

// Manual is a clock that stands still until Advance moves it.
type Manual struct {
	mu      sync.Mutex
	now     time.Time
	waiting []waiter
}

type waiter struct {
	at time.Time
	to chan time.Time
}

// NewManual makes a clock that shows start.
func NewManual(start time.Time) *Manual { return &Manual{now: start} }

// Now implements Clock.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Report implements Clock.
func (m *Manual) Report(t time.Time) time.Time {
	return time.Now().Add(t.Sub(m.Now())).Round(0)
}

// Lab implements Clock.
func (m *Manual) Lab(wall time.Time) time.Time { return m.Now().Add(-time.Since(wall)) }

// After implements Clock.
func (m *Manual) After(d time.Duration) <-chan time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	to := make(chan time.Time, 1)
	if d <= 0 {
		to <- m.now
		return to
	}
	m.waiting = append(m.waiting, waiter{at: m.now.Add(d), to: to})
	return to
}

// Advance moves the clock by d and wakes everything that falls due, earliest first.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	slices.SortStableFunc(m.waiting, func(a, b waiter) int { return a.at.Compare(b.at) })
	due := 0
	for due < len(m.waiting) && !m.waiting[due].at.After(m.now) {
		m.waiting[due].to <- m.waiting[due].at
		due++
	}
	m.waiting = slices.Delete(m.waiting, 0, due)
}

// Waiting is how many After channels have not fallen due. A test waits for it
// before it advances the clock past something that another goroutine sets up.
func (m *Manual) Waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.waiting)
}
