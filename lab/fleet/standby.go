package fleet

import (
	"fmt"
	"slices"
	"time"
)

// EnterStandby moves an InService member to Standby, where its group neither
// checks nor replaces it. If fill is true, its place is filled: by is the member
// launched in it. A member in any other state is left as it is, with ErrLifecycle.
func (f *Fleet) EnterStandby(id string, fill bool) (by string, err error) {
	err = f.changeMember(id, func(m *guest, now time.Time) error {
		if m.Lifecycle != inService {
			return fmt.Errorf("%s is %s in its group: %w", id, m.Lifecycle, ErrLifecycle)
		}
		m.Lifecycle = standby
		p, _ := m.phaseAt(now)
		r := Replacement{Group: m.Group, Instance: id, At: now, Why: "it was moved to Standby on request", Phase: p.name}
		if fill {
			r.By = f.launch(m.Spec, now)
		}
		f.replacements, by = append(f.replacements, r), r.By
		return nil
	})
	return by, err
}

// ExitStandby returns a member from Standby to service. Its group checks its
// health again from now on.
func (f *Fleet) ExitStandby(id string) error {
	return f.changeMember(id, func(m *guest, now time.Time) error {
		if m.Lifecycle != standby {
			return fmt.Errorf("%s is %s in its group: %w", id, m.Lifecycle, ErrLifecycle)
		}
		m.Lifecycle = inService
		if g := f.groups[m.Group]; g != nil {
			g.returned[id] = now
		}
		return nil
	})
}

// TerminateMember ends a member that is not real. If fill is true, its place is
// filled, which a member in Standby has none of.
func (f *Fleet) TerminateMember(id string, fill bool) (by string, err error) {
	err = f.changeMember(id, func(m *guest, now time.Time) error {
		if m.Machine != nil {
			return fmt.Errorf("%s: %w", id, ErrReal)
		}
		by = f.retire(m, now, "it was terminated on request", fill && m.Lifecycle != standby).By
		return nil
	})
	return by, err
}

// changeMember runs fn on a running member of a group.
func (f *Fleet) changeMember(id string, fn func(*guest, time.Time) error) error {
	f.lock()
	defer f.mu.Unlock()
	m := f.find(id)
	if m == nil || m.Group == "" || m.state != "running" {
		return fmt.Errorf("%s is no running member of a group: %w", id, ErrUnknown)
	}
	return fn(m, f.clock.Now())
}

// retire terminates a member and, if its place is to be filled, launches another.
func (f *Fleet) retire(m *guest, at time.Time, why string, fill bool) Replacement {
	p, _ := m.phaseAt(at)
	r := Replacement{
		Group: m.Group, Instance: m.ID, At: at, Why: why, Terminated: true,
		Phase: p.name, DumpLost: p.name == phaseDumping || m.dumped(at),
	}
	if m.state != stateTerminated {
		m.off(at, stateTerminated)
	}
	m.Lifecycle = terminated
	if fill {
		r.By = f.launch(m.Spec, at)
	}
	f.replacements = append(f.replacements, r)
	return r
}

func (g *guest) dumped(at time.Time) bool {
	return g.DumpFlaw == FlawNone && slices.ContainsFunc(g.dumps, func(d dump) bool { return !d.done.After(at) })
}

// launch starts a guest at a time that is like another one, in its group, and
// gives its id; empty if there is no room for it.
func (f *Fleet) launch(like Spec, at time.Time) string {
	for try := range 100 { // an address that follows from an id may be taken
		s := like
		s.ID = fmt.Sprintf("i-0%016x", hash(fmt.Sprint(like.Group, len(f.replacements), try)))
		if s.Name == like.ID {
			s.Name = s.ID
		}
		s.IP, s.MoreIPs, s.Lifecycle, s.SystemImpaired, s.EBSImpaired, s.Machine = "", nil, inService, false, false, nil
		s.Habits.Volumes = nil // it has a disk of its own
		fill(&s)
		s.Age = 0
		if f.add(s, at) == nil {
			return s.ID
		}
	}
	return ""
}
