package fleet

import (
	"context"
	"slices"
	"sync"
	"time"

	"crashcart/lab/clock"
)

const (
	// sampleEvery is how often the counters of a real guest are read.
	sampleEvery = 5 * time.Second
	// sampleGap is the longest time between two readings that says what was written in
	// between. It is less than half of the shortest period of a metric.
	sampleGap = 25 * time.Second
	// sampleKept is how long readings are kept, more than the rules look back.
	sampleKept = 6 * time.Hour
	// sampleTakes is how long, on the wall, a hypervisor may take for an answer.
	sampleTakes = 2 * time.Second
)

// sample is a reading of a hypervisor's counters.
type sample struct {
	at           time.Time
	writes, sent uint64
}

// samplers read the counters of the real guests, each in a goroutine of its own. They have
// a lock of their own, as the machines have.
type samplers struct {
	wg sync.WaitGroup

	sync.Mutex
	stop    map[string]context.CancelFunc
	samples map[string][]sample
}

// start begins to read the counters of a machine, if it has any.
func (s *samplers) start(c clock.Clock, id string, m Machine) {
	counter, ok := m.(Counter)
	if !ok {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.Lock()
	defer s.Unlock()
	if s.stop == nil {
		s.stop, s.samples = map[string]context.CancelFunc{}, map[string][]sample{}
	}
	s.stop[id] = cancel
	s.wg.Go(func() {
		for {
			s.read(ctx, c, id, counter)
			if err := clock.Sleep(ctx, c, sampleEvery); err != nil {
				return
			}
		}
	})
}

// read takes one reading. A hypervisor that does not answer leaves a gap.
func (s *samplers) read(ctx context.Context, c clock.Clock, id string, counter Counter) {
	ctx, cancel := context.WithTimeout(ctx, sampleTakes)
	defer cancel()
	writes, sent, err := counter.Counters(ctx)
	if err != nil {
		return
	}
	now := c.Now()
	s.Lock()
	defer s.Unlock()
	all := append(s.samples[id], sample{at: now, writes: writes, sent: sent})
	old := slices.IndexFunc(all, func(one sample) bool { return now.Sub(one.at) < sampleKept })
	s.samples[id] = all[old:]
}

// of gives the readings of a guest, oldest first. Readings that were given out are never
// changed.
func (s *samplers) of(id string) []sample {
	s.Lock()
	defer s.Unlock()
	return slices.Clip(s.samples[id])
}

// end stops the reading of a guest's counters.
func (s *samplers) end(id string) {
	s.Lock()
	defer s.Unlock()
	if cancel := s.stop[id]; cancel != nil {
		cancel()
		delete(s.stop, id)
	}
}

// close stops all and waits until they have ended.
func (s *samplers) close() {
	s.Lock()
	for _, cancel := range s.stop {
		cancel()
	}
	s.Unlock()
	s.wg.Wait()
}

// covered says whether the readings say what was written from one time to another.
func covered(all []sample, from, to time.Time) bool {
	first := lastBefore(all, from)
	if first < 0 {
		return false
	}
	for i := first; i+1 < len(all); i++ {
		one, next := all[i], all[i+1]
		if next.at.Sub(one.at) > sampleGap || next.writes < one.writes || next.sent < one.sent {
			return false
		}
		if !next.at.Before(to) {
			return true
		}
	}
	return false
}

// between is what the counters grew by from one time to another. What a reading finds
// counts as of the time of the reading.
func between(all []sample, from, to time.Time) (writes, sent uint64) {
	first, last := lastBefore(all, from), lastBefore(all, to)
	if first < 0 || last <= first {
		return 0, 0
	}
	return all[last].writes - all[first].writes, all[last].sent - all[first].sent
}

// lastBefore is the index of the last reading at or before a time, -1 if there is none.
func lastBefore(all []sample, t time.Time) int {
	i, _ := slices.BinarySearchFunc(all, t, func(s sample, t time.Time) int {
		if s.at.After(t) {
			return 1
		}
		return -1
	})
	return i - 1
}
