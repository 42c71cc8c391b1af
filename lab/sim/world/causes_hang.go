package world

// What a hang leaves of a host was measured on real kernels (docs/hangs.md, "Which hang
// answers what" and what hung guests write).

// dead is what every hang takes away: user space.
const dead = agents | appDeaf | kernelOnly | hung

// frozenRoot is a root file system that takes no writes. What touches it stops.
func frozenRoot(p *plan) {
	p.hang(dead, 2, 3)
	p.waitsForDisk()
}

// stopped is a user space of which only init runs. Where the journal is on the disk, init
// starts it again and again, and the host goes on writing.
func stopped(p *plan) {
	if p.journals() {
		p.end(p.whole(dead | initOnly))
		return
	}
	p.hang(dead, 7, 40)
}

// memory is memory that is exhausted, without swap.
func memory(p *plan) {
	p.hang(dead, 6, 24)
	p.add(p.from, p.to, 0).talk = saysMemory
}

// spin is real-time tasks on every CPU. The answer to ARP is left to a kernel thread that
// gets no time, after a while.
func spin(p *plan) {
	p.hang(dead, 0, 0)
	p.add(p.from+between(mix(p.own, 1), 10, 35), p.to, noARP|tcpDeaf|cardSilent)
	p.add(p.from+firstLockup, p.to, 0).talk = saysSoftLockup
}

// noInterrupts is a CPU that takes none.
func noInterrupts(p *plan) { p.hang(dead|noARP|tcpDeaf|cardSilent|noTimers, 0, 0) }

// panicNoDump is a kernel that has panicked and stays there.
func panicNoDump(p *plan) {
	p.hang(dead|noARP|tcpDeaf|cardSilent|noTimers, 0, 0)
	p.add(p.from, p.to, 0).talk = saysPanic
}

// swapThrash is memory that is exhausted, with swap. It writes without an end.
func swapThrash(p *plan) { p.end(p.whole(dead | thrashes)) }

// oneCPU is one CPU of many that is lost. The others get on until they need it.
func oneCPU(p *plan) {
	p.add(p.from, p.to, leaky|hung)
	stuck := agents
	if p.chance(1, 0.7) {
		stuck |= appDeaf | kernelOnly
	}
	if p.chance(2, 0.5) {
		stuck |= noWrites
	}
	i := p.add(p.from+between(mix(p.own, 3), 30, 5*minute), p.to, stuck)
	i.talk = saysSoftLockup
	p.end(i)
}

// partial is a root volume that hangs while a data volume is still written.
func partial(p *plan) {
	does := agents | kernelOnly | hung | rootStill
	if p.chance(1, 0.5) {
		does |= appDeaf
	}
	if len(p.h.volumes) < 2 { // its journal's part of the root volume goes on
		does = does&^rootStill | appStill
	}
	p.end(p.whole(does))
	p.waitsForDisk()
}

// flapping hangs for two minutes and lives for one, again and again.
func flapping(p *plan) {
	const on, round = 2 * minute, 3 * minute
	for at := p.from; at < p.to; at += round {
		p.add(at, min(at+on, p.to), dead&^agents|voices|noWrites)
	}
}

// hang is a hang after which writes still come for some seconds.
func (p *plan) hang(does effects, least, most int64) {
	p.whole(does)
	p.end(p.add(p.from+between(mix(p.own, 50), least, most), p.to, noWrites))
}

// end is what follows on a hang: a kernel without user space takes connections until its
// backlog is full, and in the end a person restarts the host.
func (p *plan) end(i *interval) {
	from := i.from
	if p.h.kind.check == checkTCP {
		p.add(from+between(mix(p.own, 51), 5*minute, hour), p.to, tcpDeaf)
	}
	p.boot(p.to, between(mix(p.own, 52), 30, 3*minute), saysBoot)
}

// journals says whether the host's journal is on its disk.
func (p *plan) journals() bool {
	return p.h.kind.disk != diskIdle && part(mix(p.h.seed, 60)) < 0.7
}

// stopsWriting says whether a host writes nothing once it is hung by this fault.
func (p *plan) stopsWriting() bool {
	switch p.cause {
	case FrozenRoot, Memory, Spin, NoInterrupts, PanicNoDump:
		return true
	case Stopped:
		return !p.journals()
	case OneCPU:
		return p.chance(2, 0.5)
	}
	return false
}
