// Package world is a fleet of EC2 instances over months of virtual time, as AWS's APIs
// show it.
//
// It has hosts with agents, disks and applications; networks with ways out; load
// balancers, target groups, Auto Scaling groups and instance profiles; and faults that
// befall any of these. A View answers for one moment what EC2, Systems Manager,
// CloudWatch, Elastic Load Balancing and Auto Scaling would answer then, with the SDK's
// own types, and as late as they are.
//
// # It can say no
//
// The world is the other side of a measurement. So it imports nothing that decides: no
// guard, no vitals, and of lambda only the names in lambda/domain/config. What is really
// true of a host (Lives) is in no answer of any API.
//
// # It stands still
//
// Nothing runs here. A host's life is a sorted list of intervals, each with what it does to
// the host. Every ping, write and frame is drawn by hashing the world's seed, the host and
// the minute. So an answer about any moment costs only what is asked, answers come in any
// order, and the same seed gives the same answers. A World never changes, and may be used
// by several goroutines at once.
//
// # From what it is taken
//
// What hosts write while they live, hang and dump was measured on real kernels
// (docs/hangs.md). How agents ping is their source (agent.go). The causes, how often they
// come and how long they last are those of the issue "The simulation" (cause.go). How late
// AWS is was measured by others for a few figures and is unknown for most: those are
// Unknowns, to be swept and not chosen.
//
// The rest are guesses, each marked as one where it stands: how much hosts send, how often a
// console shows nothing, which of the measured idle hosts are frequent, how old the kernels
// are, how many volumes are shared or moved, how long some causes last that the issue gives
// no length for, and how soon a group gives a member up. Where a guess could be kind or harsh
// to the guard, it is harsh: a boot that checks its disk writes nothing, a host that waits
// for a stop job writes nothing, a capture kernel may say nothing, and the screen of a living
// host never changes. One guess is still kind: see stillScreens.
package world

import (
	"fmt"
	"slices"
	"time"
)

// Config says what a world has. The zero value has no hosts and no faults.
type Config struct {
	Seed  uint64
	Start time.Time // default DefaultStart
	Days  int       // for how long faults are drawn and alarms listed; default 30

	Hosts  []Hosts
	Faults []Fault // besides those that are drawn

	// Rates are how often each cause is drawn, in the unit of the cause. A cause that is
	// not in it has its own default; 0 means never.
	Rates map[Cause]float64
	// Times multiplies every rate. Default 1.
	Times float64
	// HangsPerHostYear is how often a host hangs. Every kind of hang is equally frequent.
	HangsPerHostYear float64
	// Hangs are the kinds of hang that are drawn. Default: all.
	Hangs []Cause
}

// Hosts are some hosts of one fleet.
type Hosts struct {
	Fleet    Fleet
	Count    int
	Period   time.Duration // of the SSM agent's pings; default 5 min, in some networks more (PingPeriod)
	Detailed bool          // detailed monitoring
	Mute     bool          // no CloudWatch agent, so no heartbeat
}

// DefaultStart is when a world begins: a day like any other.
var DefaultStart = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

const defaultDays = 30

// World is a fleet with everything that will befall it.
type World struct {
	seed  uint64
	start time.Time
	days  int
	odd   float64 // the share of networks whose agents ping less often than every five minutes

	hosts    []*host
	byID     map[string]int32
	byVolume map[string]int32

	vpcs     []*vpc
	subnets  []*subnet
	profiles []*profile
	groups   []*group
	targets  []*targetGroup

	groupNames  map[string]*group
	targetARNs  map[string]*targetGroup
	subnetIDs   map[string]*subnet
	profileARNs map[string]*profile
	addresses   map[string]int32 // by VPC and address
	az          [3][]int32

	region      life // what befalls AWS's own services
	episodes    []Episode
	unreachable []spell // of all hosts, by their beginning
}

// New makes a world.
func New(c Config) (*World, error) {
	w := &World{
		seed: c.Seed, start: c.Start, days: c.Days,
		byID: map[string]int32{}, byVolume: map[string]int32{}, addresses: map[string]int32{},
		groupNames: map[string]*group{}, targetARNs: map[string]*targetGroup{}, subnetIDs: map[string]*subnet{}, profileARNs: map[string]*profile{},
	}
	if w.start.IsZero() {
		w.start = DefaultStart
	}
	if w.days == 0 {
		w.days = defaultDays
	}
	if w.days < 0 {
		return nil, fmt.Errorf("a world of %d days", w.days)
	}
	w.odd = c.rate(dataOf(PingPeriod))
	for i, h := range c.Hosts {
		if err := w.settle(h); err != nil {
			return nil, fmt.Errorf("hosts %d: %w", i, err)
		}
	}
	faults, err := w.resolved(c.Faults)
	if err != nil {
		return nil, err
	}
	drawn, err := w.draw(c)
	if err != nil {
		return nil, err
	}
	w.befall(append(faults, drawn...))
	return w, nil
}

// With is the same world with other faults instead of those that it has. The hosts and
// their habits stay. It costs little where few hosts are befallen.
func (w *World) With(faults ...Fault) (*World, error) {
	out := *w
	out.hosts = slices.Clone(w.hosts)
	for n, h := range out.hosts {
		if len(h.life.all) > 0 {
			out.hosts[n] = &host{traits: h.traits}
		}
	}
	out.episodes = nil
	found, err := out.resolved(faults)
	if err != nil {
		return nil, err
	}
	out.befall(found)
	return &out, nil
}

// Phased is the same world in which a host's agent pings at another moment within its
// period, until it restarts.
func (w *World) Phased(host int, phase time.Duration) *World {
	out := *w
	out.hosts = slices.Clone(w.hosts)
	changed, traits := *w.hosts[host], *w.hosts[host].traits
	traits.phase = seconds(phase)
	changed.traits = &traits
	out.hosts[host] = &changed
	return &out
}
