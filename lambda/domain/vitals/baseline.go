package vitals

import (
	"fmt"
	"time"

	"crashcart/lambda/domain/instance"
)

const (
	// baselineFor is the time from which the baseline is taken.
	baselineFor = 3 * time.Hour
	// baselineMinutes is the least that it must have of published minutes.
	baselineMinutes = 30

	// bootTime is how long the writes of a boot last at least. The setting CRASHCART_BOOTED
	// can only raise it.
	bootTime = 10 * time.Minute

	// leastWritten is the share of the baseline's minutes, in percent, that must have a
	// write. Where fewer have one, the agent may be the only one that writes. Then one
	// cause, an agent that stops, ends the voice and the writes of a host that lives. A
	// ping every five minutes is written in up to three of them, and in 60 percent of all
	// (measured: docs/hangs.md).
	leastWritten = 80
)

// baseline is how the disk was written before.
type baseline struct {
	minutes int     // published
	written int     // of these, with a write
	longest int     // pause between two minutes with a write, in published minutes
	median  float64 // writes in a minute
	total   float64
}

// baseline is that of the host's disk, worked out once for a reading.
func (h Host) baseline(writes []instance.Point, began, end time.Time) baseline {
	if h.known == nil {
		return baselineOf(writes, began, end)
	}
	of := span{began, end}
	b, ok := h.known.bases[of]
	if !ok {
		b = baselineOf(writes, began, end)
		if h.known.bases == nil {
			h.known.bases = map[span]baseline{}
		}
		h.known.bases[of] = b
	}
	return b
}

// baselineOf is the baseline of the three hours before end. A boot is not part of it.
func baselineOf(writes []instance.Point, began, end time.Time) baseline {
	from := end.Add(-baselineFor)
	if from.Before(began) {
		from = began
	}
	points := instance.Between(writes, from, end)
	b := baseline{minutes: len(points), median: instance.Median(points)}
	pause, wrote := 0, false
	for _, p := range points {
		b.total += p.Value
		if p.Value <= 0 {
			pause++
			continue
		}
		b.written++
		if wrote {
			b.longest = max(b.longest, pause)
		}
		pause, wrote = 0, true
	}
	return b
}

func (b baseline) enough() bool {
	return b.minutes >= baselineMinutes && b.written*100 >= b.minutes*leastWritten
}

// required is for how many minutes the disk must be still: twice as long as ever before,
// and a minute.
func (b baseline) required() int { return max(leastStill, 2*b.longest+1) }

// lacks says why there is nothing to tell a hang by. It is empty where there is.
func (b baseline) lacks() string {
	switch {
	case b.minutes < baselineMinutes:
		return fmt.Sprintf("only %d published minutes to compare with, %d required", b.minutes, baselineMinutes)
	case !b.enough():
		return fmt.Sprintf("it wrote in only %d of %d minutes before: that may have been its agents alone", b.written, b.minutes)
	case b.required() > mostStill:
		return fmt.Sprintf("it has been still for %d min before: too long to tell a hang by", b.longest)
	}
	return ""
}

// String is the baseline in words: "40 a minute before".
func (b baseline) String() string { return b.rate() + " before" }

// rate is how much it wrote: "40 a minute".
func (b baseline) rate() string {
	if b.median >= 1 {
		return fmt.Sprintf("%.0f a minute", b.median)
	}
	return fmt.Sprintf("%.0f in %d min", b.total, b.minutes)
}
