package world

import (
	"cmp"
	"slices"
	"time"
)

// Alarm is the moment at which an alarm changes to ALARM. It names one of an instance, a
// target group and an Auto Scaling group.
type Alarm struct {
	At    time.Time
	Kind  AlarmKind
	Host  int   // whose trouble it is
	Cause Cause // that fired it; empty for one that has nothing to do with any

	Instance         string
	TargetGroup      string // ARN
	AutoScalingGroup string
}

// How the alarms are set up: those of heartbeats and targets as infra/watch does it, that
// of the status check as "Create alarms to stop, terminate, reboot, or recover an EC2
// instance" (Amazon EC2 User Guide) has it. An alarm on missing data comes two periods
// later than its periods say ("Configuring how CloudWatch alarms treat missing data",
// Amazon CloudWatch User Guide).
const (
	beatsMissing  = 3 * minute
	missingWaits  = 2 * minute
	targetsStand  = 5 * minute
	statusStands  = 2 * minute
	evaluated     = 20 // seconds that an evaluation may take
	unrelatedWeek = 2  // alarms a week on a host that is well
	groupShare    = 0.25
)

// Alarms are the alarms of the world's days, by their moment. kinds are those that are set
// up. Unknowns say how late AWS's own metrics are.
func (w *World) Alarms(u Unknowns, kinds ...AlarmKind) []Alarm {
	var out []Alarm
	for _, h := range w.hosts {
		out = append(out, w.alarmsOf(h, u.filled(), kinds)...)
	}
	if slices.Contains(kinds, TargetAlarm) {
		for _, t := range w.targets {
			out = append(out, w.targetAlarms(t)...)
		}
	}
	return inOrder(out)
}

// HostAlarms are the alarms that concern one host.
func (w *World) HostAlarms(host int, u Unknowns, kinds ...AlarmKind) []Alarm {
	h := w.hosts[host]
	out := w.alarmsOf(h, u.filled(), kinds)
	if h.targets != nil && slices.Contains(kinds, TargetAlarm) {
		for _, a := range w.targetAlarms(h.targets) {
			if a.Host == host {
				out = append(out, a)
			}
		}
	}
	return inOrder(out)
}

func inOrder(alarms []Alarm) []Alarm {
	slices.SortStableFunc(alarms, func(a, b Alarm) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Host, b.Host))
	})
	return alarms
}

func (w *World) alarmsOf(h *host, u Unknowns, kinds []AlarmKind) []Alarm {
	var out []Alarm
	for _, k := range kinds {
		switch k {
		case HeartbeatAlarm:
			out = append(out, h.heartbeatAlarms()...)
			out = append(out, w.blindAlarms(h)...)
		case StatusAlarm:
			out = append(out, h.statusAlarms(u)...)
		case CPUAlarm:
			out = append(out, w.loadAlarms(h)...)
			out = append(out, w.unrelated(h)...)
		case TargetAlarm:
		}
	}
	return out
}

// alarm is an alarm of a host by its own id.
func (h *host) alarm(moment int64, k AlarmKind, c Cause) Alarm {
	return Alarm{At: at(moment), Kind: k, Host: int(h.n), Cause: c, Instance: h.id}
}

// causeOf is the cause of what a host suffers at a moment.
func (h *host) causeOf(moment int64, what effects) Cause {
	if i := h.life.find(moment, what); i != nil {
		return i.cause
	}
	return ""
}

func (h *host) heartbeatAlarms() []Alarm {
	if !h.beats {
		return nil
	}
	var out []Alarm
	beat := below(mix(h.seed, 11), minute)
	for _, s := range h.life.spells(noBeat) {
		missing := s.from - s.from%minute
		if s.from%minute > beat {
			missing += minute
		}
		fires := missing + beatsMissing + missingWaits + below(mixAt(h.seed, s.from), evaluated)
		if s.to > fires {
			out = append(out, h.alarm(fires, HeartbeatAlarm, h.causeOf(s.from, noBeat)))
		}
	}
	return out
}

// blindAlarms are those on heartbeats that CloudWatch has lost, or has late.
func (w *World) blindAlarms(h *host) []Alarm {
	if !h.beats {
		return nil
	}
	var out []Alarm
	for _, i := range w.region.all {
		fires := i.from + beatsMissing + missingWaits + below(mixAt(h.seed, i.from), evaluated)
		if i.cause != CloudWatchLate || i.form() == silent || fires >= i.to || i.form() == late && i.delay(i.to) < fires-i.from || h.life.at(fires)&noBeat != 0 {
			continue // its alarms do not need its API, and one that stands does not fire
		}
		out = append(out, h.alarm(fires, HeartbeatAlarm, CloudWatchLate))
	}
	return out
}

func (h *host) statusAlarms(u Unknowns) []Alarm {
	var out []Alarm
	late := seconds(u.ImpairedLate)
	for _, s := range h.unheard {
		fires := s.from + late + statusStands + seconds(u.MetricLag) + below(mixAt(h.seed, s.from), evaluated)
		if failing(s, fires, late, seenOver) {
			out = append(out, h.alarm(fires, StatusAlarm, h.causeOf(s.from, noARP)))
		}
	}
	return out
}

// loadAlarms are those on CPU, memory, disk and latency that causes fire.
func (w *World) loadAlarms(h *host) []Alarm {
	var out []Alarm
	seen := map[uint64]bool{}
	for _, i := range h.life.all {
		d := dataOf(i.cause)
		if d == nil || seen[i.seed] {
			continue
		}
		seen[i.seed] = true
		for n, r := range d.raises {
			draw := mix(i.seed, uint64(n)+30)
			fires := i.from + between(mix(draw, 1), seconds(r.least), seconds(r.most))
			if part(draw) < r.chance && fires < w.end() {
				out = append(out, h.alarm(fires, CPUAlarm, i.cause))
			}
		}
	}
	return out
}

// unrelated are alarms that have nothing to do with any fault. Some are a whole group's.
func (w *World) unrelated(h *host) []Alarm {
	var out []Alarm
	for k := int64(0); ; k++ {
		every := int64(7 * day / unrelatedWeek)
		fires := w.start.Unix() + k*every + below(mixAt(h.seed^0xf1, k), every)
		if w.start.Unix()+k*every >= w.end() {
			return out
		}
		if fires >= w.end() || h.life.at(fires)&(off|hung) != 0 {
			continue
		}
		a := h.alarm(fires, CPUAlarm, "")
		if h.group != nil && h.group.name != "" && part(mixAt(h.seed^0xf2, k)) < groupShare {
			a.Instance, a.AutoScalingGroup = "", h.group.name
		}
		out = append(out, a)
	}
}

// targetAlarms are those of a target group. While one of its targets is unhealthy the alarm
// stands, and does not fire for another.
func (w *World) targetAlarms(t *targetGroup) []Alarm {
	var all []spell
	for _, n := range t.hosts {
		h := w.hosts[n]
		for _, s := range h.life.spells(h.unanswered()) {
			if h.life.at(s.from)&drained != 0 {
				continue
			}
			unhealthy := spell{from: s.from + t.failures*t.interval + t.timeout, to: s.to + t.passes*t.interval, host: n}
			if s.to > unhealthy.from {
				all = append(all, unhealthy)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b spell) int { return cmp.Compare(a.from, b.from) })
	var out []Alarm
	for n := 0; n < len(all); n++ {
		first := all[n]
		ends := first.to
		for n+1 < len(all) && all[n+1].from <= ends {
			n++
			ends = max(ends, all[n].to)
		}
		h := w.hosts[first.host]
		fires := first.from + targetsStand + minute + below(mixAt(h.seed, first.from), evaluated)
		if ends > fires {
			a := h.alarm(fires, TargetAlarm, h.causeOf(first.from-1, h.unanswered()))
			a.Instance, a.TargetGroup = "", t.arn
			out = append(out, a)
		}
	}
	return out
}
