package sim

import (
	"context"
	"iter"
	"maps"
	"runtime"
	"sync"
	"time"

	"crashcart/lab/sim/world"
	"crashcart/lambda/domain/config"
)

func keys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }

// unit is a part of a scenario that is played by itself.
type unit struct {
	name string
	play func(run) (*Result, error)
}

// run is what a unit is played with.
type run struct {
	unit   string
	config config.Config
	log    func(*player, *Decision) // for a replay; nil for none
}

// recorder makes a recorder of a world.
func (r run) recorder(w *world.World, u world.Unknowns) *recorder { return r.recorderOf(w, u, nil) }

// recorderOf makes a recorder of a part of a world.
func (r run) recorderOf(w *world.World, u world.Unknowns, own func(world.Host) bool) *recorder {
	p := newPlayer(r.config, w, u)
	rec := newRecorder(r.unit, p, own)
	if r.log != nil {
		rec.log = func(d *Decision) { r.log(p, d) }
	}
	return rec
}

// playAll plays units side by side. What was counted is joined in the order of the units, so
// that the same units always give the same result.
func playAll(ctx context.Context, name string, units []unit, c config.Config) (*Result, error) {
	results, errs := make([]*Result, len(units)), make([]error, len(units))
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for n := range next {
				results[n], errs[n] = units[n].play(run{unit: units[n].name, config: c})
			}
		})
	}
	for n := range units {
		select {
		case next <- n:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	all := newResult(name)
	for n, r := range results {
		if errs[n] != nil {
			return nil, errs[n]
		}
		all.Add(r)
	}
	return all, nil
}

// worldUnit plays a world with all its alarms.
func worldUnit(name string, u world.Unknowns, kinds []world.AlarmKind, create func() (*world.World, error)) unit {
	return unit{name: name, play: func(r run) (*Result, error) {
		w, err := create()
		if err != nil {
			return nil, err
		}
		rec := r.recorder(w, u)
		rec.play(w.Alarms(u, kinds...))
		out, err := rec.finish()
		if err != nil {
			return nil, err
		}
		out.HostDays = float64(w.HostDays())
		out.beside(r.config.Rules)
		return out, nil
	}}
}

// fiveMinutes is how often an agent pings by default.
const fiveMinutes = 5 * time.Minute
