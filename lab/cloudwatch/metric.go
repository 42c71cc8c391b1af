package cloudwatch

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"crashcart/lab/fleet"
)

// StillMinute is what CloudWatch has of a minute in which a volume completed no write. No
// document says which it is, so nothing may depend on it.
type StillMinute int

const (
	// StillEither is a point of 0 for some volumes and none for others.
	StillEither StillMinute = iota
	// StillZero is a point of 0.
	StillZero
	// StillMissing is no point.
	StillMissing
)

// Publishing is how metrics come to CloudWatch. A period is published some time after its
// end; until then it has no point.
type Publishing struct {
	AWS    time.Duration // of AWS's own metrics; default 90 s, about what was measured
	Custom time.Duration // of a host's own; measured: 0.9 s, here none
	Still  StillMinute
}

// defaultAWS is how late AWS's own metrics were seen ("RadiumGu/gaming-ec2-healthcheck":
// 84 s).
const defaultAWS = 90 * time.Second

// spread is how much later than others a volume's points may come.
const spread = 20 * time.Second

// Publish changes how metrics come from now on.
func (h *Handler) Publish(p Publishing) {
	if p.AWS == 0 {
		p.AWS = defaultAWS
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.publishing = p
}

// point is a period of a metric, by the caller's time.
type point struct {
	at    time.Time
	value float64
}

// moment is the time of one answer. As in every answer of the lab, times have the age to
// the caller that they have in the lab. Periods begin at the caller's whole minutes, as
// they do at AWS, whatever the speed of the lab's clock.
type moment struct {
	fleet      *fleet.Fleet
	publishing Publishing
	lab, wall  time.Time
}

func (h *Handler) moment() moment {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock.Now()
	return moment{fleet: h.fleet, publishing: h.publishing, lab: now, wall: h.clock.Report(now)}
}

// pageFormat is how many points come before a page, and the moment of the first page, on
// the wall and in the lab. All pages are of that moment: if a minute were published
// between two of them, the caller would miss a point.
const pageFormat = "lab-points-%d-%d-%d"

func (m moment) token(points int) string {
	return fmt.Sprintf(pageFormat, points, m.wall.UnixNano(), m.lab.UnixNano())
}

// resume goes back to the moment of a token, and gives how many points came before.
func (m *moment) resume(token string) (points int, err error) {
	var wall, lab int64
	if n, err := fmt.Sscanf(token, pageFormat, &points, &wall, &lab); n != 3 || err != nil || points < 0 {
		return 0, &apiError{"InvalidNextToken", "The next token specified is invalid."}
	}
	m.wall, m.lab = time.Unix(0, wall), time.Unix(0, lab)
	return points, nil
}

// inLab is the lab's time of a caller's time.
func (m moment) inLab(t time.Time) time.Time { return m.lab.Add(t.Sub(m.wall)) }

// series is a metric: what it counted in one of its own periods.
type series struct {
	period time.Duration
	read   func(from, to time.Time) (reading, bool) // in lab time; false for no point
}

// reading is what was counted.
type reading struct {
	sum     float64
	samples float64
	least   float64
	most    float64
}

// one is a reading of a single sample.
func one(value float64) reading { return reading{sum: value, samples: 1, least: value, most: value} }

func (r reading) with(other reading) reading {
	if r.samples == 0 {
		return other
	}
	return reading{
		sum: r.sum + other.sum, samples: r.samples + other.samples,
		least: min(r.least, other.least), most: max(r.most, other.most),
	}
}

func (r reading) stat(name string) float64 {
	switch name {
	case "Sum":
		return r.sum
	case "SampleCount":
		return r.samples
	case "Average":
		return r.sum / r.samples
	case "Minimum":
		return r.least
	}
	return r.most
}

// points gives the points of a query's periods that begin at or after a time and before
// another one, oldest first. The first time is rounded down to a whole minute
// ("GetMetricData", parameter StartTime). A period may be there in part: then its point is
// that of the part.
func (m moment) points(q query, from, to time.Time) []point {
	s, ok := m.series(q)
	if !ok {
		return nil
	}
	period := max(q.period, s.period)
	var out []point
	for at := from.Truncate(time.Minute).Truncate(period); at.Before(to); at = at.Add(period) {
		if at.Before(from.Truncate(time.Minute)) {
			continue
		}
		if r, ok := m.collect(s, at, at.Add(period)); ok {
			out = append(out, point{at, r.stat(q.stat)})
		}
	}
	return out
}

// collect puts the periods of a metric together that begin between two times.
func (m moment) collect(s series, from, to time.Time) (reading, bool) {
	all, found := reading{}, false
	for at := from; at.Before(to); at = at.Add(s.period) {
		if r, ok := s.read(m.inLab(at), m.inLab(at.Add(s.period))); ok {
			all, found = all.with(r), true
		}
	}
	return all, found
}

// series finds the metric of a query. The metrics that a host has have one dimension, and
// with any other there are none.
func (m moment) series(q query) (series, bool) {
	if len(q.dimensions) != 1 {
		return series{}, false
	}
	volume, instance := q.dimensions["VolumeId"], q.dimensions["InstanceId"]
	switch {
	case q.namespace == "AWS/EBS" && volume != "":
		return m.ofVolume(q.name, volume)
	case instance == "":
		return series{}, false
	}
	t, ok := m.fleet.Track(instance)
	if !ok {
		return series{}, false
	}
	if q.namespace == "AWS/EC2" {
		return m.ofInstance(q.name, t)
	}
	return m.ofHost(q.namespace, q.name, t)
}

// ofVolume are the metrics of an EBS volume ("Amazon CloudWatch metrics for Amazon EBS",
// Amazon EBS User Guide). Every minute in which it is attached to a running instance has a
// point of VolumeIdleTime.
func (m moment) ofVolume(name, volume string) (series, bool) {
	hosts := m.fleet.Attached(volume)
	read := map[string]func(writes int) (reading, bool){
		"VolumeIdleTime": func(writes int) (reading, bool) { return one(max(0, 60-float64(writes)*busyFor)), true },
		"VolumeWriteOps": func(writes int) (reading, bool) { return one(float64(writes)), writes > 0 || m.hasZeros(volume) },
	}[name]
	if len(hosts) == 0 || read == nil {
		return series{}, false
	}
	late := m.lateness(volume, hosts)
	return series{period: time.Minute, read: func(from, to time.Time) (reading, bool) {
		if m.lab.Before(to.Add(late)) || !slices.ContainsFunc(hosts, func(t fleet.Track) bool { return t.Runs(from, to) }) {
			return reading{}, false
		}
		writes := 0
		for _, t := range hosts {
			writes += t.Writes(volume, from, to)
		}
		return read(writes)
	}}, true
}

// hasZeros says whether a minute in which a volume completed no write has a point.
func (m moment) hasZeros(volume string) bool {
	return m.publishing.Still == StillZero || m.publishing.Still == StillEither && draw(volume)>>32%2 == 0
}

// lateness is how long after its end a volume's minute is published.
func (m moment) lateness(volume string, hosts []fleet.Track) time.Duration {
	var late time.Duration
	for _, t := range hosts {
		late = max(late, t.Habits.Late)
	}
	return max(m.publishing.AWS+time.Duration(draw(volume)%uint64(spread)), m.publishing.AWS+late)
}

// draw is a number that follows from a name.
func draw(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // never fails (package hash)
	return h.Sum64()
}

// busyFor is how many seconds a write keeps a volume busy.
const busyFor = 0.005

// ofInstance are the metrics that EC2 counts of an instance ("CloudWatch metrics that are
// available for your instances", Amazon EC2 User Guide): every five minutes, or every
// minute with detailed monitoring.
func (m moment) ofInstance(name string, t fleet.Track) (series, bool) {
	if name != "NetworkOut" {
		return series{}, false
	}
	period := 5 * time.Minute
	if t.Habits.Detailed {
		period = time.Minute
	}
	late := m.publishing.AWS + t.Habits.Late
	return series{period: period, read: func(from, to time.Time) (reading, bool) {
		return one(float64(int(t.Sent(from, to)))), t.Runs(from, to) && !m.lab.Before(to.Add(late))
	}}, true
}

// used is the value of a host's own metric: so many percent of its memory.
const used = 37.5

// ofHost is the metric that a host sends of itself. A sample is there as soon as it has
// come, so the newest minute may have fewer than it will have.
func (m moment) ofHost(namespace, name string, t fleet.Track) (series, bool) {
	if ns, own := t.Heartbeat(); ns != namespace || own != name || name == "" {
		return series{}, false
	}
	return series{period: time.Minute, read: func(from, to time.Time) (reading, bool) {
		all := reading{}
		for _, at := range t.Beats(from, to) {
			if !m.lab.Before(at.Add(m.publishing.Custom)) {
				all = all.with(one(used))
			}
		}
		return all, all.samples > 0
	}}, true
}
