package world

// An Auto Scaling group gives up a member that fails its health check, and launches
// another in its place: some minutes after EC2's status check fails, or about a minute or
// two after a load balancer finds it unhealthy ("Health checks for instances in an Auto
// Scaling group", Amazon EC2 Auto Scaling User Guide; how long it takes is not said
// there). So on such groups a hang, and an application's death, end early.
const (
	ec2Patience  = 235 + seenAfter + 2*minute // from the first unanswered ARP request
	mostPatience = 2 * minute                 // more
	launchTakes  = 3 * minute
	mostReplaced = 200
)

// own says whether a cause is the instance's own: its successor does not suffer it.
func (c Cause) own() bool {
	d := dataOf(c)
	return d != nil && d.unit == perHostDay
}

// replace is a life in which the host's group exchanges it when it fails.
func (w *World) replace(h *host, l life) life {
	if h.kind.scaling == replacesNone {
		return l
	}
	cursor := w.start.Unix()
	for range mostReplaced {
		given, ok := h.givenUp(&l, cursor)
		if !ok {
			return l
		}
		p := plan{h: h, cause: GroupChurn, from: given, to: given + launchTakes, own: mixAt(h.seed, given)}
		p.exchange(given, p.to)
		var launched int64
		for _, i := range p.out {
			if i.does&off != 0 {
				launched = i.to
			}
		}
		all := p.out
		for _, i := range l.all {
			switch {
			case !i.cause.own() || i.to <= given || i.from >= launched:
			case i.from >= given:
				continue
			default:
				i.to = given + minute // it goes on until the instance is gone
			}
			all = append(all, i)
		}
		l, cursor = newLife(all), launched
	}
	return l
}

// givenUp is when the group next finds a member unhealthy.
func (h *host) givenUp(l *life, after int64) (moment int64, ok bool) {
	consider := func(what effects, patience int64) {
		for _, s := range l.spells(what) {
			begins := max(s.from, after)
			if s.to-begins <= patience || l.at(begins+patience)&(off|leaving|standing|coming) != 0 {
				continue
			}
			given := begins + patience + below(mixAt(h.seed^0x77, begins), mostPatience)
			if s.to > given && (!ok || given < moment) {
				moment, ok = given, true
			}
			return
		}
	}
	consider(noARP, ec2Patience)
	if h.kind.scaling == replacesELB {
		t := h.targets
		consider(h.unanswered(), t.failures*t.interval+t.timeout+minute)
	}
	return moment, ok
}

// unanswered is what makes a health check of this host fail.
func (h *host) unanswered() effects {
	switch h.kind.check {
	case checkHTTP:
		return tcpDeaf | cardSilent | refused | appDeaf | wrongCode
	case checkTCP:
		return tcpDeaf | cardSilent | refused
	case checkNodePort:
		return tcpDeaf | cardSilent
	}
	return 0
}
