package sim

import (
	"context"
	"fmt"
	"io"
	"time"

	"crashcart/lab/sim/mutant"
	"crashcart/lab/sim/world"
	"crashcart/lambda/domain/config"
)

// chooseMutant makes the guard a mutant, and leaves a question out. It is nil but in a
// program that was built with the mutants' overlay (package mutant).
var chooseMutant func(name, without string)

// HasMutants says whether this program was built with the mutants.
func HasMutants() bool { return chooseMutant != nil }

// exam is what a mutant must fail, and the guard itself must not.
type exam struct {
	hosts    world.Hosts
	unknowns world.Unknowns
	faults   func(host int) []world.Fault
	kinds    []world.AlarmKind // of the faults' own alarms; none for one alarm on the host
	alarm    time.Duration     // from the beginning of the first fault
}

// examined is of how many hosts each exam is played.
const examined = 10

// fault is one of an exam. It begins so long after the first.
func fault(c world.Cause, s world.Scope, host int, after, lasts time.Duration) world.Fault {
	return world.Fault{Cause: c, Scope: s, Of: host, At: begins + after, For: lasts, Variant: uint64(1 + host)} //nolint:gosec // small
}

// one is an exam with one fault of one host.
func one(c world.Cause, lasts time.Duration) func(int) []world.Fault {
	return func(host int) []world.Fault { return []world.Fault{fault(c, world.OneHost, host, 0, lasts)} }
}

// exams are the exams of all mutants, by their names.
func exams() map[string]exam {
	soon, five := 2*time.Minute, fiveMinutes
	fleet := func(f world.Fleet) world.Hosts {
		return world.Hosts{Fleet: f, Count: gridHosts, Period: five, Detailed: true}
	}
	return map[string]exam{
		"agent-alone":         {hosts: fleet(world.Group6), faults: one(world.AgentStopped, time.Hour), alarm: soon},
		"silence-6m":          {hosts: muted(world.Idle, five), faults: one(world.LostPing, five), alarm: soon},
		"voices-enough":       {hosts: fleet(world.Batch), faults: one(world.CutOff, time.Hour), alarm: soon},
		"alive-since-trigger": {hosts: fleet(world.Group6), faults: one(world.AgentsStopped, time.Hour), alarm: 12 * time.Minute},
		"network-zero":        {hosts: fleet(world.Batch), faults: one(world.OwnNetwork, time.Hour), alarm: soon},
		"refused-dead": {hosts: fleet(world.ALBInstance), alarm: soon, faults: func(host int) []world.Fault {
			return []world.Fault{fault(world.AppCrash, world.OneHost, host, 0, time.Hour), fault(world.AgentsStopped, world.OneHost, host, 0, time.Hour)}
		}},
		"group-alarm": {hosts: fleet(world.ALBInstance), kinds: []world.AlarmKind{world.TargetAlarm}, faults: func(host int) []world.Fault {
			return []world.Fault{fault(world.AppCrash, world.OneHost, host, 0, time.Hour), fault(world.AgentHibernate, world.OneHost, host, 0, time.Hour)}
		}},
		"stale-metric": {
			hosts: fleet(world.Batch), unknowns: world.Unknowns{MetricLag: 15 * time.Minute}, alarm: 17 * time.Minute,
			faults: func(host int) []world.Fault {
				return []world.Fault{fault(world.EBSStall, world.OneHost, host, 0, 13*time.Minute), fault(world.CutOff, world.OneHost, host, soon, time.Hour)}
			},
		},
		"quiet-open":  {hosts: fleet(world.Windows), faults: one(world.PanicWithDump, 19*time.Minute), alarm: soon},
		"ebs-ignored": {hosts: fleet(world.Idle), faults: one(world.EBSStall, 19*time.Minute), alarm: soon},
		"group-no-health": {hosts: fleet(world.ALBInstance), alarm: soon, faults: func(host int) []world.Fault {
			return []world.Fault{fault(world.AppCrash, world.OneGroup, host, 0, time.Hour), fault(world.AgentsStopped, world.OneHost, host, 0, time.Hour)}
		}},
		"fixed-period":    {hosts: muted(world.Idle, 15*time.Minute), faults: one(world.WorkEnds, time.Hour), alarm: soon},
		"tcp-healthy":     {hosts: fleet(world.NLBTCP), faults: one(world.FrozenRoot, 2*time.Hour), alarm: 6 * time.Minute},
		"since-last-ping": {hosts: muted(world.Group2, five), faults: one(world.FrozenRoot, 2*time.Hour), alarm: 6 * time.Minute},
	}
}

// muted are hosts without a heartbeat.
func muted(f world.Fleet, period time.Duration) world.Hosts {
	return world.Hosts{Fleet: f, Count: gridHosts, Period: period, Detailed: true, Mute: true}
}

// units are the hosts of an exam, each by itself.
func (e exam) units(name string, seed uint64) []unit {
	var units []unit
	for host := range examined {
		units = append(units, unit{name: fmt.Sprintf("mutant-%s/%d", name, host), play: func(r run) (*Result, error) {
			quiet, err := quietWorld(e.hosts.Fleet, seed, e.hosts)
			if err != nil {
				return nil, err
			}
			w, err := quiet.Phased(host, time.Duration(host)*step).With(e.faults(host)...)
			if err != nil {
				return nil, err
			}
			rec := r.recorder(w, e.unknowns)
			alarms := w.HostAlarms(host, e.unknowns, e.kinds...)
			if e.kinds == nil {
				alarms = []world.Alarm{{At: w.Start().Add(begins + e.alarm), Kind: world.CPUAlarm, Host: host, Instance: rec.p.hosts[host].ID}}
			}
			rec.play(alarms)
			return rec.finish()
		}})
	}
	return units
}

// Examine plays every mutant, and beside it the guard itself. The error says which mutants
// are no worse than the guard, and where the guard itself fails.
func Examine(ctx context.Context, seed uint64, c config.Config, out io.Writer) error {
	return examine(ctx, mutant.All(), seed, c, out)
}

func examine(ctx context.Context, mutants []mutant.Mutant, seed uint64, c config.Config, out io.Writer) error {
	p := &printer{out: out}
	all := exams()
	var survived []string
	for _, m := range mutants {
		e, ok := all[m.Name]
		if !ok {
			return fmt.Errorf("the mutant %s has no exam", m.Name)
		}
		chooseMutant("", m.Without)
		itself, err := playAll(ctx, m.Name, e.units(m.Name, seed), c)
		if err != nil {
			return err
		}
		chooseMutant(m.Name, m.Without)
		changed, err := playAll(ctx, m.Name, e.units(m.Name, seed), c)
		if err != nil {
			return err
		}
		chooseMutant("", "")
		p.mutant(m, &itself.Total, &changed.Total)
		if !caught(m, &itself.Total, &changed.Total) {
			survived = append(survived, m.Name)
		}
	}
	if len(survived) > 0 {
		return fmt.Errorf("%w: %v", ErrSurvived, survived)
	}
	return p.err
}

// caught says whether an exam has told a mutant from the guard.
func caught(m mutant.Mutant, itself, changed *Count) bool {
	if m.Misses {
		return itself.Hangs > 0 && itself.missed() == 0 && changed.missed() > 0
	}
	return itself.Wrong == 0 && changed.Wrong > 0
}

func (p *printer) mutant(m mutant.Mutant, itself, changed *Count) {
	without := ""
	if m.Without != "" {
		without = fmt.Sprintf(" (without %s)", m.Without)
	}
	p.printf("mutant: name=%s wrong=%d missed=%d/%d guard_wrong=%d guard_missed=%d exposed=%d  %s%s\n",
		m.Name, changed.Wrong, changed.missed(), changed.Hangs, itself.Wrong, itself.missed(), itself.Exposed, m.About, without)
}
