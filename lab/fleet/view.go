package fleet

import (
	"fmt"
	"slices"
	"time"
)

// connectionLost is the silence after which Systems Manager calls an agent lost.
const connectionLost = 10 * time.Minute

// posted is how long after a launch the console is posted for good, which is
// what GetConsoleOutput gives without Latest.
const posted = 4 * time.Minute

// View is a guest as it is seen from outside at one moment. Times are lab times.
type View struct {
	Spec
	Kind     Type
	Arch     string
	State    string // EC2's: running, stopped, terminated
	Launched time.Time
	Phase    string // the truth, which no AWS call tells
	Status   Status
	Agent    Agent
	Events   []Event
	Dumps    []string // the dumps it has written, oldest first
}

// Status are an instance's status checks.
type Status struct {
	Instance      string // ok, impaired, initializing, not-applicable
	ImpairedSince time.Time
	System        string
	EBS           string // empty where there is no such check
}

// Agent is what Systems Manager knows of a guest.
type Agent struct {
	Registered bool
	LastPing   time.Time
	Ping       string // Online or ConnectionLost
}

// Get gives the view of a guest.
func (f *Fleet) Get(id string) (View, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g := f.find(id)
	if g == nil {
		return View{}, fmt.Errorf("%s: %w", id, ErrUnknown)
	}
	return g.view(f.clock.Now()), nil
}

// All gives the views of all guests at one moment, in the order they were added.
func (f *Fleet) All() []View {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	out := make([]View, len(f.guests))
	for i, g := range f.guests {
		out[i] = g.view(now)
	}
	return out
}

func (g *guest) view(now time.Time) View {
	p, _ := g.phaseAt(now)
	v := View{
		Spec: g.Spec, Kind: g.kind, Arch: g.kind.Architectures[len(g.kind.Architectures)-1], State: g.state,
		Launched: g.launched, Phase: p.name, Events: slices.Clone(g.events),
	}
	v.Status.Instance, v.Status.ImpairedSince = g.check(now)
	v.Status.System, v.Status.EBS = v.Status.Instance, ""
	if v.Status.Instance == "impaired" {
		v.Status.System = "ok"
	}
	if g.SystemImpaired {
		v.Status.System = "impaired"
	}
	if g.kind.Nitro() {
		v.Status.EBS = v.Status.System
		if g.EBSImpaired {
			v.Status.EBS = "impaired"
		}
	}
	if ping := g.lastPing(now); !ping.IsZero() && g.state != stateTerminated {
		v.Agent = Agent{Registered: true, LastPing: ping, Ping: "Online"}
		if now.Sub(ping) > connectionLost {
			v.Agent.Ping = "ConnectionLost"
		}
	}
	for _, d := range g.dumps {
		if !d.done.After(now) {
			v.Dumps = append(v.Dumps, d.name)
		}
	}
	return v
}

// Console gives a guest's console: the ring as it is if latest, else what was
// posted after the last transition, which may be nothing, with its lab time.
func (f *Fleet) Console(id string, latest bool) ([]byte, time.Time, error) {
	f.mu.Lock()
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
