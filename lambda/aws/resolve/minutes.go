package resolve

import (
	"time"

	"crashcart/lambda/domain/instance"
)

// disk is what CloudWatch has of one EBS volume. It goes with the volume, not with the host:
// what is older than attached may be another host's.
type disk struct {
	attached time.Time
	writes   series // VolumeWriteOps
	idle     series // VolumeIdleTime: it has a point for every minute that is published
	zeros    bool   // a minute without a write has a point of 0 in writes
}

// newDisk finds out how CloudWatch publishes a minute in which the volume completed no
// write: as a point of 0, or not at all. The documentation does not say it, so one point of
// 0 anywhere shows it.
func newDisk(attached time.Time, writes, idle series) disk {
	d := disk{attached: attached, writes: writes, idle: idle.from(attached)}
	for _, p := range writes {
		d.zeros = d.zeros || p.Value == 0
	}
	return d
}

// take gives the writes of this host in a minute, and drops the points up to it. The minutes
// are asked for in their order. A minute that begins before the volume was attached had no
// writes. Where zeros are published, a minute without a point of writes is not published
// yet, though its idle time may be: one metric may be later than another.
func (d *disk) take(minute time.Time) (writes float64, published bool) {
	if minute.Before(d.attached) {
		return 0, true
	}
	_, published = d.idle.take(minute)
	writes, counted := d.writes.take(minute)
	return writes, published && (counted || !d.zeros)
}

// written gives the writes on all disks together, for each minute that is published of all
// of them. A minute that is not over counts only if something was written in it: the write
// may be yet to come. The points of the disks are used up.
func written(disks []disk, asOf time.Time) []instance.Point {
	var out []instance.Point
	for minute, ok := firstMinute(disks); ok && !minute.After(asOf); minute, ok = firstMinute(disks) {
		total, published := 0.0, true
		for n := range disks {
			writes, has := disks[n].take(minute)
			published = published && has
			total += writes
		}
		over := !minute.Add(instance.Minute).After(asOf)
		if published && (over || total > 0) {
			out = append(out, instance.Point{At: minute, Value: total})
		}
	}
	return out
}

// firstMinute is the first minute left that is published of a disk while it was attached.
// Nothing is known of the time before the first of them was.
func firstMinute(disks []disk) (minute time.Time, ok bool) {
	for _, d := range disks {
		if len(d.idle) > 0 && (!ok || d.idle[0].At.Before(minute)) {
			minute, ok = d.idle[0].At, true
		}
	}
	return minute, ok
}
