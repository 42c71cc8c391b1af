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
	// pingEvery is how often the SSM agent reports, "about every five minutes"
	// ("Checking SSM Agent status", AWS Systems Manager User Guide).
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
}

// guest is one instance. Its methods expect the fleet's lock to be held.
type guest struct {
	Spec
	kind      Type
	number    int    // of guests added before it, and itself
	state     string // EC2's instance state
	launched  time.Time
	visible   time.Time     // since when the APIs know it
	checkedAt time.Duration // when in a minute since the launch its status is checked
	reboot    time.Time     // when it was last asked to, zero if never
	phases    []phase       // by time
	prints    []printed     // by time
	events    []Event
	dumps     []dump
	wall      func(time.Time) time.Time
}

type dump struct {
	done time.Time
	name string
}

// enter begins a phase without agent at a time and cancels what was to come
// after it.
func (g *guest) enter(at time.Time, name string, arp bool) {
	for len(g.phases) > 0 && g.phases[len(g.phases)-1].at.After(at) {
		g.phases = g.phases[:len(g.phases)-1]
	}
	g.silence(at)
	for len(g.dumps) > 0 && g.dumps[len(g.dumps)-1].done.After(at) {
		g.dumps = g.dumps[:len(g.dumps)-1]
	}
	g.then(at, name, arp, false)
}

// then adds a phase after those that are planned.
func (g *guest) then(at time.Time, name string, arp, agent bool) {
	g.phases = append(g.phases, phase{at: at, name: name, arp: arp, agent: agent && !g.NoAgent, ping: at.Add(agentStart)})
}

// boot plans a start that begins at a time.
func (g *guest) boot(at time.Time, text transcript, takes time.Duration) {
	takes = max(takes, text.length())
	up := at.Add(takes)
	g.then(at, phaseBooting, false, false)
	g.then(at.Add(time.Duration(float64(takes)*networkUp)), phaseBooting, true, false)
	g.then(up, phaseUp, true, true)
	g.print(at, text.stretched(takes))
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
	p.ping = p.at.Add(since % pingEvery)
	if since < 0 {
		p.ping = p.at.Add(agentStart)
	}
}

// crash is a panic at a time: of itself, or by the interrupt.
func (g *guest) crash(at time.Time) {
	switch {
	case g.Platform == "windows":
		g.enter(at, phaseDumping, false)
		done := at.Add(max(windowsDumps, g.DumpTakes))
		g.dumps = append(g.dumps, dump{done, `C:\Windows\MEMORY.DMP`})
		g.boot(done.Add(firmwareTakes), transcript{}, g.BootTakes)
	case g.Kernel == NoKdump:
		g.panics(at, at.Sub(g.booted(at)))
	default:
		g.enter(at, phaseDumping, false)
		text := capture.at(g.wall(at)).delayed(dumpMarker, g.DumpTakes-kexecTakes)
		g.print(at.Add(kexecTakes), text)
		done := at.Add(kexecTakes + text.length())
		stamp := g.wall(at).UTC().Format(stampLayout)
		g.dumps = append(g.dumps, dump{done, "/var/crash/" + stamp + "/dump." + stamp})
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
	g.state = state
	if state == stateTerminated {
		g.dumps = nil // they went with its disk
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
			return p.ping.Add(end.Sub(p.ping) / pingEvery * pingEvery)
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
