package vitals

import (
	"fmt"
	"slices"
	"time"

	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/printable"
)

const (
	// leastStill is for how many published minutes a disk must at least be still.
	leastStill = 5
	// stormStill is the same where an alarm asks and nothing shows that the kernel itself is
	// dead. A storm of work, such as the OOM killer's, lasts up to a quarter of an hour, and
	// nobody can tell the minute after it from a hang: its signs of life are not published
	// yet (docs/adr/0024-storms-and-hosts-that-have-just-come-back.md).
	stormStill = 16
	// mostStill is how long a stillness may be required. A disk that needs a longer one
	// says nothing: it is too seldom written.
	mostStill = 15
	// newestWithin is how lately the newest published minute must have ended.
	newestWithin = 5 * time.Minute

	// worksAgain is how many minutes in a row must look like the baseline for a sign of
	// life.
	worksAgain = 5
)

// diskWrites is the hypervisor's word: how many writes it completes on the instance's own
// EBS volumes. No network, name, role or clock of the host is in its way.
type diskWrites struct{}

func (diskWrites) name() Name         { return DiskWrites }
func (diskWrites) question() Question { return Machine }

func (diskWrites) read(h Host, since time.Time) Vital {
	m, d, err := described(h, h.Instance.Metrics)
	if err != nil {
		return unknown(err)
	}
	if m.Disks == 0 {
		return Vital{Says: Nothing, Never: true, Saw: "it has no EBS volume of its own"}
	}
	began := d.LaunchedAt.Add(max(h.Rules.Booted, bootTime))
	writes := ended(m.Writes, h.At)
	still, last := stillness(writes)
	if last.IsZero() {
		return Vital{Says: Nothing, Never: len(writes) >= baselineMinutes, Saw: fmt.Sprintf("no write in %d published minutes, so nothing to compare with", len(writes))}
	}
	base := h.baseline(writes, began, last)
	if lacks := base.lacks(); lacks != "" {
		return unmeasured(h, still, last, lacks, len(writes) >= baselineMinutes)
	}
	if at, ok := works(h, writes, began, last, since); ok && still < base.required() {
		return Vital{Says: Alive, Since: at, Saw: "it writes as before: " + base.rate()}
	}
	return stillFor(h, base, still, last, writes[len(writes)-1].At.Add(instance.Minute))
}

// stillFor is what a stillness says beside the baseline. last is when the last minute with a
// write ended, and newest when the newest published one did.
func stillFor(h Host, base baseline, still int, last, newest time.Time) Vital {
	need, storm := base.required(), mayBeStorm(h)
	if storm {
		need = max(need, stormStill)
	}
	v := Vital{Says: Waiting, Wrote: still < leastStill, Saw: fmt.Sprintf("0 for %d min, %s", still, base)}
	switch {
	case h.At.Sub(newest) > newestWithin:
		v.Saw += fmt.Sprintf("; the newest published minute ended %s ago, at most %s is believed", printable.Duration(h.At.Sub(newest)), printable.Duration(newestWithin))
	case still >= need:
		v.Says, v.Since = Dead, last.Add(time.Duration(base.longest)*instance.Minute)
	case still == 0:
		v.Saw, v.Wait = fmt.Sprintf("it wrote %s ago, %d min of stillness required", printable.Duration(h.At.Sub(last)), need), time.Duration(need)*instance.Minute
	default:
		v.Wait = time.Duration(need-still) * instance.Minute
		v.Saw += fmt.Sprintf(", %d min required", need)
		if storm && still >= leastStill {
			v.Saw += " where its kernel may be alive"
		}
	}
	return v
}

// mayBeStorm says whether a stillness may be a storm that ends by itself. It is none where
// EC2 gets no answer to an ARP request for minutes, which takes a kernel without interrupts,
// nor where the kernel says that something has been stuck for minutes. A person decides on
// that alone.
func mayBeStorm(h Host) bool {
	return !h.Person && !h.Stuck && reachability{}.read(h, time.Time{}).Says != Dead
}

// unmeasured is what a disk says that has nothing to compare with. It cannot be dead. But
// while it is written the host is not either, whatever its kernel complains of.
func unmeasured(h Host, still int, last time.Time, lacks string, never bool) Vital {
	if still < leastStill {
		return Vital{
			Says: Waiting, Wrote: true, Wait: time.Duration(leastStill-still) * instance.Minute,
			Saw: fmt.Sprintf("it wrote %s ago; %s", printable.Duration(h.At.Sub(last)), lacks),
		}
	}
	return Vital{Says: Nothing, Never: never, Saw: lacks}
}

// ended leaves out a minute without a write that has not ended at that moment: there may
// be one yet. A write in it counts at once.
func ended(writes []instance.Point, at time.Time) []instance.Point {
	n := len(writes)
	for n > 0 && writes[n-1].Value <= 0 && writes[n-1].At.Add(instance.Minute).After(at) {
		n--
	}
	return writes[:n]
}

// stillness counts the newest published minutes without a write. last is when the newest
// minute with a write ended; it is zero when there is none. A minute that is not published
// ends nothing and counts for nothing.
func stillness(writes []instance.Point) (still int, last time.Time) {
	for _, p := range slices.Backward(writes) {
		if p.Value > 0 {
			return still, p.At.Add(instance.Minute)
		}
		still++
	}
	return still, time.Time{}
}

// works says whether the disk is written as it was before the host seemed to have died, in
// some minutes in a row since then. Any other writing is no sign of life: a machine that
// swaps itself to death writes ten times as much, and one that dumps writes, too.
func works(h Host, writes []instance.Point, began, last, since time.Time) (at time.Time, ok bool) {
	if since.IsZero() {
		return time.Time{}, false
	}
	end := since
	if last.Before(end) {
		end = last
	}
	base := h.baseline(writes, began, end)
	if !base.enough() || base.median <= 0 {
		return time.Time{}, false
	}
	row := 0
	var before time.Time
	for _, p := range instance.Between(writes, lives(h, since), h.At.Add(time.Nanosecond-instance.Minute)) {
		if !p.At.Equal(before.Add(instance.Minute)) {
			row = 0
		}
		before = p.At
		if row++; p.Value < base.median/2 || p.Value > 3*base.median {
			row = 0
		}
		if row == worksAgain {
			return p.At.Add(instance.Minute), true
		}
	}
	return time.Time{}, false
}
