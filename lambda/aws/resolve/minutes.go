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

// disk is what CloudWatch has of one EBS volume.
type disk struct {
	writes series // VolumeWriteOps
	idle   series // VolumeIdleTime: it has a point for every minute that is published
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
// of them. A minute without a point of writes had none, if it is published. A minute that
// is not over counts only if something was written in it: the write may be yet to come.
func written(disks []disk, asOf time.Time) []instance.Point {
	if len(disks) == 0 {
		return nil
	}
	var out []instance.Point
	for _, minute := range disks[0].idle.points(asOf) {
		total, published := 0.0, true
		for _, d := range disks {
			_, has := d.idle[minute.At]
			published = published && has
			total += d.writes[minute.At]
		}
		over := !minute.At.Add(instance.Minute).After(asOf)
		if published && (over || total > 0) {
			out = append(out, instance.Point{At: minute.At, Value: total})
		}
	}
	return out
}
