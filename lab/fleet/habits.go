package fleet

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Disk is how a simulated guest that is up writes to its volumes.
type Disk int

const (
	// DiskBusy is a guest with a log, a journal and an agent that writes both: some 40
	// writes in every minute to its first volume, and 10 to each other.
	DiskBusy Disk = iota
	// DiskSeldom is a guest in which something happens every five minutes: two groups of
	// writes half a minute apart, and stillness for 270 s (measured).
	DiskSeldom
	// DiskIdle is a guest that keeps its journal in memory. It never writes (measured),
	// so its stillness says nothing.
	DiskIdle
	// DiskStore is a guest on instance storage. It has no EBS volume.
	DiskStore
)

// DefaultHeartbeat is the metric that the CloudWatch agent of a guest sends every minute,
// as namespace and name.
const DefaultHeartbeat = "CWAgent/mem_used_percent"

// NoHeartbeat is the Heartbeat of a guest that sends none.
const NoHeartbeat = "none"

// defaultSends is what an ordinary guest sends in five minutes, in bytes.
const defaultSends = 4 << 20

// Habits are what a guest does while it lives, as AWS counts it from outside. The zero
// value is an ordinary host: it writes and speaks in every minute, sends some megabytes in
// five minutes, and its agent pings every five.
//
// Of a real guest only Volumes, Detailed and Late mean anything.
type Habits struct {
	Disk      Disk
	Volumes   []Volume      // EBS volumes; default one, its root
	Heartbeat string        // namespace/name of its own metric; default DefaultHeartbeat
	PingEvery time.Duration // of the SSM agent, HealthFrequencyMinutes: 5 to 60 min; default 5
	Sends     int           // bytes in five minutes, about; default 4 MB, and none if negative
	Detailed  bool          // detailed monitoring: its network is counted by the minute
	Late      time.Duration // how much later than other guests' its AWS metrics are published
}

// Volume is an EBS volume. One that is attached to several guests (Multi-Attach) is in the
// Habits of each, and counts the writes of all.
type Volume struct {
	ID          string
	MultiAttach bool
	Still       bool // the guest never writes to this one
}

// VolumeOf is the id of a guest's root volume, if its Habits name none.
func VolumeOf(instance string) string { return "vol-" + instance[min(2, len(instance)):] }

func (h *Habits) fill(id string) {
	h.Volumes = slices.Clone(h.Volumes)
	if len(h.Volumes) == 0 {
		h.Volumes = []Volume{{ID: VolumeOf(id)}}
	}
	if h.Disk == DiskStore {
		h.Volumes = nil
	}
	if h.Heartbeat == "" {
		h.Heartbeat = DefaultHeartbeat
	}
	if h.PingEvery == 0 {
		h.PingEvery = pingEvery
	}
	if h.Sends == 0 {
		h.Sends = defaultSends
	}
}

// habits refuses what no agent and no volume can be. The caller holds the lock.
func (f *Fleet) habits(s *Spec) error {
	if h := s.Habits; h.PingEvery < 5*time.Minute || h.PingEvery > time.Hour {
		return fmt.Errorf("guest %s: an agent pings every 5 to 60 min, not every %s", s.ID, h.PingEvery)
	}
	for _, v := range s.Habits.Volumes {
		for _, id := range f.attached[v.ID] {
			if g := f.byID[id]; g != nil && g.state != stateTerminated && !v.MultiAttach {
				return fmt.Errorf("guest %s: %s is attached to %s, and is no Multi-Attach volume", s.ID, v.ID, id)
			}
		}
	}
	return nil
}

// Attached gives what the guests did that have a volume, in the order in which they got
// it. There is none for a volume that the fleet does not know.
func (f *Fleet) Attached(volume string) []Track {
	f.lock()
	defer f.mu.Unlock()
	var out []Track
	for _, id := range f.attached[volume] {
		if g := f.byID[id]; g != nil {
			out = append(out, f.track(g))
		}
	}
	return out
}

// Disks gives the volumes of these ids, or all if there are none, with the guests that have
// each. A volume whose guests are all terminated is not among them.
func (f *Fleet) Disks(ids ...string) map[Volume][]string {
	f.lock()
	defer f.mu.Unlock()
	if len(ids) == 0 {
		ids = slices.Collect(maps.Keys(f.attached))
	}
	slices.Sort(ids)
	out := map[Volume][]string{}
	for _, id := range slices.Compact(ids) {
		for _, instance := range f.attached[id] {
			g := f.byID[instance]
			if g == nil || g.state == stateTerminated {
				continue
			}
			v := Volume{ID: id, MultiAttach: g.volume(id).MultiAttach}
			out[v] = append(out[v], instance)
		}
	}
	return out
}

// volume is a guest's volume of an id.
func (g *guest) volume(id string) Volume {
	if i := slices.IndexFunc(g.Habits.Volumes, func(v Volume) bool { return v.ID == id }); i >= 0 {
		return g.Habits.Volumes[i]
	}
	return Volume{}
}
