package clock

import (
	"slices"
	"sync"
	"time"
)

// Scaled is a clock that runs speed times as fast as the wall clock.
type Scaled struct {
	mu      sync.Mutex
	wall    time.Time // when it last got its speed, on the wall
	lab     time.Time // and in the lab
	speed   float64
	before  []pace // the speeds it had before that
	waiting map[*alarm]bool
}

// pace is a speed that the clock had from a moment on.
type pace struct {
	wall, lab time.Time
	speed     float64
}

// alarm is an After that has not fallen due.
type alarm struct {
	at    time.Time // lab time
	timer *time.Timer
}

// NewScaled starts a clock at the present wall-clock time. A speed of 60 makes a
// lab minute of every second; speeds that are not positive count as 1.
func NewScaled(speed float64) *Scaled {
	if speed <= 0 {
		speed = 1
	}
	now := time.Now()
	return &Scaled{wall: now, lab: now, speed: speed, waiting: map[*alarm]bool{}}
}

// Run has the clock run at another speed from now on. What waits for a lab time gets it at
// that time.
func (s *Scaled) Run(speed float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wall := time.Now()
	s.before = append(s.before, pace{s.wall, s.lab, s.speed})
	s.wall, s.lab, s.speed = wall, s.at(wall), speed
	for a := range s.waiting {
		a.timer.Reset(s.until(a.at))
	}
}

// at is the lab time at a time on the wall. The caller holds s.mu.
func (s *Scaled) at(wall time.Time) time.Time {
	return s.lab.Add(time.Duration(float64(wall.Sub(s.wall)) * s.speed))
}

// Lab implements Clock.
func (s *Scaled) Lab(wall time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !wall.Before(s.wall) {
		return s.at(wall)
	}
	for _, p := range slices.Backward(s.before) {
		if !wall.Before(p.wall) {
			return p.lab.Add(time.Duration(float64(wall.Sub(p.wall)) * p.speed))
		}
	}
	if len(s.before) > 0 {
		return s.before[0].lab.Add(wall.Sub(s.before[0].wall))
	}
	return s.lab.Add(wall.Sub(s.wall))
}

// until is how long, on the wall, a lab time is away. The caller holds s.mu.
func (s *Scaled) until(lab time.Time) time.Duration {
	return time.Duration(float64(lab.Sub(s.at(time.Now()))) / s.speed)
}

// Now implements Clock.
func (s *Scaled) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at(time.Now())
}

// Report implements Clock.
func (s *Scaled) Report(t time.Time) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	wall := time.Now()
	return wall.Add(t.Sub(s.at(wall))).Round(0)
}

// After implements Clock.
func (s *Scaled) After(d time.Duration) <-chan time.Time {
	out := make(chan time.Time, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &alarm{at: s.at(time.Now()).Add(d)}
	s.waiting[a] = true
	a.timer = time.AfterFunc(s.until(a.at), func() { s.due(a, out) })
	return out
}

// due gives an alarm its time, unless that was put off meanwhile.
func (s *Scaled) due(a *alarm, out chan<- time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.waiting[a] {
		return
	}
	if left := s.until(a.at); left > 0 {
		a.timer.Reset(left)
		return
	}
	delete(s.waiting, a)
	out <- s.at(time.Now())
}
