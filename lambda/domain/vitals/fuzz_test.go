package vitals_test

import (
	"slices"
	"testing"
	"time"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/vitals"
)

// unpublished is the byte of a minute that CloudWatch has not published.
const unpublished = 255

// disk makes the host's writes of bytes, one for each minute. The last minute has ended lag
// seconds before the facts.
func disk(minutes []byte, lag uint16) func(*vitals.Host) {
	return func(h *vitals.Host) {
		h.At = noon.Add(time.Duration(lag) * time.Second)
		begin := noon.Add(-time.Duration(len(minutes)) * time.Minute)
		metrics(func(m *instance.Metrics) {
			m.Disks = 1
			for i, b := range minutes {
				if b != unpublished {
					m.Writes = append(m.Writes, instance.Point{At: begin.Add(time.Duration(i) * time.Minute), Value: float64(b)})
				}
			}
		})(h)
	}
}

// stillMinutes counts the newest published minutes without a write.
func stillMinutes(minutes []byte) (n int) {
	for _, b := range slices.Backward(minutes) {
		switch b {
		case 0:
			n++
		case unpublished:
		default:
			return n
		}
	}
	return n
}

// FuzzADiskIsNeverDeadWithoutALongStillness looks for a disk that is dead too early.
func FuzzADiskIsNeverDeadWithoutALongStillness(f *testing.F) {
	hang := slices.Concat(slices.Repeat([]byte{40}, 60), make([]byte, 9))
	f.Add(hang, uint16(60))
	f.Add(slices.Concat(slices.Repeat([]byte{40, 0, 0}, 30), make([]byte, 20)), uint16(0))
	f.Add(slices.Concat(slices.Repeat([]byte{40, unpublished, 0}, 30), []byte{0, 0, unpublished, 0, 0, 0}), uint16(300))
	f.Add([]byte{}, uint16(0))
	f.Fuzz(func(t *testing.T, minutes []byte, lag uint16) {
		if len(minutes) > 300 {
			return
		}
		h := host(disk(minutes, lag))
		v := vitals.Read(h).Named(vitals.DiskWrites)
		if v.Says == vitals.Dead {
			published := len(minutes) - len(slices.DeleteFunc(slices.Clone(minutes), func(b byte) bool { return b != unpublished }))
			if n := stillMinutes(minutes); n < 5 || published-n < 30 || lag > 300 {
				t.Errorf("dead after %d still minutes of %d, published %d s late: %v", n, published, lag, minutes)
			}
			if v.Since.After(h.At) {
				t.Errorf("dead since %s after the facts", v.Since.Sub(h.At))
			}
		}
		// One write in the newest minute is never the end.
		if v := vitals.Read(host(disk(append(slices.Clone(minutes), 1), lag))).Named(vitals.DiskWrites); v.Says == vitals.Dead {
			t.Errorf("dead although it was written in the newest minute: %v", minutes)
		}
		// A minute more of stillness never makes a dead disk less dead, while it is published.
		if v.Says == vitals.Dead {
			if v := vitals.Read(host(disk(append(slices.Clone(minutes), 0), lag))).Named(vitals.DiskWrites); v.Says != vitals.Dead {
				t.Errorf("%s after a minute more of stillness: %v (%s)", v.Says, minutes, v.Saw)
			}
		}
	})
}

// FuzzAnAgentIsNeverDeadWithinTwoPeriods looks for an agent that is dead too early, and for
// a period that too many neighbours do not keep.
func FuzzAnAgentIsNeverDeadWithinTwoPeriods(f *testing.F) {
	f.Add(uint16(660), []byte{1, 2, 3})
	f.Add(uint16(1260), slices.Repeat([]byte{60}, 20))
	f.Add(uint16(7260), slices.Repeat([]byte{255, 10}, 20))
	f.Fuzz(func(t *testing.T, silent uint16, tens []byte) {
		if len(tens) > 200 {
			return
		}
		ages := make([]time.Duration, len(tens))
		for i, b := range tens {
			ages[i] = time.Duration(b) * 15 * time.Second
		}
		d := time.Duration(silent) * time.Second
		h := host(pinged(ago(d)), neighbours(ages...))
		r := vitals.Read(h)
		if !slices.Contains([]time.Duration{5, 10, 15, 30, 60}, r.Period/time.Minute) {
			t.Errorf("a period of %s", r.Period)
		}
		heard := slices.DeleteFunc(slices.Clone(ages), func(age time.Duration) bool { return age > 61*time.Minute })
		kept := slices.DeleteFunc(slices.Clone(heard), func(age time.Duration) bool { return age > r.Period+time.Minute })
		if len(heard) >= 10 && len(kept)*100 < len(heard)*95 && r.Period < time.Hour {
			t.Errorf("a period of %s, which %d of %d keep", r.Period, len(kept), len(heard))
		}
		if v := r.Named(vitals.SSMPing); v.Says == vitals.Dead && d < max(11*time.Minute, 2*r.Period+time.Minute) {
			t.Errorf("dead after %s with a period of %s", d, r.Period)
		}
		if r.Braked && r.Silent <= 2 || r.Silent > r.Neighbours || r.Neighbours > len(ages) {
			t.Errorf("%d of %d of %d silent, braked %v", r.Silent, r.Neighbours, len(ages), r.Braked)
		}
	})
}

// FuzzNoMetricsEverBreakTheReading reads whatever CloudWatch could say.
func FuzzNoMetricsEverBreakTheReading(f *testing.F) {
	f.Add([]byte{1, 2, 3}, []byte{4, 5}, int64(300), int64(60), 1)
	f.Add([]byte{}, []byte{}, int64(0), int64(-1), 0)
	f.Fuzz(func(t *testing.T, steps, values []byte, period, since int64, disks int) {
		if len(steps) > 300 {
			return
		}
		var points []instance.Point
		at := noon.Add(-4 * time.Hour)
		for i, s := range steps {
			at = at.Add(time.Duration(s) * time.Second)
			p := instance.Point{At: at}
			if i < len(values) {
				p.Value = float64(values[i]) - 10
			}
			points = append(points, p)
		}
		for _, asked := range []bool{false, true} {
			h := host(pinged(ago(12 * time.Minute)))
			h.Person, h.Asked = asked, noon.Add(time.Duration(since)*time.Second)
			h.Instance.Metrics = fact.Known(instance.Metrics{
				Disks: disks, Writes: points, Heartbeat: points, NetworkOut: points, NetworkPeriod: time.Duration(period) * time.Second,
			})
			for _, v := range vitals.Read(h).Vitals {
				if v.Wait < 0 || v.Says == "" {
					t.Errorf("%s says %q, wait %s", v.Name, v.Says, v.Wait)
				}
			}
		}
	})
}
