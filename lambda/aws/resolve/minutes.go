package resolve

import (
	"maps"
	"slices"
	"time"

	"crashcart/lambda/domain/instance"
)

// series is what CloudWatch has of one metric: the value of each period, by the moment
// when that begins.
type series map[time.Time]float64

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
	d := disk{attached: attached, writes: writes, idle: idle}
	for _, n := range writes {
		d.zeros = d.zeros || n == 0
	}
	return d
}

// in gives the writes of this host in a minute. A minute that begins before the volume was
// attached had none of them. Where zeros are published, a minute without a point of writes
// is not published yet, though its idle time may be: one metric may be later than another.
func (d disk) in(minute time.Time) (writes float64, published bool) {
	if minute.Before(d.attached) {
		return 0, true
	}
	_, published = d.idle[minute]
	writes, counted := d.writes[minute]
	return writes, published && (counted || !d.zeros)
}

// points gives the periods in their order. One that begins after asOf is left out: the
// other facts do not know of it yet.
func (s series) points(asOf time.Time) []instance.Point {
	var out []instance.Point
	for _, at := range slices.SortedFunc(maps.Keys(s), time.Time.Compare) {
		if !at.After(asOf) {
			out = append(out, instance.Point{At: at, Value: s[at]})
		}
	}
	return out
}

// written gives the writes on all disks together, for each minute that is published of all
// of them. A minute that is not over counts only if something was written in it: the write may be yet to come.
func written(disks []disk, asOf time.Time) []instance.Point {
	var out []instance.Point
	for _, minute := range minutes(disks).points(asOf) {
		total, published := 0.0, true
		for _, d := range disks {
			n, has := d.in(minute.At)
			published = published && has
			total += n
		}
		over := !minute.At.Add(instance.Minute).After(asOf)
		if published && (over || total > 0) {
			out = append(out, instance.Point{At: minute.At, Value: total})
		}
	}
	return out
}

// minutes are those that are published of at least one disk while it was attached. Nothing
// is known of the time before the first of them was.
func minutes(disks []disk) series {
	all := series{}
	for _, d := range disks {
		for at := range d.idle {
			if !at.Before(d.attached) {
				all[at] = 0
			}
		}
	}
	return all
}
