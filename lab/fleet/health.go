package fleet

import (
	"iter"
	"time"
)

// impairedFor is how long a group lets a member's failed status check pass: AWS
// gives it "a few minutes" to recover ("Health checks for instances in an Auto
// Scaling group", Amazon EC2 Auto Scaling User Guide) and does not say how many.
const impairedFor = 3 * time.Minute

// failure is a member that its group gives up at a time.
type failure struct {
	member *guest
	at     time.Time
	why    string
}

// nextFailure is the earliest failure that any group will see, as things stand.
func (f *Fleet) nextFailure() failure {
	var first failure
	for _, m := range f.guests {
		g := f.groups[m.Group]
		if g == nil || m.Lifecycle != inService || m.Machine != nil {
			continue
		}
		if at, why := g.failure(m); why != "" && (first.member == nil || at.Before(first.at)) {
			first = failure{m, at, why}
		}
	}
	return first
}

// failure is when the group gives up a member, and why. The reason is empty for a member
// that it keeps.
func (g *group) failure(m *guest) (at time.Time, why string) {
	since := later(later(m.launched, g.returned[m.ID]), g.added)
	if m.state != "running" {
		return later(m.phases[len(m.phases)-1].at, since), "its instance state is " + m.state
	}
	graced := later(later(m.launched, g.returned[m.ID]).Add(g.Grace), g.added)
	if at := g.impaired(m, graced); !at.IsZero() {
		why = "its status check has been impaired for " + impairedFor.String()
		if sick := g.unhealthy(m, since, graced); sick.IsZero() || at.Before(sick) {
			return at, why
		}
	}
	if at := g.unhealthy(m, since, graced); !at.IsZero() {
		return at, "it is unhealthy in its target group"
	}
	return at, ""
}

// impaired is when a member's status check has failed for too long, but not
// before a time; zero if never.
func (g *group) impaired(m *guest, from time.Time) time.Time {
	silent := func(p phase) bool { return !p.arp }
	for began := range m.stretches(silent) {
		noticed := later(began.Add(checkEvery), m.launched.Add(initializing))
		_, since := m.check(noticed)
		if since.IsZero() {
			continue // it was over before any check failed
		}
		at := later(since.Add(impairedFor), from)
		if _, still := m.check(at); still.Equal(since) {
			return at
		}
	}
	return time.Time{}
}

// unhealthy is when a member, a target since a time, has failed enough of its
// target group's health checks, but not before another time; zero if never.
func (g *group) unhealthy(m *guest, since, from time.Time) time.Time {
	if g.HealthCheck != HealthELB {
		return time.Time{}
	}
	serving := func(p phase) bool { return p.name != phaseUp }
	for began, ended := range m.stretches(serving) {
		at := later(later(began, since).Add(time.Duration(g.UnhealthyThreshold)*g.Interval), from)
		if ended.IsZero() || !at.After(ended) {
			return at
		}
	}
	return time.Time{}
}

// stretches are the longest parts of a guest's life, as it is planned, of whose
// phases all are so. The last one may have no end, which is then zero.
func (g *guest) stretches(so func(phase) bool) iter.Seq2[time.Time, time.Time] {
	return func(yield func(from, to time.Time) bool) {
		var from time.Time
		within := false
		for _, p := range g.phases {
			switch {
			case so(p) && !within:
				from, within = p.at, true
			case !so(p) && within:
				within = false
				if !yield(from, p.at) {
					return
				}
			}
		}
		if within {
			yield(from, time.Time{})
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
