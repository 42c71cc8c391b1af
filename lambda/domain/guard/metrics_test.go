package guard_test

import (
	"time"

	"crashcart/lambda/domain/instance"
)

// reach is how far back CloudWatch is asked.
const reach = 4 * time.Hour

// disk is what CloudWatch counts of the volumes of a scene's instance: 40 writes in each
// minute until it stops.
type disk struct {
	volumes int
	wrote   time.Time                   // the end of the last minute with a write
	lag     time.Duration               // how late a minute is published
	count   func(time.Time) (int, bool) // writes in the minute that begins then, and whether it is published; nil for the rule above
}

// sent is how much the instance sends in five minutes, before and after some moment.
type sent struct {
	until         time.Time
	before, after float64
}

// metrics are what CloudWatch has published by the time of the facts.
func (s *scene) metrics() instance.Metrics {
	asOf := s.asked()
	m := instance.Metrics{Disks: s.disk.volumes, NetworkPeriod: 5 * time.Minute}
	for at := asOf.Add(-reach).Truncate(time.Minute); !at.Add(time.Minute).After(asOf); at = at.Add(time.Minute) {
		if at.Before(s.beat) {
			m.Heartbeat = append(m.Heartbeat, instance.Point{At: at, Value: 1})
		}
		if n, published := s.disk.writes(at); published && s.disk.volumes > 0 && !at.Add(time.Minute+s.disk.lag).After(asOf) {
			m.Writes = append(m.Writes, instance.Point{At: at, Value: float64(n)})
		}
	}
	for at := asOf.Add(-reach).Truncate(m.NetworkPeriod); s.sent.before > 0 && !at.Add(m.NetworkPeriod).After(asOf); at = at.Add(m.NetworkPeriod) {
		p := instance.Point{At: at, Value: s.sent.after}
		if at.Before(s.sent.until) {
			p.Value = s.sent.before
		}
		m.NetworkOut = append(m.NetworkOut, p)
	}
	return m
}

func (d disk) writes(at time.Time) (n int, published bool) {
	switch {
	case d.count != nil:
		return d.count(at)
	case at.Before(d.wrote):
		return 40, true
	}
	return 0, true
}
