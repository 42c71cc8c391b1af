package instance

import (
	"slices"
	"time"
)

// Minute is the length of a period in which EBS volumes and heartbeats are counted.
const Minute = time.Minute

// Point is one period of a metric. At is when the period begins.
type Point struct {
	At    time.Time
	Value float64
}

// Metrics is what CloudWatch has published of an instance. Every list is oldest first and
// has no period twice. A period without a point is not in it.
type Metrics struct {
	// Disks is how many of the instance's EBS volumes belong to it alone. Writes are those
	// of all of these together, one point for each published minute. A minute in which
	// they completed no write is a point of 0; a minute that is not published yet is none.
	Disks  int
	Writes []Point

	// Heartbeat counts the host's own signs of life: how many samples of the metric
	// CRASHCART_HEARTBEAT arrived in a minute.
	Heartbeat []Point

	// NetworkOut is in bytes. A period of it is five minutes long, or one with detailed
	// monitoring.
	NetworkOut    []Point
	NetworkPeriod time.Duration
}

// Between gives the points of periods that begin at or after from and before to.
func Between(points []Point, from, to time.Time) []Point {
	begin := func(p Point, at time.Time) int { return p.At.Compare(at) }
	i, _ := slices.BinarySearchFunc(points, from, begin)
	j, _ := slices.BinarySearchFunc(points, to, begin)
	return points[i:max(i, j)]
}

// Median is the middle value of the points, the lower one of two. It is 0 for no points.
func Median(points []Point) float64 {
	if len(points) == 0 {
		return 0
	}
	values := make([]float64, len(points))
	for i, p := range points {
		values[i] = p.Value
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// Registration is the instance as a target of a load balancer's target group.
type Registration struct {
	TargetGroup string // ARN
	Protocol    string // of the health check: HTTP, HTTPS, TCP, TLS, ...
	Port        int    // that the health check asks
	Interval    time.Duration
	Threshold   int    // so many checks in a row must fail
	State       string // healthy, unhealthy, initial, draining, unused, unavailable, ...
	Reason      string // Target.Timeout, Target.ResponseCodeMismatch, ...
}

// Neighbours are other running instances of the same subnet or the same instance profile,
// a sample of them: when the agent of each was last heard, by instance. They share the
// instance's way out, or its role.
type Neighbours map[string]time.Time
