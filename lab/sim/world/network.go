package world

import (
	"fmt"
	"time"
)

// settle adds hosts of one fleet, with the networks that they are in.
func (w *World) settle(c Hosts) error {
	k := kindOf(c.Fleet)
	switch {
	case k == nil:
		return fmt.Errorf("there is no fleet %q", c.Fleet)
	case c.Count < 1:
		return fmt.Errorf("%d hosts of %s", c.Count, c.Fleet)
	case c.Period < 0 || c.Period > 0 && (c.Period < 5*time.Minute || c.Period > time.Hour):
		return fmt.Errorf("an agent pings every 5 to 60 min, not every %s", c.Period)
	}
	for left := c.Count; left > 0; {
		n := left
		if n > vpcHosts { // a unit is never parted
			n = vpcHosts - vpcHosts%k.unit
		}
		w.settleVPC(k, c, n)
		left -= n
	}
	return nil
}

// settleVPC adds one network.
func (w *World) settleVPC(k *kind, c Hosts, count int) {
	v := &vpc{n: len(w.vpcs), id: fmt.Sprintf("vpc-%017x", len(w.vpcs)+1)}
	w.vpcs = append(w.vpcs, v)
	seed := mix(w.seed, uint64(v.n)+1<<20) //nolint:gosec // positive
	period, mixed := c.period(seed, w.odd)
	var subnets []*subnet
	var role *profile
	for placed := 0; placed < count; {
		if k.alone || placed == 0 {
			subnets, role = w.newSubnets(v, k.zones), w.newProfile()
		}
		unit := w.newUnit(k, v)
		for i := range min(k.unit, count-placed) {
			h := w.newHost(k, c, v, subnets[i%len(subnets)], role, unit)
			h.period = period
			if mixed && part(mix(h.seed, 1)) < 0.5 {
				h.period = fiveMinutes
			}
			h.phase = below(mix(h.seed, 2), h.period)
			placed++
		}
	}
}

const fiveMinutes = 5 * minute

// period is how often the agents of a network ping, and whether only some of them do so.
func (c Hosts) period(seed uint64, odd float64) (period int64, mixed bool) {
	switch {
	case c.Period > 0:
		return seconds(c.Period), false
	case part(mix(seed, 3)) >= odd:
		return fiveMinutes, false
	}
	return oddPeriod(mix(seed, 4)), part(mix(seed, 5)) < mixedPeriods
}

// oddPeriod is a period that is not the default.
func oddPeriod(draw uint64) int64 {
	return [...]int64{10 * minute, 15 * minute, 30 * minute, 60 * minute}[below(draw, 4)]
}

func (w *World) newSubnets(v *vpc, zones int) []*subnet {
	var out []*subnet
	first := v.n % 3
	for i := range zones {
		s := &subnet{n: len(w.subnets), id: fmt.Sprintf("subnet-%017x", len(w.subnets)+1), zone: (first + i) % 3}
		w.subnets = append(w.subnets, s)
		w.subnetIDs[s.id] = s
		out = append(out, s)
	}
	return out
}

func (w *World) newProfile() *profile {
	p := &profile{n: len(w.profiles), arn: fmt.Sprintf("arn:aws:iam::%s:instance-profile/hosts-%d", account, len(w.profiles)+1)}
	w.profiles = append(w.profiles, p)
	w.profileARNs[p.arn] = p
	return p
}

// newUnit adds an Auto Scaling group, a target group, or both. It is nil for hosts that
// have neither.
func (w *World) newUnit(k *kind, v *vpc) *group {
	if k.scaling == replacesNone && k.check == noCheck {
		return nil
	}
	g := &group{n: len(w.groups)}
	if k.scaling != replacesNone {
		g.name = fmt.Sprintf("%s-%d", k.fleet, g.n+1)
		w.groupNames[g.name] = g
	}
	if k.check != noCheck {
		g.targets = w.newTargets(k, v)
	}
	w.groups = append(w.groups, g)
	return g
}

// newTargets adds a target group with the defaults of its load balancer ("Health checks for
// your target groups", User Guides for Application and Network Load Balancers), or with a
// check every 10 s.
func (w *World) newTargets(k *kind, v *vpc) *targetGroup {
	n := len(w.targets)
	t := &targetGroup{
		n: n, vpc: v, kind: k, interval: 30, failures: 2, passes: 5, timeout: 5, port: 8080,
		name: fmt.Sprintf("%s-t%d", k.fleet, n+1),
	}
	t.arn = fmt.Sprintf("arn:aws:elasticloadbalancing:%s:%s:targetgroup/%s/%016x", region, account, t.name, n+1)
	if part(mix(w.seed, uint64(n)+3<<20)) < 1.0/3 {
		t.interval, t.failures, t.passes, t.timeout = 10, 3, 3, 5
	}
	if k.check == checkNodePort {
		t.port = 30080
	}
	t.described = t.describe()
	w.targets = append(w.targets, t)
	w.targetARNs[t.arn] = t
	return t
}
