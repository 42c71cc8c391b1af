package sim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"crashcart/lab/sim/scenario"
	"crashcart/lambda/domain/cases"
)

// ErrScenario is a scenario that cannot be played.
var ErrScenario = errors.New("the scenario cannot be played")

// Replay is one moment of one host in one unit, to be seen again.
type Replay struct {
	Unit, Host string
	At         time.Time
}

// around is how much before and after the moment is shown.
const around = 40 * time.Minute

// ParseReplay reads what the table prints behind --replay: unit@instance@time.
func ParseReplay(text string) (Replay, error) {
	unit, rest, ok := strings.Cut(text, "@")
	host, moment, both := strings.Cut(rest, "@")
	at, err := time.Parse(time.RFC3339, moment)
	if !ok || !both || unit == "" || host == "" || err != nil {
		return Replay{}, fmt.Errorf("%q is not unit@instance@time, as the table prints it", text)
	}
	return Replay{Unit: unit, Host: host, At: at}, nil
}

// Again plays the unit once more and shows every decision on the host around the moment.
// The scenario is nil for a unit of the full set; then the options must be those of the run
// that printed it.
func (r Replay) Again(s *scenario.Scenario, o Options) error {
	c, err := rules()
	if err != nil {
		return err
	}
	units, err := r.among(s, o)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(units, func(u unit) bool { return u.name == r.Unit })
	if n < 0 {
		return fmt.Errorf("nothing that is played is called %q; are the other flags the same?", r.Unit)
	}
	p := &printer{out: o.Out}
	shown := map[string]bool{}
	_, err = units[n].play(run{unit: r.Unit, config: c, log: func(on *player, d *Decision) {
		if on.hosts[d.Host].ID != r.Host || d.At.Before(r.At.Add(-around)) || d.At.After(r.At.Add(around)) {
			return
		}
		if text := explained(on, d); !shown[text] { // the ends of a grid share their beginnings
			shown[text] = true
			p.printf("%s", text)
		}
	}})
	return errors.Join(err, p.err)
}

// among are the units that are searched.
func (r Replay) among(s *scenario.Scenario, o Options) ([]unit, error) {
	if s != nil {
		w, err := s.World(o.Rates)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrScenario, err)
		}
		return scenarioUnits(*s, w), nil
	}
	var units []unit
	for _, s := range o.sets() {
		units = append(units, s.units...)
	}
	return units, nil
}

// explained is a decision as a person reads it.
func explained(p *player, d *Decision) string {
	var text strings.Builder
	write := func(format string, args ...any) { _, _ = fmt.Fprintf(&text, format, args...) }
	h := p.hosts[d.Host]
	write("%s %s of %s, alarm %s of %s, pass %d\n", d.At.Format(time.RFC3339), h.ID, h.Fleet, d.Alarm.Kind, d.Alarm.At.Format(time.TimeOnly), d.Pass)
	write("  true: %s, %v\n", d.Life, p.world.Causes(d.Host, d.At.Add(-30*time.Minute), d.At))
	write("  %s by %s\n", d.Verdict.Kind, d.Verdict)
	for _, v := range cases.KeepVitals(d.Vitals) {
		write("    %-8s %-19s %-8s %s\n", v.Question, v.Name, v.Says, v.Saw)
	}
	return text.String()
}
