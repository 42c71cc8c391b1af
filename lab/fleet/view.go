package fleet

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"
)

// connectionLost is the silence after which Systems Manager calls an agent lost.
const connectionLost = 10 * time.Minute

// posted is how long after a launch the console is posted for good, which is
// what GetConsoleOutput gives without Latest.
const posted = 4 * time.Minute

// impaired is a status check that fails.
const impaired = "impaired"

// View is a guest as it is seen from outside at one moment. Times are lab times.
type View struct {
	Spec
	Kind     Type
	Arch     string
	State    string    // EC2's: running, stopped, terminated
	Ended    time.Time // when somebody stopped or terminated it; zero while it runs
	Launched time.Time
	Phase    string // the truth, which no AWS call gives
	Status   Status
	Agent    Agent
	Events   []Event
	Dumps    []string // the dumps it has written, oldest first; of a machine nobody knows
}

// Status are an instance's status checks.
type Status struct {
	Instance      string // ok, impaired, initializing, not-applicable
	ImpairedSince time.Time
	System        string
	EBS           string // empty where there is no such check
}

// Agent is what Systems Manager knows of a guest. One that does not run is not registered.
type Agent struct {
	Registered bool
	LastPing   time.Time
	Ping       string // Online or ConnectionLost
}

// Get gives the view of a guest. One that the APIs do not know yet is unknown.
func (f *Fleet) Get(id string) (View, error) {
	seen := f.vitals(id)
	f.lock()
	defer f.mu.Unlock()
	g, now := f.find(id), f.clock.Now()
	if g == nil || g.visible.After(now) {
		return View{}, fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	return g.view(now, seen), nil
}

// All gives the views of all guests at one moment, in the order they were added.
func (f *Fleet) All() []View {
	seen := f.vitals()
	f.lock()
	defer f.mu.Unlock()
	return f.views(f.guests, seen)
}

// Each gives the views of All one by one, each made only when it is asked for: a
// reader that stops early does not pay for the rest. The fleet stands still as long
// as it is read, and must not be called.
func (f *Fleet) Each() iter.Seq[View] {
	return func(yield func(View) bool) {
		seen := f.vitals()
		f.lock()
		defer f.mu.Unlock()
		now := f.clock.Now()
		for _, g := range f.guests {
			if !g.visible.After(now) && !yield(g.view(now, seen)) {
				return
			}
		}
	}
}

// Impaired gives the views at one moment of the guests whose status check fails, in
// the order they were added.
func (f *Fleet) Impaired() []View {
	seen := f.vitals()
	f.lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	var failing []*guest
	for _, g := range f.guests {
		if status, _ := g.status(now, seen); status == impaired {
			failing = append(failing, g)
		}
	}
	return f.views(failing, seen)
}

// Some gives the views at one moment of those guests that exist, once each, in the
// order they were added.
func (f *Fleet) Some(ids []string) []View {
	seen := f.vitals(ids...)
	f.lock()
	defer f.mu.Unlock()
	var found []*guest
	for _, id := range ids {
		if g := f.find(id); g != nil {
			found = append(found, g)
		}
	}
	slices.SortFunc(found, func(a, b *guest) int { return a.number - b.number })
	return f.views(slices.Compact(found), seen)
}

// InSubnets gives the views at one moment of the guests of some subnets, in the order
// they were added.
func (f *Fleet) InSubnets(ids []string) []View {
	return f.having(func() map[string][]*guest { return f.bySubnet }, ids)
}

// WithProfiles is InSubnets for the guests with instance profiles of some names.
func (f *Fleet) WithProfiles(names []string) []View {
	return f.having(func() map[string][]*guest { return f.byProfile }, names)
}

// InGroups is InSubnets for the guests of some Auto Scaling groups, or of any if none are
// named.
func (f *Fleet) InGroups(names []string) []View {
	return f.having(func() map[string][]*guest { return f.byGroup }, names)
}

// having gives the views of the guests that an index has under some keys, or under any if
// there are none.
func (f *Fleet) having(index func() map[string][]*guest, keys []string) []View {
	seen := f.vitals()
	f.lock()
	defer f.mu.Unlock()
	var found []*guest
	if len(keys) == 0 {
		keys = slices.Collect(maps.Keys(index()))
	}
	for _, key := range keys {
		found = append(found, index()[key]...)
	}
	slices.SortFunc(found, func(a, b *guest) int { return a.number - b.number })
	return f.views(slices.Compact(found), seen)
}

// views gives the views of those of some guests that the APIs know.
func (f *Fleet) views(some []*guest, seen map[string]Vitals) []View {
	now, out := f.clock.Now(), make([]View, 0, len(some))
	for _, g := range some {
		if !g.visible.After(now) {
			out = append(out, g.view(now, seen))
		}
	}
	return out
}

func (g *guest) view(now time.Time, seen map[string]Vitals) View {
	p, _ := g.phaseAt(now)
	v := View{
		Spec: g.Spec, Kind: g.kind, Arch: g.kind.Architectures[len(g.kind.Architectures)-1], State: g.state, Ended: g.ended,
		Launched: g.launched, Phase: p.name, Events: slices.Clone(g.events),
	}
	v.Status.Instance, v.Status.ImpairedSince = g.status(now, seen)
	v.Status.System, v.Status.EBS = v.Status.Instance, ""
	if v.Status.Instance == impaired {
		v.Status.System = "ok"
	}
	if g.SystemImpaired {
		v.Status.System = impaired
	}
	if g.kind.Nitro() {
		v.Status.EBS = v.Status.System
		if g.EBSImpaired {
			v.Status.EBS = impaired
		}
	}
	if ping := g.pinged(now, seen); !ping.IsZero() && g.state == stateRunning {
		v.Agent = Agent{Registered: true, LastPing: ping, Ping: "Online"}
		if now.Sub(ping) > connectionLost {
			v.Agent.Ping = "ConnectionLost"
		}
	}
	for _, d := range g.dumps {
		if !d.done.After(now) && g.DumpFlaw == FlawNone {
			v.Dumps = append(v.Dumps, d.name)
		}
	}
	return v
}

// Console gives a guest's console: the ring as it is if latest, else what was
// posted after the last transition, which may be nothing, with its lab time.
func (f *Fleet) Console(id string, latest bool) ([]byte, time.Time, error) {
	if m, ok := f.Machine(id); ok {
		text, at := m.Console(latest)
		return text, at, nil
	}
	f.lock()
	defer f.mu.Unlock()
	g := f.find(id)
	if g == nil {
		return nil, time.Time{}, fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	at := f.clock.Now()
	if !latest {
		once := g.launched.Add(posted)
		if once.After(at) {
			return nil, at, nil
		}
		at = once
	}
	return g.console(at), at, nil
}
