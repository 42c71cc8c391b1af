package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// phaseReal is the phase of every machine: what it does is not for the fleet to say.
const phaseReal = "real"

// overdue is the age from which the last ping of an agent that reports every five
// minutes says that it missed one.
const overdue = pingEvery + time.Minute

// ErrReal says that a guest is real, and what was asked needs a simulated one.
var ErrReal = errors.New("this guest is real: only a simulated one can be made to do this")

// Counter is a Machine whose hypervisor counts what it writes and sends. The fleet reads
// the counters every few lab seconds and makes CloudWatch's metrics of them. A machine
// that is no Counter has no such metrics.
type Counter interface {
	Machine
	// Counters gives how many writes all its disks have completed, and how many bytes its
	// network card has sent, since the hypervisor was started: a restart of the kernel does
	// not reset them. It asks the hypervisor and never the guest, so a hung guest has an
	// answer as well. An error says that they are not known at this moment.
	Counters(ctx context.Context) (writes, bytesSent uint64, err error)
}

// machines are those of the real guests, by id. They have a lock of their own, since a
// machine is asked while the fleet goes on.
type machines struct {
	sync.Mutex
	byID map[string]Machine
}

// put sets the machine of an id; nil removes it.
func (m *machines) put(id string, machine Machine) {
	m.Lock()
	defer m.Unlock()
	if m.byID == nil {
		m.byID = map[string]Machine{}
	}
	if m.byID[id] = machine; machine == nil {
		delete(m.byID, id)
	}
}

// of gives the machines among some guests, or all if none are named.
func (m *machines) of(ids ...string) map[string]Machine {
	m.Lock()
	defer m.Unlock()
	out := maps.Clone(m.byID)
	if len(ids) > 0 {
		maps.DeleteFunc(out, func(id string, _ Machine) bool { return !slices.Contains(ids, id) })
	}
	return out
}

// Machine gives the machine behind a real guest.
func (f *Fleet) Machine(id string) (Machine, bool) {
	m, ok := f.real.of(id)[id]
	return m, ok
}

// vitals asks the machines among some guests, or all machines, what is seen of them.
// It is called without the lock, before something that needs the answers.
func (f *Fleet) vitals(ids ...string) map[string]Vitals {
	out := map[string]Vitals{}
	for id, m := range f.real.of(ids...) {
		out[id] = m.Vitals()
	}
	return out
}

// status is a guest's instance status check at a time, with since when it has failed.
func (g *guest) status(now time.Time, seen map[string]Vitals) (status string, since time.Time) {
	v := seen[g.ID]
	switch {
	case g.Machine == nil:
		return g.check(now)
	case v.Checked.IsZero():
		return "initializing", since
	case v.Reachable:
		return "ok", since
	}
	return impaired, v.UnreachableSince
}

// pinged is the last ping of a guest's agent, zero if there was none.
func (g *guest) pinged(now time.Time, seen map[string]Vitals) time.Time {
	switch {
	case g.Machine == nil:
		return g.lastPing(now)
	case g.NoAgent:
		return time.Time{}
	}
	return seen[g.ID].LastPing
}

// lived is what is known of a machine's life.
func (g *guest) lived(v Vitals, now time.Time) []Stretch {
	switch {
	case v.LastPing.IsZero():
		return []Stretch{{From: g.launched}}
	case now.Sub(v.LastPing) <= overdue:
		return []Stretch{{From: g.launched, Serves: true, Accepts: true}}
	}
	return []Stretch{{From: g.launched, Serves: true, Accepts: true}, {From: v.LastPing, Hung: true}}
}

// interruptMachine is Interrupt of a machine. It is asked without the lock, and on
// record as of when it was asked.
func (f *Fleet) interruptMachine(id string, m Machine) error {
	i := Interrupt{Instance: id, At: f.clock.Now(), Wall: time.Now(), Phase: phaseReal, Effect: EffectSent}
	if err := m.Interrupt(); err != nil {
		return fmt.Errorf("interrupting %s: %w", id, err)
	}
	f.lock()
	defer f.mu.Unlock()
	f.interrupts = append(f.interrupts, i)
	return nil
}
