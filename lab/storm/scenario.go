package storm

import (
	"time"

	"crashcart/lab"
	"crashcart/lab/fault"
)

// Scenario is one storm: what is alarmed, what goes wrong, and what must come of
// it. The zero value of most fields is the ordinary case.
type Scenario struct {
	Name  string
	About string // in a few words, for people

	Fleet Mix
	Hosts int // how many there are, all of them alarmed
	// Alarms are how many alarms each host has, each of which is delivered twice;
	// default 1.
	Alarms int
	// Close has a host's alarms and their copies come close together, so that several
	// bootstraps have them at the same time.
	Close bool
	Env   map[string]string // of the function, besides what every deployment has
	Shift time.Duration     // of the alarms' times against the clock that everybody else has

	Speed      float64       // lab seconds in a second; default speed
	Bootstraps int           // side by side; default 8
	Visibility time.Duration // of a message, on the wall; default visibility
	MaxReceive int           // deliveries before the dead-letter queue; default 5
	Twice      bool          // every step of the follow-up is asked for twice at the same time
	// Follow is lab seconds in a second once only the follow-up is left; default followSpeed.
	Follow float64

	// Faults are what goes wrong, made for one run. May be nil.
	Faults func(*lab.Lab) []fault.Fault
	// Struck is true of a call that a fault had its way with. Without one such call
	// the scenario has shown nothing, and fails. May be nil.
	Struck func(lab.Call) bool

	Expect Expectation
	Checks []Check // besides those of every scenario
}

// Expectation is what must come of a scenario.
type Expectation struct {
	Budget     int      // claims an hour that the function is allowed
	Claims     int      // exactly
	Interrupts int      // exactly
	Rules      []string // by which targets may be refused, and no others
	Dead       bool     // messages may end in the dead-letter queue
}

// Mix is what a fleet consists of. What is not named is frozen: its agent and heartbeat
// are silent, it writes nothing, and its status check passes, as of most hangs.
//
// Every host has a subnet and an instance profile of its own, so that it is judged by its
// neighbours and not by the whole storm.
type Mix struct {
	Dead       int // in a thousand: the status check fails too
	Grouped    int // in a thousand: members of Auto Scaling groups of groupSize
	Healthy    int // in a thousand: nothing is wrong with them but the alarm
	Unseen     int // in a thousand: started so lately that the APIs know them only unseenFor later
	Neighbours int // for every subnet, in which nothing is wrong and nothing alarms
	Large      int // in a thousand: their dumps have two parts
}

const (
	groupSize = 20
	// neighbours are as many as tell the period of a fleet's pings. Where thousands of
	// hosts are alarmed there are only fewNeighbours each, or the lab would be simulating
	// for longer than its triggers are fresh.
	neighbours, fewNeighbours = 10, 3
	// hungFor is since when everything hangs: long enough for every sign that the
	// guard wants to see. These are five minutes of a failing check, which may be noticed
	// a minute late, eleven of a silent agent, and sixteen of a still disk. Of that the newest
	// three are not published, the first two may have had a write that was under way, and
	// one more is for the minute's beginning.
	hungFor = 22 * time.Minute
	// unseenFor is how long a new id stays unknown; real ones take seconds.
	unseenFor = 30 * time.Second
	// twoParts is the size of a dump that is sent in two parts, in bytes.
	twoParts = 17 << 20
)
