// Package instance holds the facts about an EC2 instance that are decided on, and
// about the Region and the group that it is in. It asks nobody: package resolve does.
package instance

import (
	"strings"
	"time"

	"crashcart/lambda/domain/fact"
)

// Instance is one EC2 instance a trigger names. Times are AWS's own.
type Instance struct {
	ID   string
	From string // where the event named it
	Via  string // ARN of the target group that it was found in, if any

	// AsOf is when the first round began. What it learned was true then; ages must be
	// counted up to this moment, or waiting alone would make a failure older.
	AsOf time.Time

	// Known after the first round of calls.
	Description fact.Of[Description]
	Unreachable fact.Of[Unreachable] // of the Region, and of this instance in it
	Ping        fact.Of[Ping]
	Agents      fact.Of[Agents] // of the Region, a sample

	// Known after the second.
	Status   fact.Of[Status]
	Type     fact.Of[Type]
	Shutdown fact.Of[string] // instance-initiated shutdown behaviour: stop or terminate
	Group    fact.Of[Group]
}

// Description is what DescribeInstances says. Exists is false for an id that
// this account and Region does not have; then nothing else is set.
type Description struct {
	Exists       bool
	State        string // pending, running, shutting-down, terminated, stopping, stopped
	Type         string
	Architecture string // i386, x86_64, arm64, x86_64_mac, arm64_mac
	Windows      bool
	LaunchedAt   time.Time // of the last start, not of a reboot
	Operator     string    // the service that manages the instance, empty for the account itself
	Tag          string    // the value of config.TagKey
	GroupTag     string    // the value of config.GroupTagKey
	AutoScaling  string    // name of its Auto Scaling group
}

// GroupName is what the instance belongs to: its Auto Scaling group, else its
// group tag, else the target group in which it was found. name is empty for an
// instance in no group, and for one that is not described.
func (i *Instance) GroupName() (kind GroupKind, name string) {
	d, err := i.Description.Get()
	switch {
	case err != nil:
		return "", ""
	case d.AutoScaling != "":
		return GroupAutoScaling, d.AutoScaling
	case d.GroupTag != "":
		return GroupTag, d.GroupTag
	case i.Via != "":
		return GroupTargets, TargetGroupName(i.Via)
	}
	return "", ""
}

// Unreachable is what AWS's reachability check says of this instance and of the
// Region that it is in.
type Unreachable struct {
	Failing bool
	Since   time.Time // zero when AWS does not say

	Region map[string]time.Time // every instance whose check fails, and since when
	Cut    bool                 // Region was cut at the first page beyond what the guard allows
}

// RegionWindow is how lately an instance must have become unreachable to count
// as part of an event that is going on. Boxes that are dead for days don't.
const RegionWindow = 30 * time.Minute

// Lately counts the Region's instances that became unreachable within
// RegionWindow. One of which AWS does not say since when counts, too.
func (u Unreachable) Lately(now time.Time) int {
	n := 0
	for _, since := range u.Region {
		if since.IsZero() || now.Sub(since) <= RegionWindow {
			n++
		}
	}
	return n
}

// Ping is the last sign of life of the instance's SSM agent. At is zero when
// there is no agent, or none that ever reported.
type Ping struct {
	At time.Time
}

// Agents is a sample of the Region's SSM agents: when each was last heard of, by
// instance. Silence proves something about one host only while others are heard.
type Agents map[string]time.Time

// Check is the summary of one kind of status check.
type Check struct {
	Status string    // ok, impaired, insufficient-data, not-applicable, initializing
	Since  time.Time // since when it is impaired; zero when AWS does not say
}

// Event is maintenance that AWS has scheduled.
type Event struct {
	Code        string // instance-reboot, system-reboot, system-maintenance, instance-retirement, instance-stop
	Description string // starts with "[Completed]" or "[Canceled]" once it is over
	NotBefore   time.Time
	NotAfter    time.Time
}

// Status is what DescribeInstanceStatus says of one instance.
type Status struct {
	Instance    Check
	System      Check
	EBS         Check
	Application Check
	Events      []Event
}

// Type is what DescribeInstanceTypes says.
type Type struct {
	Hypervisor    string // nitro or xen; empty for bare metal
	BareMetal     bool
	Architectures []string
}

// GroupKind is what makes a group a group.
type GroupKind string

const (
	// GroupAutoScaling is an EC2 Auto Scaling group.
	GroupAutoScaling GroupKind = "Auto Scaling group"
	// GroupTargets is what is registered in a load balancer's target group.
	GroupTargets GroupKind = "target group"
	// GroupTag is all running instances with one value of the group tag.
	GroupTag GroupKind = "tag group"
)

// Group is the group that the instance is in. Name is empty for an instance in none.
type Group struct {
	Kind      GroupKind
	Name      string
	Lifecycle string // of this instance in an Auto Scaling group: InService, Standby, Terminating:Wait, ...
	Members   []Member
}

// Key names the group in the casebook. It is empty for no group.
func (g Group) Key() string { return GroupKey(g.Kind, g.Name) }

// GroupKey is the casebook's name of a group. It is empty for no group.
func GroupKey(kind GroupKind, name string) string {
	if name == "" {
		return ""
	}
	return map[GroupKind]string{GroupAutoScaling: "asg/", GroupTag: "tag/", GroupTargets: "tg/"}[kind] + name
}

// Member is one instance of a group and its signs of life.
type Member struct {
	ID          string
	Lifecycle   string // in an Auto Scaling group
	Unreachable bool   // AWS's reachability check fails
	Ping        Ping
}

// TargetGroupName is the readable part of a target group's ARN:
// "api/50dc6c495c0c9188".
func TargetGroupName(arn string) string {
	_, name, _ := strings.Cut(arn, ":targetgroup/")
	return name
}
