package world

import "slices"

// Cause is the name of something that befalls hosts.
type Cause string

// What befalls one host.
const (
	LostPing       Cause = "lost-ping"
	AgentStopped   Cause = "agent-stopped"
	AgentHibernate Cause = "agent-hibernates"
	AgentsStopped  Cause = "agents-stopped"
	OwnWayOut      Cause = "own-way-out"
	CutOff         Cause = "cut-off"
	OwnNetwork     Cause = "own-network"
	EBSStall       Cause = "ebs-stall"
	AppDeadlock    Cause = "app-deadlock"
	AppCrash       Cause = "app-crash"
	WorkEnds       Cause = "work-ends"
	CPUStarved     Cause = "cpu-starved"
	StormThatEnds  Cause = "storm-that-ends"
	Reboot         Cause = "reboot"
	SlowBoot       Cause = "slow-boot"
	PanicWithDump  Cause = "panic-with-dump"
	SlowStop       Cause = "slow-stop"
	DiskFull       Cause = "disk-full"
)

// What befalls many hosts at once, or AWS.
const (
	PingPeriod     Cause = "ping-period"
	Egress         Cause = "egress"
	DNS            Cause = "dns"
	RoleLost       Cause = "role-lost"
	AZPartition    Cause = "az-partition"
	SSMLate        Cause = "ssm-late"
	CloudWatchLate Cause = "cloudwatch-late"
	AZEBS          Cause = "az-ebs"
	BadDeploy      Cause = "bad-deploy"
	GroupChurn     Cause = "group-churn"
)

// The hangs: what an interrupt is for.
const (
	FrozenRoot   Cause = "frozen-root"
	Stopped      Cause = "stopped"
	Memory       Cause = "memory"
	Spin         Cause = "spin"
	NoInterrupts Cause = "no-interrupts"
	PanicNoDump  Cause = "panic-no-dump"
	SwapThrash   Cause = "swap-thrash"
	OneCPU       Cause = "one-cpu"
	Partial      Cause = "partial"
	Flapping     Cause = "flapping"
)

// HostCauses are the causes that befall one living host.
func HostCauses() []Cause {
	return []Cause{
		LostPing, AgentStopped, AgentHibernate, AgentsStopped, OwnWayOut, CutOff, OwnNetwork, EBSStall, AppDeadlock, AppCrash, WorkEnds,
		CPUStarved, StormThatEnds, Reboot, SlowBoot, PanicWithDump, SlowStop, DiskFull,
	}
}

// WiderCauses are the causes that befall many living hosts at once.
func WiderCauses() []Cause {
	return []Cause{PingPeriod, Egress, DNS, RoleLost, AZPartition, SSMLate, CloudWatchLate, AZEBS, BadDeploy, GroupChurn}
}

// Hangs are the causes after which a host is hung.
func Hangs() []Cause {
	return []Cause{FrozenRoot, Stopped, Memory, Spin, NoInterrupts, PanicNoDump, SwapThrash, OneCPU, Partial, Flapping}
}

// Causes are all causes.
func Causes() []Cause { return slices.Concat(HostCauses(), WiderCauses(), Hangs()) }

// Hang says whether a host is hung by it.
func (c Cause) Hang() bool { return slices.Contains(Hangs(), c) }

// Fleet is the name of a kind of hosts, with all that stands around them.
type Fleet string

// The fleets.
const (
	Single        Fleet = "single"
	Subnet3       Fleet = "subnet3"
	Group2        Fleet = "group2"
	Group6        Fleet = "group6"
	Group6ELB     Fleet = "group6-elb"
	ALBInstance   Fleet = "alb-instance"
	ALBIP         Fleet = "alb-ip"
	NLBTCP        Fleet = "nlb-tcp"
	NodePort      Fleet = "nodeport"
	Batch         Fleet = "batch"
	Idle          Fleet = "idle"
	Router        Fleet = "router"
	Busy          Fleet = "busy"
	NoAgent       Fleet = "no-agent"
	Windows       Fleet = "windows"
	InstanceStore Fleet = "instance-store"
)

// Fleets are all fleets.
func Fleets() []Fleet {
	return []Fleet{
		Single, Subnet3, Group2, Group6, Group6ELB, ALBInstance, ALBIP, NLBTCP, NodePort, Batch, Idle, Router, Busy, NoAgent, Windows, InstanceStore,
	}
}

// Scope is how far a fault reaches.
type Scope string

// The scopes. A group is an Auto Scaling group, or else the hosts behind one target group.
const (
	OneHost     Scope = "host"
	OneSubnet   Scope = "subnet"
	OneVPC      Scope = "vpc"
	OneAZ       Scope = "az"
	OneGroup    Scope = "group"
	OneProfile  Scope = "profile"
	WholeRegion Scope = "region"
)

// Scopes are all scopes.
func Scopes() []Scope {
	return []Scope{OneHost, OneSubnet, OneVPC, OneAZ, OneGroup, OneProfile, WholeRegion}
}

// AlarmKind is what an alarm watches.
type AlarmKind string

// The alarms that a fleet may have.
const (
	HeartbeatAlarm AlarmKind = "heartbeat" // the host's own metric is missing
	StatusAlarm    AlarmKind = "status"    // EC2's reachability check fails
	TargetAlarm    AlarmKind = "target"    // a target of a load balancer is unhealthy
	CPUAlarm       AlarmKind = "cpu"       // CPU, memory, disk or latency: also on hosts that are well
)

// AlarmKinds are all kinds of alarm.
func AlarmKinds() []AlarmKind {
	return []AlarmKind{HeartbeatAlarm, StatusAlarm, TargetAlarm, CPUAlarm}
}
