package sim

import (
	"fmt"
	"time"

	"crashcart/lab/sim/world"
)

// sweep is one value of one thing that nobody knows, or that fleets do differently.
type sweep struct {
	name     string
	unknowns world.Unknowns
	period   time.Duration // of the agents' pings; zero for the usual
}

// sweeps are the values of everything that is swept (issue "The simulation", item 3).
func sweeps() []sweep {
	var all []sweep
	for _, n := range []int{1, 2, 3, 4, 5, 6, 8, 10, 12, 15} {
		all = append(all, sweep{name: fmt.Sprintf("metric-lag-%dm", n), unknowns: world.Unknowns{MetricLag: minutes(n)}})
	}
	for n := 1; n <= 5; n++ {
		all = append(all, sweep{name: fmt.Sprintf("impaired-late-%dm", n), unknowns: world.Unknowns{ImpairedLate: minutes(n)}})
	}
	for n := 2; n <= 5; n++ {
		all = append(all, sweep{name: fmt.Sprintf("ebs-late-%dm", n), unknowns: world.Unknowns{EBSLate: minutes(n)}})
	}
	for _, n := range []int{5, 10, 15, 30, 60} {
		all = append(all, sweep{name: fmt.Sprintf("ping-period-%dm", n), period: minutes(n)})
	}
	return append(all,
		sweep{name: "no-zeros", unknowns: world.Unknowns{NoZeros: true}},
		sweep{name: "writes-1m-later", unknowns: world.Unknowns{WritesLater: minutes(1)}},
		sweep{name: "writes-3m-later", unknowns: world.Unknowns{WritesLater: minutes(3)}},
	)
}

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// Sizes of a sweep's worlds. Everything happens ten times as often in them. The hosts are two
// groups of six: a pass reads all its neighbours, so more hosts cost more than they show.
var (
	sweepFull  = Size{Worlds: 1, Hosts: 12, Days: 2}
	sweepTenth = Size{Worlds: 1, Hosts: 6, Days: 1}
)

const sweepTimes = 10

// units are the worlds of a sweep, one of each fleet.
func (s sweep) units(seed uint64, size Size) []unit {
	return random("sweep-"+s.name, seed, size, sweepTimes, s.unknowns, func(c *world.Config, _ int) {
		c.HangsPerHostYear = hangsPerYear * sweepTimes * 2
		if s.period > 0 {
			c.Hosts[0].Period = s.period
		}
	})
}
