package sim

import (
	"fmt"

	"crashcart/lab/sim/world"
)

// Size is how much of everything is played.
type Size struct {
	Worlds int // of each fleet
	Hosts  int // of each world
	Days   int
	Coarse bool // the grid leaves points out
}

// Sizes of a run. The full one has 16 fleets of 16 worlds, and 1,006,080 host-days with these
// alone. Each decision asks about all neighbours, so that large worlds cost more for a day of
// a host than small ones.
var (
	full  = Size{Worlds: 16, Hosts: 30, Days: 131}
	tenth = Size{Worlds: 2, Hosts: 30, Days: 105, Coarse: true}

	// With all rates times ten, all fleets have agents that ping seldom, and few passes can
	// be left out. A host-day costs twenty times as much. The floors of a run are reached
	// without these worlds.
	oftenFull  = Size{Worlds: 1, Hosts: 30, Days: 14}
	oftenTenth = Size{Worlds: 1, Hosts: 30, Days: 1}
)

// hangsPerYear is how often a host hangs. It makes more than 10,000 of a million host-days.
const hangsPerYear = 4

// random are worlds in which everything happens by chance, at its own rate.
func random(name string, seed uint64, size Size, times float64, u world.Unknowns, shape func(*world.Config, int)) []unit {
	var units []unit
	for f, fleet := range world.Fleets() {
		for n := range size.Worlds {
			c := world.Config{
				Seed: seed + uint64(f*1000+n), Days: size.Days, Times: times, HangsPerHostYear: hangsPerYear,
				Hosts: []world.Hosts{{Fleet: fleet, Count: size.Hosts, Detailed: n%2 == 1}},
			}
			if shape != nil {
				shape(&c, n)
			}
			units = append(units, worldUnit(fmt.Sprintf("%s/%s/%d", name, fleet, n), u, world.AlarmKinds(), func() (*world.World, error) { return world.New(c) }))
		}
	}
	return units
}
