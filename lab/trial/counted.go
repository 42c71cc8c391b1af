package trial

import (
	"context"
	"time"
)

// sampleEvery is how often the hypervisor's counters are read, on the wall.
const sampleEvery = time.Second

// Sample is what the hypervisor had counted at a time.
type Sample struct {
	At     time.Duration // since power on, on the wall
	Writes uint64        // completed on the disk
	Frames uint64        // sent by the network card
}

// count reads the counters again and again, for as long as ctx lasts.
func (r *run) count(ctx context.Context) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		writes, _, err := r.guest.Counters(ctx)
		if err == nil {
			r.sample(Sample{At: time.Since(r.start), Writes: writes, Frames: r.guest.Sent().Frames})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (r *run) sample(s Sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.record.Samples = append(r.record.Samples, s)
}

// Counted is what was counted in a part of a trial.
type Counted struct {
	Took           time.Duration
	Writes, Frames float64       // in ten seconds
	Still          time.Duration // the longest time without a write, between two or until the end
	LastWrite      time.Duration // since the beginning; zero if there was none
}

// counted sums up the samples from one time to another.
func counted(samples []Sample, from, to time.Duration) Counted {
	var c Counted
	var first, last *Sample
	for i := range samples {
		s := &samples[i]
		if s.At < from || s.At > to {
			continue
		}
		if first == nil {
			first, last = s, s
			continue
		}
		if s.Writes > samples[i-1].Writes {
			c.LastWrite = s.At - from
			c.Still = max(c.Still, s.At-last.At-sampleEvery)
			last = s
		}
		c.Took = s.At - first.At
		c.Writes, c.Frames = float64(s.Writes-first.Writes), float64(s.Frames-first.Frames)
	}
	if c.Took <= 0 {
		return Counted{}
	}
	c.Still = max(c.Still, first.At+c.Took-last.At)
	c.Writes *= float64(10*time.Second) / float64(c.Took)
	c.Frames *= float64(10*time.Second) / float64(c.Took)
	return c
}

// Healthy is what was counted while the guest lived as it should, after its boot.
func (r *Record) Healthy() Counted { return counted(r.Samples, r.LivesFrom, r.HungAt) }

// Silent is what was counted from the hang to the decision.
func (r *Record) Silent() Counted { return counted(r.Samples, r.HungAt, r.DecidedAt) }
