package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"crashcart/lab/sim/world"
)

// The ways in which a run can say no.
var (
	// ErrWrong is a living machine that would have been interrupted.
	ErrWrong = errors.New("living machines would have been interrupted")
	// ErrSurvived is a mutant that is no worse than the guard.
	ErrSurvived = errors.New("mutants survived")
	// ErrTooFew are exposures of which there are too few to say anything.
	ErrTooFew = errors.New("too few exposures")
)

// Options are what a run is to play.
type Options struct {
	Out   io.Writer
	Seed  uint64
	Tenth bool           // a tenth of everything, and a coarser grid
	Rates float64        // every rate times this; default 1
	Only  *regexp.Regexp // play only the scenarios whose name matches; nil for all
}

// DefaultSeed is the seed of the published table.
const DefaultSeed = 1

// The least that a full run must have seen (issue "The simulation", item 2).
const (
	leastExposed     = 100_000
	leastExposedEach = 1_000
)

// set is one scenario of the full set.
type set struct {
	name  string
	brief bool // only its line is printed
	units []unit
}

// sets are the scenarios of a run.
func (o Options) sets() []set {
	size, often, swept := full, oftenFull, sweepFull
	if o.Tenth {
		size, often, swept = tenth, oftenTenth, sweepTenth
	}
	usual := world.Unknowns{}
	all := []set{
		{name: "random", units: random("random", o.Seed, size, o.Rates, usual, nil)},
		{name: "random-x10", units: random("random-x10", o.Seed, often, 10*o.Rates, usual, nil)},
		{name: "grid", units: grid("grid", o.Seed, size, usual)},
		{name: "pairs", units: pairs("pairs", o.Seed, size, usual)},
	}
	for _, s := range sweeps() {
		all = append(all, set{name: "sweep-" + s.name, brief: true, units: s.units(o.Seed, swept)})
	}
	return all
}

// Run plays the full set, or a tenth of it. The error says what did not hold.
func Run(ctx context.Context, o Options) error {
	c, err := rules()
	if err != nil {
		return err
	}
	p := &printer{out: o.Out}
	p.weights(o.Rates)
	total := newResult("all")
	for _, s := range o.sets() {
		if o.Only != nil && !o.Only.MatchString(s.name) {
			continue
		}
		began := time.Now()
		r, err := playAll(ctx, s.name, s.units, c)
		if err != nil {
			return err
		}
		if !s.brief {
			if err := r.Print(o.Out); err != nil {
				return err
			}
			p.printf("in %s\n", time.Since(began).Round(time.Second))
		}
		p.printf("%s\n", r.Line())
		total.Add(r)
	}
	return errors.Join(p.err, o.summary(total))
}

// summary prints all of it together, and judges it.
func (o Options) summary(total *Result) error {
	p := &printer{out: o.Out}
	p.printf("\n")
	p.rows("all, by fleet", fleetRows(total.Fleets))
	p.rows("all, by cause", causeRows(total.Causes))
	p.wrongs(total)
	p.printf("%s\n", total.Line())
	if p.err != nil {
		return p.err
	}
	var bad []error
	if total.Total.Wrong > 0 {
		bad = append(bad, fmt.Errorf("%w: %d", ErrWrong, total.Total.Wrong))
	}
	if !o.Tenth && o.Only == nil {
		bad = append(bad, total.enough())
	}
	return errors.Join(bad...)
}

// enough says whether there are enough exposures.
func (r *Result) enough() error {
	var few []string
	if r.Total.Exposed < leastExposed {
		few = append(few, fmt.Sprintf("%d in all", r.Total.Exposed))
	}
	for _, f := range world.Fleets() {
		few = append(few, tooFew(string(f), r.Fleets[f])...)
	}
	for _, c := range living() {
		few = append(few, tooFew(string(c), r.Causes[c])...)
	}
	if len(few) > 0 {
		return fmt.Errorf("%w: %s", ErrTooFew, strings.Join(few, ", "))
	}
	return nil
}

// tooFew says so of a fleet or a cause. On sick machines, and on hangs that would end by
// themselves, an exposure counts here as well.
func tooFew(name string, c *Count) []string {
	n := 0
	if c != nil {
		n = c.exposures()
	}
	if n >= leastExposedEach {
		return nil
	}
	return []string{fmt.Sprintf("%d of %s", n, name)}
}
