package sim

import (
	"maps"
	"slices"
	"time"

	"crashcart/lab/sim/world"
)

// Count is what was counted of some decisions and hangs.
type Count struct {
	// Exposed are decisions while a vital was dead, by what was true: on a living machine,
	// on a sick one, and on one that hung and would have come back by itself.
	Exposed, ExposedSick, ExposedTransient int
	// Wrong, Sick and Transient are permits on such machines.
	Wrong, Sick, Transient int

	Hangs  int
	Times  []time.Duration // from a hang to its interrupt
	Missed map[string]int  // hangs that were not interrupted, by what lost them

	// What stands beside: permits that the rules region, budget and cooldown would have
	// stopped.
	Permits, Region, Budget, Cooldown int
}

// exposures are all decisions on machines that were no real hang.
func (c *Count) exposures() int { return c.Exposed + c.ExposedSick + c.ExposedTransient }

func (c *Count) missed() int {
	n := 0
	for _, lost := range c.Missed {
		n += lost
	}
	return n
}

func (c *Count) add(o *Count) {
	c.Exposed += o.Exposed
	c.ExposedSick += o.ExposedSick
	c.ExposedTransient += o.ExposedTransient
	c.Wrong += o.Wrong
	c.Sick += o.Sick
	c.Transient += o.Transient
	c.Hangs += o.Hangs
	c.Times = append(c.Times, o.Times...)
	for why, n := range o.Missed {
		c.lose(why, n)
	}
	c.Permits += o.Permits
	c.Region += o.Region
	c.Budget += o.Budget
	c.Cooldown += o.Cooldown
}

func (c *Count) lose(why string, n int) {
	if c.Missed == nil {
		c.Missed = map[string]int{}
	}
	c.Missed[why] += n
}

// see counts a decision.
func (c *Count) see(life world.Life, exposed, permitted bool) {
	bump := func(n *int, is bool) {
		if is {
			*n++
		}
	}
	switch life {
	case world.Alive:
		bump(&c.Exposed, exposed)
		bump(&c.Wrong, permitted)
	case world.Sick:
		bump(&c.ExposedSick, exposed)
		bump(&c.Sick, permitted)
	case world.Transient:
		bump(&c.ExposedTransient, exposed)
		bump(&c.Transient, permitted)
	case world.Hung:
	}
}

// Class is a kind of hangs for which there is a goal, or none.
type Class string

// The classes. There is a goal for the first three.
const (
	Readable Class = "stops writing"                // and its console shows what happens
	Empty    Class = "stops writing, empty console" // of a Linux
	Windows  Class = "stops writing, Windows"
	Writing  Class = "goes on writing"
	Replaced Class = "its group replaces it first"
	Seldom   Class = "agents ping less often" // than every five minutes, in its network
)

// Classes are all of them.
func Classes() []Class { return []Class{Readable, Empty, Windows, Replaced, Seldom, Writing} }

// goals says whether there is a goal for the class.
func (c Class) goals() bool { return c == Readable || c == Empty || c == Windows }

// Wrong is a living machine that would have been interrupted.
type Wrong struct {
	Unit string // what was played
	Host string
	Decision
	Causes []world.Cause
}

// Loss is a hang that was missed although there is a goal for it.
type Loss struct {
	Unit    string // what was played
	Host    string
	Episode world.Episode
	Last    time.Time // the last decision in it; zero for none
	Why     string    // what that came to
}

// cell is what a count is about.
type cell struct {
	fleet world.Fleet
	cause world.Cause
}

// None is the cause of an exposure on a host to which nothing has happened.
const None world.Cause = "none"

// Result is what was counted in one scenario.
type Result struct {
	Name     string
	HostDays float64
	Passes   int
	Total    Count
	Fleets   map[world.Fleet]*Count
	Causes   map[world.Cause]*Count
	Cells    map[cell]*Count
	Classes  map[world.Fleet]map[Class]*Count
	Wrongs   []Wrong
	Losses   []Loss

	permits []permit
}

func newResult(name string) *Result {
	return &Result{
		Name: name, Fleets: map[world.Fleet]*Count{}, Causes: map[world.Cause]*Count{}, Cells: map[cell]*Count{},
		Classes: map[world.Fleet]map[Class]*Count{},
	}
}

// at gives the count of a key, which is made if it is not there.
func at[K comparable](counts map[K]*Count, key K) *Count {
	c := counts[key]
	if c == nil {
		c = &Count{}
		counts[key] = c
	}
	return c
}

func (r *Result) class(f world.Fleet, c Class) *Count {
	if r.Classes[f] == nil {
		r.Classes[f] = map[Class]*Count{}
	}
	return at(r.Classes[f], c)
}

// Add adds what was counted elsewhere.
func (r *Result) Add(o *Result) {
	r.HostDays += o.HostDays
	r.Passes += o.Passes
	r.Total.add(&o.Total)
	for f, c := range o.Fleets {
		at(r.Fleets, f).add(c)
	}
	for cause, c := range o.Causes {
		at(r.Causes, cause).add(c)
	}
	for key, c := range o.Cells {
		at(r.Cells, key).add(c)
	}
	for f, classes := range o.Classes {
		for class, c := range classes {
			r.class(f, class).add(c)
		}
	}
	r.Wrongs = append(r.Wrongs, o.Wrongs...)
	r.Losses = append(r.Losses, o.Losses...)
	r.permits = append(r.permits, o.permits...)
}

// quantile is the time below which a share of the hangs were interrupted. It is not there
// if none was.
func (c *Count) quantile(share float64) (time.Duration, bool) {
	if len(c.Times) == 0 {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(c.Times))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))], true
}

// lost gives what lost hangs, the most frequent first.
func (c *Count) lost() []string {
	return slices.SortedFunc(maps.Keys(c.Missed), func(a, b string) int {
		if d := c.Missed[b] - c.Missed[a]; d != 0 {
			return d
		}
		if a < b {
			return -1
		}
		return 1
	})
}
