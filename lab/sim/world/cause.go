package world

import "time"

// unit is what a cause's rate is counted in.
type unit int

const (
	perHostDay      unit = iota // a thousand of them
	perVPCMonth                 // one
	perProfileMonth             // one
	perZoneMonth                // one, of each zone
	perRegionMonth              // one
	perGroupMonth               // one
	perVPC                      // the share of networks in which it is always so
)

const month = 30 * day

// causeData is what is known of a cause.
type causeData struct {
	cause       Cause
	rate        float64 // a floor
	unit        unit
	least, most time.Duration // log-uniform; both are 0 where the cause has a length of its own
	scope       Scope         // of a drawn one
	does        func(p *plan)
	raises      []raise
}

// raise is an alarm on CPU, memory, disk or latency that a cause really fires.
type raise struct {
	chance      float64
	least, most time.Duration // after the beginning
}

// Alarms on what a host suffers itself stand for some periods of a minute, and metrics are
// late.
var (
	loads   = []raise{{1, 2 * time.Minute, 6 * time.Minute}}
	slow    = []raise{{0.7, 2 * time.Minute, 7 * time.Minute}}
	perhaps = []raise{{0.3, 2 * time.Minute, 15 * time.Minute}}
)

// causes are what befalls living hosts, with the rates and lengths of the issue "The
// simulation". Where the issue gives no length, there is a remark.
var causes = []causeData{
	{LostPing, 20, perHostDay, 0, 0, OneHost, lostPing, nil},
	{AgentStopped, 2, perHostDay, 5 * time.Minute, 240 * time.Hour, OneHost, agentStopped, nil},
	{AgentHibernate, 1, perHostDay, 10 * time.Minute, time.Hour, OneHost, agentHibernates, nil},
	{AgentsStopped, 0.5, perHostDay, 5 * time.Minute, 240 * time.Hour, OneHost, agentsStopped, nil},
	{OwnWayOut, 0.5, perHostDay, 2 * time.Minute, 24 * time.Hour, OneHost, ownWayOut, perhaps},
	{CutOff, 0.5, perHostDay, 5 * time.Minute, 720 * time.Hour, OneHost, cutOff, perhaps},
	{OwnNetwork, 0.5, perHostDay, 2 * time.Minute, 24 * time.Hour, OneHost, ownNetwork, slow},
	{EBSStall, 0.5, perHostDay, 10 * time.Second, 20 * time.Minute, OneHost, ebsStall, slow},
	{AppDeadlock, 5, perHostDay, 10 * time.Second, 24 * time.Hour, OneHost, appDeadlock, slow},
	{AppCrash, 2, perHostDay, 10 * time.Second, 24 * time.Hour, OneHost, appCrash, slow},          // as app-deadlock
	{WorkEnds, 100, perHostDay, 5 * time.Minute, 12 * time.Hour, OneHost, workEnds, nil},          // a guess
	{CPUStarved, 5, perHostDay, 5 * time.Minute, 12 * time.Hour, OneHost, cpuStarved, loads},      // a guess
	{StormThatEnds, 2, perHostDay, 20 * time.Second, 15 * time.Minute, OneHost, stormEnds, loads}, //
	{Reboot, 20, perHostDay, 30 * time.Second, 4 * time.Minute, OneHost, reboot, nil},             // a guess
	{SlowBoot, 0.5, perHostDay, 10 * time.Minute, 4 * time.Hour, OneHost, slowBoot, nil},          //
	{PanicWithDump, 0.5, perHostDay, time.Minute, 90 * time.Minute, OneHost, panicWithDump, nil},  //
	{SlowStop, 5, perHostDay, time.Minute, 2 * time.Hour, OneHost, slowStop, perhaps},             //
	{DiskFull, 0.5, perHostDay, 10 * time.Minute, 24 * time.Hour, OneHost, diskFull, loads},       //
	{PingPeriod, oddPeriods, perVPC, 0, 0, OneVPC, pingPeriod, nil},                               //
	{Egress, 1, perVPCMonth, 2 * time.Minute, time.Hour, OneSubnet, egress, perhaps},              // half of them 5 to 15 min
	{DNS, 0.3, perVPCMonth, time.Minute, 30 * time.Minute, OneVPC, dns, slow},                     //
	{RoleLost, 0.1, perProfileMonth, 10 * time.Minute, 48 * time.Hour, OneProfile, roleLost, nil}, // a guess
	{AZPartition, 0.1, perZoneMonth, 5 * time.Minute, 3 * time.Hour, OneAZ, azPartition, slow},    //
	{SSMLate, 0.2, perRegionMonth, 2 * time.Minute, time.Hour, WholeRegion, regional, nil},        //
	{CloudWatchLate, 0.2, perRegionMonth, 2 * time.Minute, time.Hour, WholeRegion, regional, nil}, //
	{AZEBS, 0.05, perZoneMonth, 2 * time.Minute, 40 * time.Minute, OneAZ, azEBS, slow},            // a guess
	{BadDeploy, 2, perGroupMonth, 5 * time.Minute, time.Hour, OneGroup, badDeploy, slow},          //
	{GroupChurn, 5, perGroupMonth, 5 * time.Minute, time.Hour, OneGroup, groupChurn, nil},         // a guess
	{FrozenRoot, 0, perHostDay, hangLeast, hangMost, OneHost, frozenRoot, slow},                   //
	{Stopped, 0, perHostDay, hangLeast, hangMost, OneHost, stopped, slow},                         //
	{Memory, 0, perHostDay, hangLeast, hangMost, OneHost, memory, loads},                          //
	{Spin, 0, perHostDay, hangLeast, hangMost, OneHost, spin, loads},                              //
	{NoInterrupts, 0, perHostDay, hangLeast, hangMost, OneHost, noInterrupts, slow},               //
	{PanicNoDump, 0, perHostDay, hangLeast, hangMost, OneHost, panicNoDump, slow},                 //
	{SwapThrash, 0, perHostDay, hangLeast, hangMost, OneHost, swapThrash, loads},                  //
	{OneCPU, 0, perHostDay, hangLeast, hangMost, OneHost, oneCPU, loads},                          //
	{Partial, 0, perHostDay, hangLeast, hangMost, OneHost, partial, slow},                         //
	{Flapping, 0, perHostDay, hangLeast, 6 * time.Hour, OneHost, flapping, slow},                  //
}

// A host that hangs is restarted by a person, sooner or later. That is a guess; it only has
// to be later than any decision.
const (
	hangLeast = 2 * time.Hour
	hangMost  = 24 * time.Hour
)

// dataOf is what is known of a cause, and nil for a name that is none.
func dataOf(c Cause) *causeData {
	for n := range causes {
		if causes[n].cause == c {
			return &causes[n]
		}
	}
	return nil
}

// Longest is for how long a cause lasts at most where nothing else is said. It is zero for
// one that has no length.
func (c Cause) Longest() time.Duration {
	if d := dataOf(c); d != nil {
		return d.most
	}
	return 0
}

// Rate is how often a cause is drawn where nothing else is said. Its unit is a thousand
// host-days for what befalls one host, and otherwise a month of what it befalls; for
// ping-period it is the share of networks.
func (c Cause) Rate() float64 {
	if d := dataOf(c); d != nil {
		return d.rate
	}
	return 0
}

// plan is what one fault does to one host.
type plan struct {
	h        *host
	cause    Cause
	from, to int64
	own      uint64 // a draw of this fault and this host
	shared   uint64 // a draw of this fault alone: the same for all its hosts
	nth      int    // of the fault's hosts
	out      []interval
}

// add adds an interval. It gives it to be completed.
func (p *plan) add(from, to int64, does effects) *interval {
	p.out = append(p.out, interval{from: from, to: to, does: does, cause: p.cause, seed: p.own})
	return &p.out[len(p.out)-1]
}

// whole adds an interval that is as long as the fault.
func (p *plan) whole(does effects) *interval { return p.add(p.from, p.to, does) }

// chance is true for a share of the faults. Each question of a fault has a number of its
// own.
func (p *plan) chance(question uint64, share float64) bool {
	return part(mix(p.own, question)) < share
}

// agents is what a host without a voice is without.
const agents = agentOff | beatOff

// voices is what does not come through. An agent that is only stuck says nothing either, and
// goes on with its old period: it does not call because it starts.
const voices = cutSSM | cutBeat
