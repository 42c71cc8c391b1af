// Package instance holds the facts that decisions are made on: about an EC2 instance, its
// group and its Region. It asks nobody for them: package resolve does.
package instance

import (
	"time"

	"crashcart/lambda/domain/fact"
)

// Instance is one EC2 instance that a trigger names. Its times are AWS's own.
type Instance struct {
	ID   string
	From string // where the event named it
	Via  string // ARN of the target group that it was found in; empty for one named otherwise

	// AsOf is when the first round of calls began. Its facts are true for that moment, so
	// ages are counted up to it. Otherwise waiting alone would make a failure older.
	AsOf time.Time

	// Known after the first round of calls.
	Description fact.Of[Description]
	Unreachable fact.Of[Unreachable] // of the Region, and of this instance in it
	Ping        fact.Of[Ping]

	// Known after the second.
	Status     fact.Of[Status]
	Type       fact.Of[Type]
	Shutdown   fact.Of[string] // instance-initiated shutdown behaviour: stop or terminate
	Group      fact.Of[Group]
	Metrics    fact.Of[Metrics]
	Targets    fact.Of[[]Registration] // in the target groups that are known to have it
	Neighbours fact.Of[Neighbours]
}

// Description is what DescribeInstances says. Exists is false for an id that this account
// and Region does not have. Then nothing else is set.
type Description struct {
	Exists       bool
	State        string // pending, running, shutting-down, terminated, stopping, stopped
	Type         string
	Architecture string // i386, x86_64, arm64, x86_64_mac, arm64_mac
	Windows      bool
	LaunchedAt   time.Time // of the last start, not of a reboot
	Operator     string    // the service that manages the instance; empty where the account does
	Tag          string    // the value of config.TagKey
	TagMisspelt  string    // another spelling of that key, which IAM takes for it
	GroupTag     string    // the value of config.GroupTagKey
	AutoScaling  string    // name of its Auto Scaling group

	Volumes    []Volume // of EBS
	VPC        string
	Subnet     string
	Profile    string   // ARN of its instance profile; empty without one
	Addresses  []string // primary private addresses of its network interfaces, IPv4 and IPv6
	Router     bool     // its source/destination check is off: it forwards for others
	Kubernetes bool     // it is a node of a cluster, whose ports others may answer
	Detailed   bool     // its EC2 metrics have periods of one minute
}

// Volume is an EBS volume that is attached to the instance. What CloudWatch has of the time
// before AttachedAt may be about another host. AttachedAt is zero when EC2 does not say it.
type Volume struct {
	ID         string
	AttachedAt time.Time
}

// Unreachable is what AWS's reachability check says of this instance and of the
// Region that it is in.
type Unreachable struct {
	Failing bool
	Since   time.Time // zero when AWS does not say

	Region map[string]time.Time // every instance whose check fails, and since when
	Cut    bool                 // Region was cut at the first page beyond what the guard allows
}

// RegionWindow is how lately an instance must have become unreachable to count as part of
// an event that is going on. An instance that is dead for days does not count.
const RegionWindow = 30 * time.Minute

// Lately counts the Region's instances that became unreachable within RegionWindow. It
// counts an instance, too, when AWS does not say since when.
func (u Unreachable) Lately(now time.Time) int {
	n := 0
	for _, since := range u.Region {
		if since.IsZero() || now.Sub(since) <= RegionWindow {
			n++
		}
	}
	return n
}

// Ping is the last sign of life of the instance's SSM agent. At is zero when there is no
// agent, or when it has never reported.
type Ping struct {
	At time.Time
}

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
