package world

import (
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/smithy-go"
)

// Unknowns are how late AWS is. Little of it is documented, so each is to be swept. The zero
// value of a field stands for its default.
type Unknowns struct {
	// MetricLag is how long after its end a period of AWS's own metrics can be read: 1 to
	// 15 min. Default 84 s, which others measured.
	MetricLag time.Duration
	// ImpairedLate is how long after a host's last answer to ARP its ImpairedSince lies: 1
	// to 5 min. Default 235 s, which others measured.
	ImpairedLate time.Duration
	// EBSLate is how long after a volume stalls the attached-EBS check fails: 2 to 5 min.
	// Default 156 s, which others measured.
	EBSLate time.Duration
	// NoZeros says that a volume without a write in a minute has no point of VolumeWriteOps
	// instead of one that is 0.
	NoZeros bool
	// WritesLater is how much later than VolumeIdleTime the point of VolumeWriteOps of the
	// same minute can be read. Default 0: that both come at once is believed, not known.
	WritesLater time.Duration
	// Throttled is the share of calls that AWS refuses because there are too many, after the
	// client's own tries. Default 0. It is drawn by the operation and the second, so that
	// the same question gets the same answer.
	Throttled float64
}

func (u Unknowns) filled() Unknowns {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&u.MetricLag, 84 * time.Second}, {&u.ImpairedLate, 235 * time.Second}, {&u.EBSLate, 156 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return u
}

// View answers as AWS's APIs do at one moment. Its methods are those of the SDK's clients.
// What it gives out is shared: it must not be changed.
//
// Several goroutines may ask at once, but At must not be called meanwhile.
type View struct {
	w        *World
	unknowns Unknowns
	now      int64

	metricLag, impairedLate, ebsLate, writesLater int64

	subnets  []atomicListed // of DescribeInstances, by the number of the subnet
	profiles []atomicListed
	mu       sync.Mutex
	calls    map[string]int
	counting sync.Mutex // for memos
	memos    [memos]memo
}

// View is a view of the world, at its start.
func (w *World) View(u Unknowns) *View {
	u = u.filled()
	return &View{
		w: w, unknowns: u, now: w.start.Unix(),
		metricLag: seconds(u.MetricLag), impairedLate: seconds(u.ImpairedLate), ebsLate: seconds(u.EBSLate), writesLater: seconds(u.WritesLater),
		subnets: make([]atomicListed, len(w.subnets)), profiles: make([]atomicListed, len(w.profiles)),
		calls: map[string]int{},
	}
}

// At moves the view to a moment. It gives the view.
func (v *View) At(moment time.Time) *View {
	v.now = moment.Unix()
	return v
}

// Now is the moment at which it answers.
func (v *View) Now() time.Time { return at(v.now) }

// host is a host by its id, nil for one that AWS does not know.
func (v *View) host(id string) *host {
	if n, ok := v.w.byID[id]; ok {
		return v.w.hosts[n]
	}
	return nil
}

// service is what befalls one of AWS's own services at the moment.
func (v *View) service(c Cause) *interval {
	r := &v.w.region
	for n := r.last(v.now + 1); n >= 0 && r.reach[n] > v.now; n-- {
		if i := &r.all[n]; i.to > v.now && i.cause == c {
			return i
		}
	}
	return nil
}

// A service that has trouble is late, or loses what comes, or does not answer.
type trouble int

const (
	late trouble = iota
	losing
	silent
)

// form is which of them it is.
func (i *interval) form() trouble { return trouble(below(mix(i.seed, 4), 3)) }

// delay is by how much a service that is late is late at a moment: more and more, up to 20
// minutes.
func (i *interval) delay(at int64) int64 {
	return min(at-i.from, between(mix(i.seed, 5), 2*minute, 20*minute))
}

// unavailable is the answer of a service that has none.
func unavailable(operation string) error {
	return &smithy.OperationError{ServiceID: operation, OperationName: operation, Err: &smithy.GenericAPIError{Code: "ServiceUnavailable", Message: "the service is unavailable"}}
}

// ErrNotModelled is in the answer to every question that the world does not understand. It
// must never be taken for a failure of AWS: errors.Is finds it behind every error that the
// resolver makes of it.
var ErrNotModelled = errors.New("the simulated world does not know this filter or parameter")

// atomicListed keeps one answer.
type atomicListed = atomic.Pointer[listed]

// called counts a call. It gives the answer to one that is refused because there are too
// many.
func (v *View) called(operation string) error {
	v.mu.Lock()
	v.calls[operation]++
	v.mu.Unlock()
	if share := v.unknowns.Throttled; share > 0 && part(mixAt(mixText(v.w.seed, operation), v.now)) < share {
		return &smithy.GenericAPIError{Code: "RequestLimitExceeded", Message: "Request limit exceeded."}
	}
	return nil
}

// Calls is how often each operation was called.
func (v *View) Calls() map[string]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.calls)
}
