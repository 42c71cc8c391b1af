package world

// pingPeriod is an agent that is set to ping less often. Without an end it is so for ever.
func pingPeriod(p *plan) { p.whole(retimed).arg = oddPeriod(mix(p.shared, 1)) }

// egress is a way out that hosts share: a NAT gateway, an endpoint, a proxy.
func egress(p *plan) { p.whole(voices | outwardGone) }

// dns is the network's resolver. Some applications need it for every answer.
func dns(p *plan) {
	does := voices
	if mix(p.shared, 1)%2 == 0 {
		does |= wrongCode
	}
	p.whole(does)
}

// roleLost is a role that was changed. Each host notices when its credentials end.
func roleLost(p *plan) {
	p.add(p.from+below(mix(p.own, 1), min(hour, (p.to-p.from)/2)), p.to, voices)
}

// azPartition is a zone that is cut off. In some of them not even EC2's own check gets
// through.
func azPartition(p *plan) {
	does := voices | outwardGone | tcpDeaf
	if mix(p.shared, 1)%2 == 0 {
		does |= noARP
	}
	p.whole(does)
}

// azEBS is trouble of EBS in a zone. Not all volumes stall, nor at once.
func azEBS(p *plan) {
	if p.chance(1, 0.3) {
		return
	}
	p.from += below(mix(p.own, 2), min(3*minute, (p.to-p.from)/2))
	ebsStall(p)
}

// badDeploy is a version that does not work, on one host of a group after another.
func badDeploy(p *plan) {
	p.from += int64(p.nth) * between(mix(p.shared, 1), 10, 90)
	does := [...]effects{wrongCode, refused, appDeaf | appStill, refused | appStill}[below(mix(p.shared, 2), 4)] | appQuiet
	if part(mix(p.shared, 3)) < 0.15 { // it takes the agents with it
		does |= agents
	}
	p.whole(does)
}

// groupChurn is an Auto Scaling group that exchanges members: SetInstanceHealth, a refresh,
// a rebalancing, a warm pool, or somebody who puts a member into Standby. A third of the
// members are hit, one at least.
func groupChurn(p *plan) {
	if p.h.group == nil || p.h.group.name == "" || p.nth > 0 && !p.chance(1, 1.0/3) {
		return
	}
	p.from += int64(p.nth) * minute
	switch below(mix(p.own, 2), 4) {
	case 0: // Standby
		p.whole(standing | drained | appQuiet | appStill)
	case 1: // the warm pool
		p.add(p.from, p.to, off|standing|drained)
		p.fresh(p.to)
	default:
		p.exchange(p.from, p.to)
	}
}

// exchange ends an instance and launches another. Its successor bears the same name here.
func (p *plan) exchange(at, to int64) {
	waits := at + between(mix(p.own, 5), 30, 5*minute)
	p.add(at, waits, leaving|drained|appQuiet)
	launch := max(to, waits+minute)
	p.add(waits, launch, off|leaving|drained)
	p.fresh(launch)
}

// fresh is the first time of a new instance.
func (p *plan) fresh(at int64) {
	ready := at + between(mix(p.own, 6), 30, 2*minute)
	p.add(at, ready+minute, coming|drained)
	p.boot(at, ready-at, saysBoot)
}

// regional befalls AWS's own services and no host: see Region.
func regional(*plan) {}
