package world

// lostPing takes one call of the SSM agent: any time as long as its period has one.
func lostPing(p *plan) {
	if p.to <= p.from {
		p.to = p.from + p.h.period
	}
	p.whole(cutSSM)
}

// agentStopped is an agent that was stopped, that a package manager has stopped to replace
// it, or whose new version does not start. In a part of the cases it is the host's role
// that was taken away: then no agent gets through.
func agentStopped(p *plan) {
	if p.chance(1, 0.2) {
		p.whole(voices)
		return
	}
	p.whole(agentOff)
}

func agentHibernates(p *plan) { p.whole(agentOff) }

func agentsStopped(p *plan) { p.whole(agents) }

// ownWayOut is a resolver, a proxy, a list of authorities, a clock or a metadata service
// that is wrong on this host alone.
func ownWayOut(p *plan) {
	does := voices
	switch below(mix(p.own, 1), 5) {
	case 0: // its resolver: the application often needs it, too
		if p.chance(2, 0.3) {
			does |= wrongCode
		}
	case 1: // its proxy
		does |= outwardGone
	}
	p.whole(does)
}

// cutOff is a security group, a network ACL, a route or a quarantine.
func cutOff(p *plan) {
	does := voices | outwardGone
	if !p.chance(1, 0.35) { // no route: the way in from the same network still works
		does |= tcpDeaf | appStill // nobody asks, so that the application logs nothing
	}
	p.whole(does)
}

// ownNetwork is a full table of connections, a firewall of its own, a wrong network
// configuration, or a network interface that is gone.
func ownNetwork(p *plan) {
	switch below(mix(p.own, 1), 4) {
	case 0:
		p.whole(leaky)
	case 1:
		p.whole(voices | outwardGone | tcpDeaf | appStill)
	default:
		p.whole(voices | outwardGone | tcpDeaf | noARP | cardSilent | appStill)
	}
}

// ebsStall is a volume that completes nothing. Measured by others: an application noticed
// nothing of three minutes. What writes with every request does.
func ebsStall(p *plan) {
	p.whole(stalled)
	if p.chance(1, 0.5) {
		return
	}
	stuck := voices
	if p.chance(2, 0.4) {
		stuck |= appDeaf
	}
	p.add(p.from+between(mix(p.own, 3), 20, 90), p.to, stuck)
	p.waitsForDisk()
}

// waitsForDisk is what the kernel says of one to five tasks that wait for a disk.
func (p *plan) waitsForDisk() {
	i := p.add(p.from+firstHungTask, p.to, 0)
	i.talk, i.arg = saysHungTask, below(mix(p.own, 61), mostStuck)*int64(len(hungTaskNames))
}

func appDeadlock(p *plan) { p.whole(appDeaf | appStill | appQuiet) }

func appCrash(p *plan) { p.whole(refused | appStill | appQuiet) }

// workEnds is a job that is done, a drained host, or a weight that was shifted elsewhere.
func workEnds(p *plan) { p.whole(appStill | appQuiet) }

// cpuStarved is a host without CPU credits, or whose neighbours take its time. Now and
// then nothing comes through for some minutes.
func cpuStarved(p *plan) {
	p.whole(leaky)
	if p.chance(1, 0.5) {
		return
	}
	at := p.from
	for n := uint64(10); at < p.to && n < 100; n++ {
		at += between(mix(p.own, n), 5*minute, 40*minute)
		ends := min(p.to, at+between(mix(p.own, n+200), 30, 6*minute))
		p.add(at, ends, voices|appDeaf|appStill|appQuiet)
		at = ends
	}
}

// stormEnds is a live-lock, or the OOM killer at work: nothing gets on, and it is over by
// itself.
func stormEnds(p *plan) {
	writes := noWrites
	if p.chance(1, 0.5) {
		writes = thrashes
	}
	p.whole(voices | appDeaf | kernelOnly | hung)
	i := p.add(p.from+between(mix(p.own, 2), 0, 24), p.to, writes)
	if p.chance(3, 0.5) {
		i.talk = saysMemory
		return
	}
	switch below(mix(p.own, 4), 3) {
	case 0:
		p.lockups()
	case 1:
		p.hungTasks()
	}
}

// lockups are CPUs that are stuck in a storm, and come free again before the kernel has said
// so five times: nothing is stuck for more than 120 s. Each next one is counted anew.
func (p *plan) lockups() {
	const most = 4
	stuck := p.from
	for n := uint64(20); ; n++ {
		stuck += between(mix(p.own, n), 5, 2*minute)
		said := stuck + firstLockup
		if said >= p.to {
			return
		}
		stuck = min(p.to, said+(between(mix(p.own, n+100), 1, most)-1)*lockupEvery+1)
		p.add(said, stuck, 0).talk = saysSoftLockup
	}
}

// hungTasks are one or two tasks that get no time in a storm for 120 s. They do before the
// kernel looks again, so that it says so once of each.
func (p *plan) hungTasks() {
	for n := range below(mix(p.own, 5), 2) + 1 {
		said := p.from + firstHungTask + below(mix(p.own, uint64(n)+6), max(hungTaskEvery, p.to-p.from-firstHungTask))
		if said >= p.to {
			continue
		}
		i := p.add(said, said+1, 0)
		i.talk, i.arg = saysHungTask, below(mix(p.own, uint64(n)+8), int64(len(hungTaskNames)))
	}
}

// reboot is an ordinary one: its length is that of the boot.
func reboot(p *plan) {
	at := p.stop(p.from, between(mix(p.own, 1), 5, 30))
	p.boot(at, max(20, p.to-p.from), saysBoot)
}

// slowBoot is a check of the file system, or a new labelling of it. A check that finds
// nothing reads for all that time, and writes only when it is over (e2fsck(8)).
func slowBoot(p *plan) {
	at := p.stop(p.from, between(mix(p.own, 1), 5, 30))
	if p.chance(2, 0.5) {
		p.add(at+5, p.to-20, noWrites)
	}
	p.boot(at, p.to-at, saysSlowBoot)
}

// muteCaptures is the share of dumps whose capture kernel does not write on the console,
// although the host does: its command line is another one. It is a guess.
const muteCaptures = 0.1

// panicWithDump is a crash of its own, and the dump that follows.
func panicWithDump(p *plan) {
	does := agents | tcpDeaf | kernelOnly | dumpWrites
	if p.chance(1, 0.5) { // its capture kernel does not bring up the network
		does |= noARP | cardSilent
	}
	p.add(p.from, p.from+between(mix(p.own, 2), 3, 23), agents|tcpDeaf|noARP|cardSilent|noWrites)
	i := p.whole(does)
	if !p.chance(4, muteCaptures) {
		i.talk = saysDump
	}
	p.boot(p.to, between(mix(p.own, 3), 30, 3*minute), saysBoot)
}

// slowStop is a stop job that is waited for, or updates that are installed while it goes
// down. The agents are stopped first.
func slowStop(p *plan) {
	does := refused | appStill | appQuiet
	switch {
	case p.chance(1, 0.4):
		does |= bootWrites // updates
	case p.h.kind.windows: // its event log and its registry go on
	default: // what writes without being asked is stopped by then, and the journal has nothing to say
		p.add(p.from+between(mix(p.own, 4), 30, 2*minute), p.to, noWrites)
	}
	p.whole(does).talk = saysSlowStop
	p.add(p.from+between(mix(p.own, 2), 2, 90), p.to, agents)
	p.boot(p.to, between(mix(p.own, 3), 30, 3*minute), saysBoot)
}

// diskFull is a disk without space, or a root file system that the kernel has made
// read-only.
func diskFull(p *plan) {
	does := sick | wrongCode
	readOnly := p.chance(1, 0.5)
	if readOnly {
		does |= rootStill
	}
	switch below(mix(p.own, 2), 4) {
	case 0:
		does |= agentOff
	case 1:
		does |= agents
	}
	i := p.whole(does)
	if readOnly && !p.h.kind.windows { // its kernel says so, and that somebody has mounted it anew
		i.talk = saysReadOnly
		p.add(p.to, p.to+1, 0).talk = saysWritable
	}
}

// stop is a shutdown. It gives the moment of its end.
func (p *plan) stop(at, takes int64) int64 {
	p.add(at, at+takes, agents|refused|appStill|appQuiet).talk = saysStop
	return at + takes
}

// boot is a boot. Until its network is up nobody is answered, and then the application
// still has to start.
func (p *plan) boot(at, takes int64, talk speech) {
	network := at + max(10, takes*2/3)
	p.add(at, at+takes, agents|refused|bootWrites|appQuiet).talk = talk
	p.add(at, network, tcpDeaf|noARP|cardSilent)
	p.add(at+takes, at+takes+between(mix(p.own, 77), 5, 90), refused|appStill|appQuiet)
}
