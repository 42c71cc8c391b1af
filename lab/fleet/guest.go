package fleet

import (
	"time"
)

// The phases of a guest's life.
const (
	phaseBooting  = "booting"
	phaseUp       = "up"
	phaseFrozen   = "frozen"
	phaseDead     = "dead"
	phaseDumping  = "dumping"
	phasePanicked = "panicked"
	phaseStopping = "shutting down"
	phaseOff      = "off"
)

const (
	// pingEvery is how often the SSM agent reports unless its Habits say otherwise: "about
	// every five minutes" ("Checking SSM Agent status", AWS Systems Manager User Guide).
	pingEvery = 5 * time.Minute
	// agentStart is from the login prompt to the agent's first ping.
	agentStart = 5 * time.Second
	// checkEvery is the pace of the status checks ("Status checks for Amazon EC2
	// instances", Amazon EC2 User Guide).
	checkEvery = time.Minute
	// initializing is how long a launched instance's checks say so.
	initializing = 2 * time.Minute
	// networkUp is the part of a boot after which ARP is answered.
	networkUp = 0.6
	// prepared is when a kernel learns that an unknown NMI is a panic, after its first
	// line (measured: systemd-sysctl at 3.9 to 6.4 s, in the capture kernel as well).
	// Until then it ignores one.
	prepared = 4500 * time.Millisecond
	// kexecTakes is from the interrupt to the capture kernel's first line (measured: 0.8 s).
	kexecTakes = 800 * time.Millisecond
	// panicTakes is kernel.panic=5, the delay of a restart after a panic.
	panicTakes = 5 * time.Second
	// firmwareTakes is from the restart to the kernel's first line.
	firmwareTakes = 3 * time.Second
	// windowsDumps is how long a Windows guest takes for its kernel dump.
	windowsDumps = 30 * time.Second
	// patchAway is how long an update's restart keeps the network down.
	patchAway = 90 * time.Second
)

// phase is a stretch of a guest's life, until the next one begins.
type phase struct {
	at    time.Time
	name  string
	arp   bool      // answers ARP: what the status check asks
	agent bool      // the SSM agent pings
	ping  time.Time // the first ping of the phase

	beats  bool    // its heartbeat goes on
	sends  sending // what its network card sends
	writes writing // what it writes
	plan   plan    // with writesPlan
}

// sending is what a guest sends during a phase.
type sending int

const (
	sendsNothing sending = iota
	sendsHabit           // as its Habits say
	sendsAnswers         // answers to ARP requests, and nothing else
)

// writing is what a guest writes during a phase.
type writing int

const (
	writesNothing writing = iota
	writesHabit           // as its Habits say
	writesPlan            // a number of writes that is known before
	writesOut             // what was on its way when the hang began
	writesThrash          // much more than its Habits say
	writesInit            // what init writes alone
)

// plan is a number of writes, spread evenly over a stretch of a phase.
type plan struct {
	after, takes time.Duration // since the phase began, and from there on
	writes       int
}

// planned is how many of a phase's planned writes are between two times.
func (p phase) planned(from, to time.Time) int {
	until := func(t time.Time) int {
		done := float64(t.Sub(p.at)-p.plan.after) / float64(max(p.plan.takes, 1))
		return int(min(max(done, 0), 1) * float64(p.plan.writes))
	}
	return until(to) - until(from)
}

// guest is one instance. Its methods expect the fleet's lock to be held.
type guest struct {
	Spec
	kind      Type
	number    int       // of guests added before it, and itself
	state     string    // EC2's instance state
	ended     time.Time // when somebody stopped or terminated it, zero while it runs
	launched  time.Time
	visible   time.Time     // since when the APIs know it
	checkedAt time.Duration // when in a minute since the launch its status is checked
	reboot    time.Time     // when it was last asked to, zero if never
	phases    []phase       // by time
	prints    []printed     // by time
	events    []Event
	dumps     []dump
	scraps    []File // of dumps that were never finished
	wall      func(time.Time) time.Time
}

// dump is a dump that is written from a time to another.
type dump struct {
	begun, done time.Time
	name        string
}

// enter begins a phase without agent at a time and cancels what was to come
// after it.
func (g *guest) enter(at time.Time, name string, arp bool) {
	for len(g.phases) > 0 && g.phases[len(g.phases)-1].at.After(at) {
		g.phases = g.phases[:len(g.phases)-1]
	}
	g.silence(at)
	for len(g.dumps) > 0 && g.dumps[len(g.dumps)-1].done.After(at) {
		g.scrap(g.dumps[len(g.dumps)-1], at)
		g.dumps = g.dumps[:len(g.dumps)-1]
	}
	for i := range g.scraps { // what was to end a dump later
		if g.scraps[i].Written.After(at) {
			g.scraps[i].Written = at
		}
	}
	g.then(at, name, arp, false)
}

// then adds a phase after those that are planned.
func (g *guest) then(at time.Time, name string, arp, agent bool) {
	p := phase{at: at, name: name, arp: arp, agent: agent && !g.NoAgent, ping: at.Add(agentStart)}
	switch {
	case name == phaseUp:
		p.beats, p.sends, p.writes = true, sendsHabit, writesHabit
	case name == phaseStopping && arp:
		p.sends, p.writes = sendsHabit, writesHabit
	case name == phaseFrozen:
		p.sends, p.writes = sendsAnswers, writesOut
	}
	g.phases = append(g.phases, p)
}

// plans says what the newest phase writes, if the guest has a volume.
func (g *guest) plans(writes int, after, takes time.Duration) {
	p := &g.phases[len(g.phases)-1]
	p.writes, p.plan = writesPlan, plan{after: after, takes: takes, writes: writes}
}

// quiet begins a phase in which a guest is up, but its agent or its heartbeat is silent
// from then on.
func (g *guest) quiet(at time.Time, agent, heartbeat bool) {
	was, _ := g.phaseAt(at)
	g.enter(at, phaseUp, true)
	p := &g.phases[len(g.phases)-1]
	p.beats = was.beats && !heartbeat
	if p.agent = was.agent && !agent; p.agent {
		p.ping = was.ping
		if late := at.Sub(was.ping); late > 0 { // the next one after it
			p.ping = was.ping.Add((late + g.Habits.PingEvery - 1) / g.Habits.PingEvery * g.Habits.PingEvery)
		}
	}
}

// boot plans a start that begins at a time.
func (g *guest) boot(at time.Time, text transcript, takes time.Duration) {
	takes = max(takes, text.length())
	up, silent := at.Add(takes), time.Duration(float64(takes)*networkUp)
	g.then(at, phaseBooting, false, false)
	g.plans(bootWrites(g.ID)/2, 0, silent)
	g.then(at.Add(silent), phaseBooting, true, false)
	g.plans(bootWrites(g.ID)-bootWrites(g.ID)/2, 0, takes-silent)
	g.then(up, phaseUp, true, true)
	g.print(at, text.stretched(takes))
}

// bootWrites is how often a guest writes while it boots: 65 to 90 times (measured).
func bootWrites(id string) int { return 65 + int(hash(id)%26) }

// dumpPlan says what a dump writes that takes so long: a hundred writes (measured: 69 to
// 139), or as many as leave no more than a few seconds of stillness in a longer one. The
// first comes some seconds after the interrupt.
func (g *guest) dumpPlan(takes time.Duration) {
	const (
		first  = 3 * time.Second
		least  = 100
		behind = 4 * time.Second
	)
	if g.DumpAway {
		return
	}
	g.plans(max(least, int(takes/behind)), min(first, takes/2), takes-min(first, takes/2))
}

// bootText is the console of a start, again or for the first time.
func (g *guest) bootText(again bool) transcript {
	switch {
	case g.Platform == "windows":
		return transcript{}
	case g.Kernel == NoKdump:
		return bootNoKdump
	case again:
		return bootAgain
	}
	return bootFirst
}

// alignPings shifts the pings of a guest that is up so that the last one before
// now is Spec.LastPing old.
func (g *guest) alignPings(now time.Time) {
	p := &g.phases[len(g.phases)-1]
	if p.at.After(now) {
		return
	}
	since := now.Add(-g.LastPing).Sub(p.at)
	p.ping = p.at.Add(since % g.Habits.PingEvery)
	if since < 0 {
		p.ping = p.at.Add(agentStart)
	}
}

// crash is a panic at a time: of itself, or by the interrupt.
func (g *guest) crash(at time.Time) {
	switch {
	case g.Platform == "windows":
		g.enter(at, phaseDumping, false)
		g.dumpPlan(max(windowsDumps, g.DumpTakes))
		done := at.Add(max(windowsDumps, g.DumpTakes))
		g.dumps = append(g.dumps, dump{at, done, memoryDump})
		g.boot(done.Add(firmwareTakes), transcript{}, g.BootTakes)
	case g.Kernel == NoKdump:
		g.panics(at, at.Sub(g.booted(at)))
	default:
		g.enter(at, phaseDumping, false)
		text := capture.at(g.wall(at)).flawed(g.DumpFlaw).delayed(dumpMarker, g.DumpTakes-kexecTakes)
		g.print(at.Add(kexecTakes), text)
		g.dumpPlan(kexecTakes + text.length())
		done := at.Add(kexecTakes + text.length())
		stamp := g.wall(at).UTC().Format(stampLayout)
		begun := at.Add(kexecTakes + text.until(dumpMarker))
		g.dumps = append(g.dumps, dump{begun, done, "/var/crash/" + stamp + "/dump." + stamp})
		g.boot(done.Add(firmwareTakes), g.bootText(true), g.BootTakes)
	}
}

// panics is a panic at a time of a kernel that no other stands ready for, up for so
// long: its text, and a restart without a dump.
func (g *guest) panics(at time.Time, uptime time.Duration) {
	g.enter(at, phasePanicked, false)
	if g.Platform != "windows" {
		g.print(at, panicText.live(uptime))
	}
	g.boot(at.Add(panicTakes+firmwareTakes), g.bootText(true), g.BootTakes)
}

func (g *guest) off(at time.Time, state string) {
	g.enter(at, phaseOff, false)
	g.state, g.ended = state, at
	if state == stateTerminated {
		g.dumps, g.scraps = nil, nil // they went with its disk
	}
}

// phaseAt is the phase at a time, with its index.
func (g *guest) phaseAt(t time.Time) (phase, int) {
	for i := len(g.phases) - 1; i > 0; i-- {
		if !g.phases[i].at.After(t) {
			return g.phases[i], i
		}
	}
	return g.phases[0], 0
}

// lastPing is the agent's last ping at a time, zero if there was none.
func (g *guest) lastPing(t time.Time) time.Time {
	end := t
	for _, i := g.phaseAt(t); i >= 0; i-- {
		p := g.phases[i]
		if p.agent && !p.ping.After(end) {
			return p.ping.Add(end.Sub(p.ping) / g.Habits.PingEvery * g.Habits.PingEvery)
		}
		end = p.at
	}
	return time.Time{}
}

// check is the instance status check at a time, with since when it has failed.
func (g *guest) check(t time.Time) (status string, since time.Time) {
	if g.state != "running" {
		return "not-applicable", since
	}
	first := g.launched.Add(g.checkedAt)
	if t.Sub(g.launched) < initializing || t.Before(first) {
		return "initializing", since
	}
	tick := first.Add(t.Sub(first) / checkEvery * checkEvery)
	p, i := g.phaseAt(tick)
	if p.arp {
		return "ok", since
	}
	for i > 0 && !g.phases[i-1].arp {
		i--
	}
	silent := g.phases[i].at
	since = first
	if silent.After(first) {
		since = first.Add((silent.Sub(first) + checkEvery - 1) / checkEvery * checkEvery)
	}
	return impaired, since
}
