package fleet

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// The kinds of health check that a group may go by ("Health checks for instances
// in an Auto Scaling group", Amazon EC2 Auto Scaling User Guide).
const (
	// HealthEC2 is the instance's state and status check.
	HealthEC2 = "EC2"
	// HealthELB is the load balancer's check besides those of HealthEC2.
	HealthELB = "ELB"
)

// The lifecycle states of a member that this package knows ("Amazon EC2 Auto
// Scaling instance lifecycle", ibid.).
const (
	inService  = "InService"
	standby    = "Standby"
	terminated = "Terminated"
)

// ErrLifecycle says that a member is not in the lifecycle state that is needed.
var ErrLifecycle = errors.New("not in the lifecycle state that this needs")

// Group is an Auto Scaling group that replaces the members it sees failing: those
// whose status check is impaired for a few minutes, those that do not run any more
// and, with HealthELB, those that answer no requests. A group that is not added
// with AddGroup has members all the same, by Spec.Group, and lets them be.
//
// A group sees what AWS sees. A frozen guest answers ARP and passes its status
// check for ever; interrupted, it dumps without ARP, and the group takes it in the
// middle of that. Members that are not InService, such as those in Standby, are
// not checked, and neither are real ones. What a group does at once here takes AWS
// until its next round.
type Group struct {
	Name        string
	HealthCheck string        // HealthEC2 (default) or HealthELB
	Grace       time.Duration // after a member entered service, in which no failed check counts
	Min, Max    int           // sizes; default 1, and no limit

	// The load balancer's health check, with the defaults of package elb. Members
	// count as its targets from when they entered service until they leave it.
	Interval           time.Duration // default 30 s
	UnhealthyThreshold int           // failures in a row; default 2
}

// Replacement is what a group did about one member that left its service.
type Replacement struct {
	Group      string
	Instance   string
	At         time.Time // lab time
	Why        string
	Terminated bool   // else it went to Standby
	Phase      string // what the guest was doing
	DumpLost   bool   // it was writing a dump, or had written one, which went with its disk
	By         string // the member launched in its place, if any
}

// group is a Group at work.
type group struct {
	Group
	added    time.Time
	returned map[string]time.Time // from Standby, by id
}

// AddGroup has a group look after its members from now on, those there are and
// those that come.
func (f *Fleet) AddGroup(g Group) error {
	if g.HealthCheck == "" {
		g.HealthCheck = HealthEC2
	}
	if g.HealthCheck != HealthEC2 && g.HealthCheck != HealthELB {
		return fmt.Errorf("group %s: there is no health check %q", g.Name, g.HealthCheck)
	}
	if g.Min == 0 {
		g.Min = 1
	}
	if g.Interval == 0 {
		g.Interval = 30 * time.Second
	}
	if g.UnhealthyThreshold == 0 {
		g.UnhealthyThreshold = 2
	}
	f.lock()
	defer f.mu.Unlock()
	if g.Name == "" || f.groups[g.Name] != nil {
		return fmt.Errorf("group %q: a name must be given, once", g.Name)
	}
	if f.groups == nil {
		f.groups = map[string]*group{}
	}
	f.groups[g.Name] = &group{Group: g, added: f.clock.Now(), returned: map[string]time.Time{}}
	return nil
}

// Group gives a group that was added.
func (f *Fleet) Group(name string) (Group, bool) {
	f.lock()
	defer f.mu.Unlock()
	if g := f.groups[name]; g != nil {
		return g.Group, true
	}
	return Group{}, false
}

// Replacements are all members that groups replaced or let go, in order.
func (f *Fleet) Replacements() []Replacement {
	f.lock()
	defer f.mu.Unlock()
	return slices.Clone(f.replacements)
}

// lock takes the fleet's lock, and has the groups do first what was due by now.
// Every access to the fleet begins with it. So what a group did depends on the clock
// alone, and not on who asked when.
func (f *Fleet) lock() {
	f.mu.Lock()
	if len(f.groups) == 0 {
		return
	}
	for now := f.clock.Now(); ; {
		next := f.nextFailure()
		if next.member == nil || next.at.After(now) {
			return
		}
		f.retire(next.member, next.at, next.why, true)
	}
}
