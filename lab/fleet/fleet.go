// Package fleet simulates EC2 instances that hang, crash, dump and reboot on the
// lab's clock, beside guests that are real (Machine).
//
// A simulated guest is a timeline of phases (booting, up, hung, dumping, ...) and of
// console text; its state at any moment follows from the clock alone, so
// nothing here runs in the background and a test with a manual clock sees the
// same as the demo. How a guest behaves was measured on real kernels under QEMU,
// and the console text is that of those runs:
//
//   - a guest whose user space is frozen still answers ARP, so its status check
//     stays ok; only its agent falls silent. One whose CPUs take no interrupts, or
//     whose kernel gets no time for them, fails the check, at the next one, a minute
//     apart;
//   - with kdump armed the interrupt shows no panic on the console: the next line
//     is the capture kernel's boot. While it dumps the guest may answer ARP, if its
//     capture kernel brings up the network; here it does not;
//   - a kernel that is not prepared prints two lines and stays as it was; one
//     that panics without kdump prints the panic and restarts;
//   - a kernel is prepared some seconds after its first line, the capture kernel too.
//     A second interrupt before that is ignored; one later destroys the dump, and
//     all that was written of it.
//
// A guest whose Spec has a Machine is real: what AWS would know of the instance by
// itself (state, type, tags, network, AWS's side of the status checks) is the Spec's,
// and everything else is the machine's. What only a simulation can do (Hang, Crash,
// Patch, StopAgent) and what would end it (Stop, Terminate, TerminateMember) is
// refused with ErrReal.
//
// An Auto Scaling group that looks after its members (Group) replaces what it sees
// failing. It, too, only acts when somebody asks the fleet, but then as of the
// time at which it was due. It leaves real guests alone; a guest that is launched in the
// place of one is simulated.
//
// What AWS counts of a guest from outside, its writes, its traffic and its heartbeat,
// follows from its Habits, its id and the clock (Track). So a guest has a past that nobody
// has waited for, and one that hangs stops as real kernels do. The counters of a real guest
// (Counter) are read in the background, from when it is added until Close.
//
// Every interrupt that reached a guest is recorded, with the harm it did if it
// did any: that is what the guard exists to prevent, and what tests assert on.
//
// Times in and out of this package are lab times.
package fleet

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"crashcart/lab/clock"
)

// The states of an instance that the fleet knows ("InstanceState", Amazon EC2 API
// Reference). A terminated instance is gone but still listed.
const (
	stateRunning    = "running"
	stateTerminated = "terminated"
)

// Fleet is a set of guests. It is safe for concurrent use.
type Fleet struct {
	clock    clock.Clock
	real     machines
	samplers samplers
	shell    Shell
	scripts  scripts

	mu         sync.Mutex
	guests     []*guest // in the order they were added
	byID       map[string]*guest
	byAddress  map[place][]*guest  // those gone too, whose addresses are free again
	bySubnet   map[string][]*guest // likewise
	byProfile  map[string][]*guest // likewise, by the profile's name
	byGroup    map[string][]*guest // likewise; those in no group are not there
	attached   map[string][]string // the ids of the guests that have a volume, or had it
	added      int
	interrupts []Interrupt

	groups       map[string]*group // those that look after their members
	replacements []Replacement
}

// ErrUnknown says that there is no guest of that id.
var ErrUnknown = errors.New("no such guest")

// New makes an empty fleet.
func New(c clock.Clock) *Fleet {
	return &Fleet{
		clock: c, byID: map[string]*guest{}, byAddress: map[place][]*guest{},
		bySubnet: map[string][]*guest{}, byProfile: map[string][]*guest{}, byGroup: map[string][]*guest{}, attached: map[string][]string{},
	}
}

// Close ends what goes on in the background: the counters of real guests are no longer
// read, and scripts in simulated ones end. A fleet that has neither has no need of it.
func (f *Fleet) Close() {
	f.samplers.close()
	f.scripts.close()
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
	if s.Machine != nil && !slices.Contains(kind.Architectures, "x86_64") {
		return fmt.Errorf("guest %s: a real guest cannot be of type %s (%s): EC2 sends no diagnostic interrupt to Graviton, "+
			"only to x86_64 and i386", s.ID, s.Type, kind.Architectures[0])
	}
	if err := errors.Join(f.habits(&s), f.address(&s)); err != nil {
		return err
	}
	f.added++
	g := &guest{
		Spec: s, kind: kind, number: f.added, state: stateRunning, launched: now.Add(-s.Age),
		visible: now.Add(s.Unseen), checkedAt: time.Duration(hash(s.ID)>>16%60) * time.Second, wall: f.clock.Report,
	}
	if s.Machine != nil {
		g.then(g.launched, phaseReal, true, false)
		f.real.put(s.ID, s.Machine)
		f.samplers.start(f.clock, s.ID, s.Machine)
	} else {
		g.boot(g.launched, g.bootText(false), s.BootTakes)
		g.alignPings(now)
	}
	f.guests = append(f.guests, g)
	f.byID[s.ID] = g
	for _, ip := range s.addresses() {
		f.byAddress[place{s.VPC, ip}] = append(f.byAddress[place{s.VPC, ip}], g)
	}
	f.bySubnet[s.Subnet] = append(f.bySubnet[s.Subnet], g)
	f.byProfile[s.Profile] = append(f.byProfile[s.Profile], g)
	if s.Group != "" {
		f.byGroup[s.Group] = append(f.byGroup[s.Group], g)
	}
	for _, v := range s.Habits.Volumes {
		f.attached[v.ID] = append(f.attached[v.ID], s.ID)
	}
	return nil
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
	g.enforceReboot()
	return nil
}

// simulate is change for what only happens in a simulation.
func (f *Fleet) simulate(id string, ago time.Duration, fn func(*guest, time.Time)) error {
	if _, ok := f.Machine(id); ok {
		return fmt.Errorf("%s: %w", id, ErrReal)
	}
	return f.change(id, ago, fn)
}

// HangKind is how a guest hangs.
type HangKind int

const (
	// Frozen is a frozen root file system: ARP answers, the agent does not, and the kernel
	// complains of tasks that are stuck. It still takes interrupts.
	Frozen HangKind = iota
	// Dead is a hang in which nothing answers: interrupts are off, or real-time tasks
	// leave the kernel's own threads no time.
	Dead
	// InitOnly is user space that is stopped but for init, on a host with a persistent
	// journal: ARP answers, the agent does not, and init restarts services and writes.
	InitOnly
	// Thrashing is exhausted memory on a host with swap: ARP answers, the agent does not,
	// and it writes ten times as much as before.
	Thrashing
)

// Hang hangs a guest, ago before now.
func (f *Fleet) Hang(id string, kind HangKind, ago time.Duration) error {
	return f.simulate(id, ago, func(g *guest, at time.Time) {
		if kind == Dead {
			g.enter(at, phaseDead, false)
			return
		}
		g.enter(at, phaseFrozen, true)
		switch p := &g.phases[len(g.phases)-1]; kind {
		case Frozen:
			g.complains(at)
		case InitOnly:
			p.writes = writesInit
		case Thrashing:
			p.writes = writesThrash
		}
	})
}

// StopAgent ends a healthy guest's SSM agent, ago before now; the guest lives on.
func (f *Fleet) StopAgent(id string, ago time.Duration) error {
	return f.simulate(id, ago, func(g *guest, at time.Time) { g.quiet(at, true, false) })
}

// StopHeartbeat ends a healthy guest's own metric, ago before now; the guest lives on.
func (f *Fleet) StopHeartbeat(id string, ago time.Duration) error {
	return f.simulate(id, ago, func(g *guest, at time.Time) { g.quiet(at, false, true) })
}

// CutOff takes a healthy guest its way out to AWS, ago before now: agent and heartbeat are
// silent, since both go that way. The guest lives on, writes, and serves its neighbours.
func (f *Fleet) CutOff(id string, ago time.Duration) error {
	return f.simulate(id, ago, func(g *guest, at time.Time) { g.quiet(at, true, true) })
}

// Crash makes the kernel of a guest panic by itself, ago before now.
func (f *Fleet) Crash(id string, ago time.Duration) error {
	return f.simulate(id, ago, func(g *guest, at time.Time) { g.crash(at) })
}

// Patch restarts a guest the orderly way, ago before now, as an update does: for
// a minute and a half its network is gone.
func (f *Fleet) Patch(id string, ago time.Duration) error {
	return f.simulate(id, ago, func(g *guest, at time.Time) { g.restart(at, g.shutdownText(at), patchAway) })
}

// Stop stops an instance: it is there, but off.
func (f *Fleet) Stop(id string) error {
	return f.simulate(id, 0, func(g *guest, at time.Time) { g.off(at, "stopped") })
}

// Terminate ends an instance; AWS lists it as terminated for about an hour, the
// lab for ever.
func (f *Fleet) Terminate(id string) error {
	return f.simulate(id, 0, func(g *guest, at time.Time) { g.off(at, stateTerminated) })
}

// Vanish removes an instance without a trace. A machine itself runs on, unseen.
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
	f.real.put(id, nil)
	f.samplers.end(id)
	f.bySubnet[gone.Subnet] = slices.DeleteFunc(f.bySubnet[gone.Subnet], isGone)
	f.byProfile[gone.Profile] = slices.DeleteFunc(f.byProfile[gone.Profile], isGone)
	f.byGroup[gone.Group] = slices.DeleteFunc(f.byGroup[gone.Group], isGone)
	for _, v := range gone.Habits.Volumes {
		f.attached[v.ID] = slices.DeleteFunc(f.attached[v.ID], func(has string) bool { return has == id })
	}
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
