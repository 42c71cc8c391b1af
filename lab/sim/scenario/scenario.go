// Package scenario reads what a simulation is to play: which hosts, for how long, what
// befalls them, and which alarms they have. A scenario is a JSON file, so that anybody can
// write one for their own fleet:
//
//	{
//	  "name": "nat-fails", "seed": 1, "days": 30,
//	  "hosts": [{"fleet": "group6", "count": 60, "pingMinutes": 5, "detailedMonitoring": false, "heartbeat": true}],
//	  "faults": [{"cause": "egress", "scope": "subnet", "at": "2d3h", "for": "8m"}],
//	  "rates": {"lost-ping": 20},
//	  "alarms": ["heartbeat", "status", "target", "cpu"],
//	  "hangsPerHostYear": 2
//	}
//
// # What may be in it
//
// Only "hosts" is required. A key that is not listed here is an error, and so are a name
// that is in no list, a key that stands there twice, and a key in other letters.
//
//	name                a word of letters, digits, dots, underscores and dashes; default "scenario"
//	seed                a whole number from 0 up; default 1. The same seed gives the same world
//	days                1 to 3650; default 30
//	hosts               at least one entry:
//	  fleet               one of world.Fleets
//	  count               1 to 100000
//	  pingMinutes         how often the SSM agents ping, 5 to 60. Left out, it is 5 but in a
//	                      tenth of the networks, where it is 10, 15, 30 or 60
//	  detailedMonitoring  default false
//	  heartbeat           whether a CloudWatch agent sends a heartbeat; default true
//	faults              what befalls hosts at a certain time, besides what is drawn:
//	  cause               one of world.Causes
//	  scope               host, subnet, vpc, az, group, profile or region: the first of its
//	                      kind. Default: host
//	  at                  from the start; default "0s"
//	  for                 default: as long as such a fault lasts
//	rates               how often a cause is drawn, for a thousand host-days (what befalls one
//	                    host) or for a month of what it befalls. What is not listed has its
//	                    default (world.Cause.Rate), 0 means never. For ping-period it is the
//	                    share of networks
//	alarms              those that are set up; default all: heartbeat, status, target, cpu
//	hangsPerHostYear    how often a host hangs; default 2. 0 means never
//
// A duration is written as "2d3h", "8m" or "1d2h3m4s": whole numbers with d, h, m and s, in
// that order.
package scenario

import (
	"maps"
	"time"

	"crashcart/lab/sim/world"
)

// Scenario is what a simulation plays.
type Scenario struct {
	Name             string
	Seed             uint64
	Days             int
	Hosts            []Hosts
	Faults           []Fault
	Rates            map[world.Cause]float64
	Alarms           []world.AlarmKind
	HangsPerHostYear float64
}

// Hosts are some hosts of one fleet.
type Hosts struct {
	Fleet              world.Fleet
	Count              int
	PingMinutes        int // 0 where the file does not say
	DetailedMonitoring bool
	Heartbeat          bool
}

// Fault is something that befalls the first host, subnet and so on.
type Fault struct {
	Cause world.Cause
	Scope world.Scope
	At    time.Duration
	For   time.Duration // 0 where the file does not say
}

// The defaults of what is left out.
const (
	DefaultName  = "scenario"
	DefaultSeed  = 1
	DefaultDays  = 30
	DefaultHangs = 2
)

// The bounds of what may be said.
const (
	maxDays     = 3650
	maxCount    = 100_000
	maxFaults   = 100_000
	leastPing   = 5
	mostPing    = 60
	maxRate     = 1e6
	maxDuration = maxDays * 24 * time.Hour
)

// Default is a scenario in which nothing is said, and that has no hosts.
func Default() Scenario {
	return Scenario{Name: DefaultName, Seed: DefaultSeed, Days: DefaultDays, Alarms: world.AlarmKinds(), HangsPerHostYear: DefaultHangs}
}

// World makes the world that the scenario describes. Times multiplies every rate that is
// drawn; 1 leaves them. Its error is one of the scenario: a fault whose scope nothing has.
func (s Scenario) World(times float64) (*world.World, error) {
	return world.New(s.Config(times))
}

// Config is the world's own description of it.
func (s Scenario) Config(times float64) world.Config {
	c := world.Config{Seed: s.Seed, Days: s.Days, Rates: maps.Clone(s.Rates), Times: times, HangsPerHostYear: s.HangsPerHostYear}
	for _, h := range s.Hosts {
		c.Hosts = append(c.Hosts, world.Hosts{
			Fleet: h.Fleet, Count: h.Count, Period: time.Duration(h.PingMinutes) * time.Minute, Detailed: h.DetailedMonitoring, Mute: !h.Heartbeat,
		})
	}
	for _, f := range s.Faults {
		c.Faults = append(c.Faults, world.Fault{Cause: f.Cause, Scope: f.Scope, At: f.At, For: f.For})
	}
	return c
}
