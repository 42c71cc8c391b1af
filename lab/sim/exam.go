package sim

import (
	"context"
	"fmt"
	"io"
	"maps"
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
	kinds    []world.AlarmKind     // of the faults' own alarms; none for alarms on the host alone
	alarm    time.Duration         // from the beginning of the first fault
	alarms   int                   // so many, a step after each other; zero for one
	of       func(world.Host) bool // it is played on these hosts; nil for all
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

// both is an exam in which a host's agents have stopped, when something else befalls it.
func both(c world.Cause, s world.Scope, lasts time.Duration) func(int) []world.Fault {
	return func(host int) []world.Fault {
		return []world.Fault{fault(c, s, host, 0, lasts), fault(world.AgentsStopped, world.OneHost, host, 0, time.Hour)}
	}
}

// stalled is an exam with a volume that stalls for longer than a storm lasts, on a host that is
// cut off meanwhile.
func stalled(after time.Duration) func(int) []world.Fault {
	return func(host int) []world.Fault {
		return []world.Fault{fault(world.EBSStall, world.OneHost, host, 0, 19*time.Minute), fault(world.CutOff, world.OneHost, host, after, time.Hour)}
	}
}

// exams are the exams of all mutants, by their names.
func exams() map[string]exam {
	all := voiceExams()
	maps.Copy(all, machineExams())
	maps.Copy(all, answerExams())
	maps.Copy(all, restartExams())
	return all
}

// soon is when most alarms of the exams come.
const soon = 2 * time.Minute

// voiceExams are those of the mutants that believe in the silence of too few, or too soon.
func voiceExams() map[string]exam {
	return map[string]exam{
		"agent-alone": {hosts: fleet(world.Group6), faults: one(world.AgentStopped, time.Hour), alarm: soon},
		// Agents that ping every ten minutes are silent for six again and again.
		"silence-6m":    {hosts: muted(world.Idle, 2*fiveMinutes), faults: one(world.LostPing, 2*fiveMinutes), alarm: soon},
		"voices-enough": {hosts: fleet(world.Batch), faults: one(world.CutOff, time.Hour), alarm: soon},
		"group-alarm": {hosts: fleet(world.ALBInstance), kinds: []world.AlarmKind{world.TargetAlarm}, faults: func(host int) []world.Fault {
			return []world.Fault{fault(world.AppCrash, world.OneHost, host, 0, time.Hour), fault(world.AgentHibernate, world.OneHost, host, 0, time.Hour)}
		}},
		"fixed-period": {hosts: muted(world.Idle, 30*time.Minute), of: shows, faults: one(world.WorkEnds, time.Hour), alarm: soon},
	}
}

// machineExams are those of the mutants that take a machine for dead that is not.
func machineExams() map[string]exam {
	return map[string]exam{
		"network-zero": {hosts: fleet(world.Batch), faults: one(world.OwnNetwork, time.Hour), alarm: soon},
		"refused-dead": {hosts: fleet(world.ALBInstance), faults: both(world.AppCrash, world.OneHost, time.Hour), alarm: soon},
		"stale-metric": {
			hosts: fleet(world.Batch), unknowns: world.Unknowns{MetricLag: 15 * time.Minute}, alarm: 15 * time.Minute,
			faults: stalled(soon),
		},
		"ebs-ignored": {hosts: fleet(world.Batch), of: shows, faults: stalled(0), alarm: soon},
		// The console has been read for long enough when the storm is just over, and nothing of
		// that is published yet.
		"storm-5m": {hosts: fleet(world.Single), of: shows, faults: one(world.StormThatEnds, 13*time.Minute+25*time.Second), alarm: 10*time.Minute + 40*time.Second},
	}
}

// answerExams are those of the mutants that take no answer for one, or one for none.
func answerExams() map[string]exam {
	return map[string]exam{
		"alive-since-trigger": {hosts: fleet(world.Group6), faults: one(world.AgentsStopped, time.Hour), alarm: 12 * time.Minute},
		"group-no-health":     {hosts: fleet(world.ALBInstance), faults: both(world.AppCrash, world.OneGroup, time.Hour), alarm: soon},
		"tcp-healthy":         {hosts: fleet(world.NLBTCP), faults: one(world.FrozenRoot, 2*time.Hour), alarm: 6 * time.Minute},
		// What the host sent between its last ping and the hang is a sign of life to it. An alarm
		// that comes later outlives that sign.
		"since-last-ping": {hosts: muted(world.Group2, 2*fiveMinutes), of: shows, faults: one(world.FrozenRoot, 2*time.Hour), alarm: -time.Minute},
	}
}

// restartExams are those of the mutants that do not see a host that shuts down or boots.
func restartExams() map[string]exam {
	return map[string]exam{
		"quiet-open":     {hosts: crowd(world.Single), of: hides, faults: one(world.SlowStop, 21*time.Minute), alarm: fiveMinutes},
		"screen-ignored": {hosts: crowd(world.Single), of: hides, faults: one(world.SlowStop, 40*time.Minute), alarm: fiveMinutes},
		// The alarms come when the boot that follows is just over.
		"just-back": {hosts: fleet(world.Single), faults: one(world.SlowStop, 20*time.Minute), alarm: 20 * time.Minute, alarms: 6},
	}
}

// hides says whether the console of a host shows nothing, and shows that it does.
func hides(h world.Host) bool { return !h.Readable }
func shows(h world.Host) bool { return h.Readable }

// fleet are hosts of a fleet that ping every five minutes.
func fleet(f world.Fleet) world.Hosts {
	return world.Hosts{Fleet: f, Count: gridHosts, Period: fiveMinutes, Detailed: true}
}

// crowd are so many hosts that some have a console that shows nothing.
func crowd(f world.Fleet) world.Hosts {
	h := fleet(f)
	h.Count = 120
	return h
}

// muted are hosts without a heartbeat.
func muted(f world.Fleet, period time.Duration) world.Hosts {
	h := fleet(f)
	h.Period, h.Mute = period, true
	return h
}

// units are the hosts of an exam, each by itself. The moments of their pings go round.
func (e exam) units(name string, seed uint64) ([]unit, error) {
	quiet, err := quietWorld(e.hosts.Fleet, seed, e.hosts)
	if err != nil {
		return nil, err
	}
	var units []unit
	for _, h := range quiet.Hosts() {
		if len(units) == examined {
			break
		}
		if e.of != nil && !e.of(h) {
			continue
		}
		phase := time.Duration(len(units)) * e.hosts.Period / examined
		units = append(units, unit{name: fmt.Sprintf("mutant-%s/%d", name, h.N), play: func(r run) (*Result, error) {
			w, err := quiet.Phased(h.N, phase).With(e.faults(h.N)...)
			if err != nil {
				return nil, err
			}
			rec := r.recorder(w, e.unknowns)
			rec.play(e.alarmsOf(w, h))
			return rec.finish()
		}})
	}
	return units, nil
}

// alarmsOf are the alarms of an exam on one host.
func (e exam) alarmsOf(w *world.World, h world.Host) []world.Alarm {
	if e.kinds != nil {
		return w.HostAlarms(h.N, e.unknowns, e.kinds...)
	}
	var alarms []world.Alarm
	for n := range max(1, e.alarms) {
		at := w.Start().Add(begins + e.alarm + time.Duration(n)*step)
		alarms = append(alarms, world.Alarm{At: at, Kind: world.CPUAlarm, Cause: e.faults(h.N)[0].Cause, Host: h.N, Instance: h.ID})
	}
	return alarms
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
		units, err := e.units(m.Name, seed)
		if err != nil {
			return err
		}
		itself, changed, err := compare(ctx, m, units, c)
		if err != nil {
			return err
		}
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

// compare plays an exam with the guard itself, and with the mutant.
func compare(ctx context.Context, m mutant.Mutant, units []unit, c config.Config) (itself, changed *Result, err error) {
	defer chooseMutant("", "")
	chooseMutant("", m.Without)
	if itself, err = playAll(ctx, m.Name, units, c); err != nil {
		return nil, nil, err
	}
	chooseMutant(m.Name, m.Without)
	changed, err = playAll(ctx, m.Name, units, c)
	return itself, changed, err
}

// caught says whether an exam has told a mutant from the guard. One that loses hangs must lose
// more than half of them.
func caught(m mutant.Mutant, itself, changed *Count) bool {
	if m.Misses {
		return itself.Hangs > 0 && itself.missed() == 0 && 2*changed.missed() > changed.Hangs
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
