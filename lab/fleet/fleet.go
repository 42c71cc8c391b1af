// Package fleet simulates EC2 instances that hang, crash, dump and reboot on the
// lab's clock.
//
// A guest is a timeline of phases (booting, up, hung, dumping, ...) and of
// console text; what it looks like at any moment follows from the clock alone, so
// nothing here runs in the background and a test with a manual clock sees the
// same as the demo. How a guest behaves was measured on real kernels under QEMU,
// and the console text is that of those runs:
//
//   - a guest whose user space is frozen still answers ARP, so its status check
//     stays ok; only its agent falls silent. Only a guest whose CPUs take no
//     interrupts at all fails the check, at the next one, a minute apart;
//   - with kdump armed the interrupt shows no panic on the console: the next line
//     is the capture kernel's boot. While it dumps the guest answers no ARP;
//   - a kernel that is not prepared prints two lines and stays as it was; one
//     that panics without kdump prints the panic and restarts;
//   - a second interrupt during the dump destroys the dump.
//
// An Auto Scaling group that looks after its members (Group) replaces what it sees
// failing. It, too, only acts when somebody looks at the fleet, but then as of the
// time at which it was due.
//
// Every interrupt that reached a guest is recorded, with the harm it did if it
// did any: that is what the guard exists to prevent, and what tests assert on.
//
// Times in and out of this package are lab times.
package fleet

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"sync"
	"time"

	"crashcart/lab/clock"
)

// Preparation is how a guest's kernel takes a non-maskable interrupt.
type Preparation int

const (
	// Prepared has kdump armed and panics on an unknown NMI: it dumps and reboots.
	Prepared Preparation = iota
	// IgnoresNMI lacks kernel.unknown_nmi_panic: two lines, and nothing else happens.
	IgnoresNMI
	// NoKdump panics but has no capture kernel: the panic's text, and a restart.
	NoKdump
)

// Defaults of a Spec.
const (
	defaultAge = 40 * 24 * time.Hour
	defaultAZ  = "eu-central-1a"
)

// DefaultVPC is the network of a guest whose Spec names none.
const DefaultVPC = "vpc-0c1a5bca97d0e6f12"

// stateTerminated is EC2's name for an instance that is gone but still listed.
const stateTerminated = "terminated"

// Spec describes a guest. ID and Type are required.
type Spec struct {
	ID       string
	Name     string            // the Name tag and the hostname; default the id
	Type     string            // one of Types
	Tags     map[string]string // besides Name and the group's
	Group    string            // Auto Scaling group
	Platform string            // "windows", or empty
	VPC      string
	IP       string   // private, of its network interface; default by id
	MoreIPs  []string // secondary ones of the same interface, such as a cluster's pods have
	AZ       string
	Operator string        // principal of a managing service, if any
	Age      time.Duration // since launch, when added; default 40 days
	Unseen   time.Duration // from when it is added until the APIs know its id ("Eventual consistency in the Amazon EC2 API")

	Lifecycle        string // in its group; default InService
	ShutdownBehavior string // instance-initiated: stop (default) or terminate
	SystemImpaired   bool   // AWS's side of the status checks
	EBSImpaired      bool   // the attached-EBS check

	Kernel    Preparation
	BootTakes time.Duration // from power to login prompt; default what was measured, 12 s
	DumpTakes time.Duration // from interrupt to restart; default what was measured, 14 s
	NoAgent   bool          // never had an SSM agent
	LastPing  time.Duration // age of the agent's last ping when added, below 5 min; default by id
}

// Fleet is a set of guests. It is safe for concurrent use.
type Fleet struct {
	clock clock.Clock

	mu         sync.Mutex
	guests     []*guest // in the order they were added
	byID       map[string]*guest
	byAddress  map[place][]*guest // those gone too, whose addresses are free again
	added      int
	interrupts []Interrupt

	groups       map[string]*group // those that look after their members
	replacements []Replacement
}

// ErrUnknown says that there is no guest of that id.
var ErrUnknown = errors.New("no such guest")

// New makes an empty fleet.
func New(c clock.Clock) *Fleet {
	return &Fleet{clock: c, byID: map[string]*guest{}, byAddress: map[place][]*guest{}}
}

// Add launches a guest, Spec.Age ago.
func (f *Fleet) Add(s Spec) error {
	fill(&s)
	f.lock()
	defer f.mu.Unlock()
	return f.add(s, f.clock.Now())
}

// add is Add at a time, with a Spec that is filled in.
func (f *Fleet) add(s Spec, now time.Time) error {
	kind, ok := Types[s.Type]
	if !ok {
		return fmt.Errorf("guest %s: the lab has no instance type %q", s.ID, s.Type)
	}
	if s.ID == "" || f.find(s.ID) != nil {
		return fmt.Errorf("guest %q: an id must be given, once", s.ID)
	}
	if err := f.address(&s); err != nil {
		return err
	}
	f.added++
	g := &guest{
		Spec: s, kind: kind, number: f.added, state: "running", launched: now.Add(-s.Age),
		visible: now.Add(s.Unseen), checkedAt: time.Duration(hash(s.ID)>>16%60) * time.Second, wall: f.clock.Report,
	}
	g.boot(g.launched, g.bootText(false), s.BootTakes)
	g.alignPings(now)
	f.guests = append(f.guests, g)
	f.byID[s.ID] = g
	for _, ip := range s.addresses() {
		f.byAddress[place{s.VPC, ip}] = append(f.byAddress[place{s.VPC, ip}], g)
	}
	return nil
}

func fill(s *Spec) {
	s.Tags, s.MoreIPs = maps.Clone(s.Tags), slices.Clone(s.MoreIPs)
	if s.Tags == nil {
		s.Tags = map[string]string{}
	}
	for _, d := range []struct {
		field *string
		value string
	}{
		{&s.Name, s.ID}, {&s.VPC, DefaultVPC}, {&s.AZ, defaultAZ}, {&s.ShutdownBehavior, "stop"}, {&s.Lifecycle, "InService"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	s.Tags["Name"] = s.Name
	if s.Group != "" {
		s.Tags["aws:autoscaling:groupName"] = s.Group
	}
	if s.Age == 0 {
		s.Age = defaultAge
	}
	if s.LastPing == 0 {
		s.LastPing = time.Duration(hash(s.ID)%300) * time.Second
	}
}

// hash spreads guests over the minute of the status check and the agent's ping.
func hash(id string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // never fails (package hash)
	return h.Sum64()
}

func (f *Fleet) find(id string) *guest { return f.byID[id] }

// change runs fn on a guest at the lab time ago before now.
func (f *Fleet) change(id string, ago time.Duration, fn func(*guest, time.Time)) error {
	f.lock()
	defer f.mu.Unlock()
	g := f.find(id)
	if g == nil {
		return fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	fn(g, f.clock.Now().Add(-ago))
	return nil
}

// HangKind is how a guest hangs.
type HangKind int

const (
	// Frozen is a hang that still takes interrupts, such as a frozen root file
	// system: ARP answers, the agent does not.
	Frozen HangKind = iota
	// Dead is a hang with interrupts off: nothing answers.
	Dead
)

// Hang hangs a guest, ago before now.
func (f *Fleet) Hang(id string, kind HangKind, ago time.Duration) error {
	return f.change(id, ago, func(g *guest, at time.Time) {
		if kind == Dead {
			g.enter(at, phaseDead, false)
		} else {
			g.enter(at, phaseFrozen, true)
		}
	})
}

// StopAgent ends a healthy guest's SSM agent, ago before now; the guest lives on.
func (f *Fleet) StopAgent(id string, ago time.Duration) error {
	return f.change(id, ago, func(g *guest, at time.Time) { g.enter(at, phaseUp, true) })
}

// Crash makes the kernel of a guest panic by itself, ago before now.
func (f *Fleet) Crash(id string, ago time.Duration) error {
	return f.change(id, ago, func(g *guest, at time.Time) { g.crash(at) })
}

// Patch restarts a guest the orderly way, ago before now, as an update does: for
// a minute and a half its network is gone.
func (f *Fleet) Patch(id string, ago time.Duration) error {
	return f.change(id, ago, func(g *guest, at time.Time) { g.patch(at) })
}

// Stop stops an instance: it is there, but off.
func (f *Fleet) Stop(id string) error {
	return f.change(id, 0, func(g *guest, at time.Time) { g.off(at, "stopped") })
}

// Terminate ends an instance; AWS lists it as terminated for about an hour, the
// lab for ever.
func (f *Fleet) Terminate(id string) error {
	return f.change(id, 0, func(g *guest, at time.Time) { g.off(at, stateTerminated) })
}

// Vanish removes an instance without a trace.
func (f *Fleet) Vanish(id string) error {
	f.lock()
	defer f.mu.Unlock()
	gone := f.find(id)
	if gone == nil {
		return fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	isGone := func(g *guest) bool { return g == gone }
	f.guests = slices.DeleteFunc(f.guests, isGone)
	delete(f.byID, id)
	for _, ip := range gone.addresses() {
		at := place{gone.VPC, ip}
		f.byAddress[at] = slices.DeleteFunc(f.byAddress[at], isGone)
	}
	return nil
}

// Event is a scheduled event of an instance ("Scheduled events for your
// instances", Amazon EC2 User Guide).
type Event struct {
	ID          string
	Code        string // instance-reboot, system-maintenance, instance-stop, ...
	Description string // begins with "[Completed]" or "[Canceled]" once it is over
	NotBefore   time.Time
	NotAfter    time.Time
}

// Schedule adds a scheduled event.
func (f *Fleet) Schedule(id string, e Event) error {
	return f.change(id, 0, func(g *guest, _ time.Time) { g.events = append(g.events, e) })
}

// SetTag sets an instance's tag, or removes it if the value is empty.
func (f *Fleet) SetTag(id, key, value string) error {
	return f.change(id, 0, func(g *guest, _ time.Time) {
		g.Tags = maps.Clone(g.Tags) // views handed out keep theirs
		if value == "" {
			delete(g.Tags, key)
		} else {
			g.Tags[key] = value
		}
	})
}

// SetLifecycle changes a member's lifecycle state in its group, such as
// Terminating:Wait or Standby.
func (f *Fleet) SetLifecycle(id, state string) error {
	return f.change(id, 0, func(g *guest, _ time.Time) { g.Lifecycle = state })
}
