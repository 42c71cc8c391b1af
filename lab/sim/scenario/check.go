package scenario

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"crashcart/lab/sim/world"
)

// wrong notes what is wrong, and where.
type wrong func(where, format string, args ...any)

// Check says everything that is wrong with a scenario, and where. Parse has done it.
func (s Scenario) Check() error {
	var all []error
	note := func(where, format string, args ...any) {
		all = append(all, fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...)))
	}
	s.checkFigures(note)
	for n, h := range s.Hosts {
		h.check(fmt.Sprintf("hosts[%d]", n), note)
	}
	for n, f := range s.Faults {
		f.check(fmt.Sprintf("faults[%d]", n), s.Days, note)
	}
	s.checkRates(note)
	for n, k := range s.Alarms {
		if where := fmt.Sprintf("alarms[%d]", n); !slices.Contains(world.AlarmKinds(), k) {
			note(where, "there is no alarm %q; alarms are %s", k, list(world.AlarmKinds()))
		} else if slices.Index(s.Alarms, k) != n {
			note(where, "%q stands there twice", k)
		}
	}
	return errors.Join(all...)
}

func (s Scenario) checkFigures(wrong wrong) {
	if !isWord(s.Name) {
		wrong("name", "%q is no word of letters, digits, dots, underscores and dashes", s.Name)
	}
	if s.Days < 1 || s.Days > maxDays {
		wrong("days", "must be 1 to %d, not %d", maxDays, s.Days)
	}
	if len(s.Hosts) == 0 {
		wrong("hosts", "there are none")
	}
	if len(s.Faults) > maxFaults {
		wrong("faults", "must be %d at most, not %d", maxFaults, len(s.Faults))
	}
	if !isRate(s.HangsPerHostYear) {
		wrong("hangsPerHostYear", "must be 0 to %g, not %g", float64(maxRate), s.HangsPerHostYear)
	}
}

func (s Scenario) checkRates(wrong wrong) {
	for _, c := range slices.Sorted(maps.Keys(s.Rates)) {
		where := "rates." + string(c)
		if !slices.Contains(world.Causes(), c) {
			wrong(where, "there is no such cause; causes are %s", list(world.Causes()))
		}
		if rate := s.Rates[c]; !isRate(rate) {
			wrong(where, "must be 0 to %g, not %g", float64(maxRate), rate)
		}
	}
}

func isRate(rate float64) bool { return rate >= 0 && rate <= maxRate }

func (h Hosts) check(where string, wrong wrong) {
	if !slices.Contains(world.Fleets(), h.Fleet) {
		wrong(where+".fleet", "there is no fleet %q; fleets are %s", h.Fleet, list(world.Fleets()))
	}
	if h.Count < 1 || h.Count > maxCount {
		wrong(where+".count", "must be 1 to %d, not %d", maxCount, h.Count)
	}
	if h.PingMinutes != 0 && (h.PingMinutes < leastPing || h.PingMinutes > mostPing) {
		wrong(where+".pingMinutes", "an agent pings every %d to %d min, not %d", leastPing, mostPing, h.PingMinutes)
	}
}

func (f Fault) check(where string, days int, wrong wrong) {
	if !slices.Contains(world.Causes(), f.Cause) {
		wrong(where+".cause", "there is no cause %q; causes are %s", f.Cause, list(world.Causes()))
	}
	if !slices.Contains(world.Scopes(), f.Scope) {
		wrong(where+".scope", "there is no scope %q; scopes are %s", f.Scope, list(world.Scopes()))
	} else if (f.Cause == world.SSMLate || f.Cause == world.CloudWatchLate) && f.Scope != world.WholeRegion {
		wrong(where+".scope", "%s befalls the region and no %s", f.Cause, f.Scope)
	}
	if last := time.Duration(days) * 24 * time.Hour; f.At < 0 || f.At >= last {
		wrong(where+".at", "%s is not within the %d days", Span(f.At), days)
	}
	if f.For < 0 || f.For > maxDuration {
		wrong(where+".for", "must be more than nothing, and %s at most", Span(maxDuration))
	}
}

// list names what may be chosen.
func list[T ~string](names []T) string {
	words := make([]string, len(names))
	for n, name := range names {
		words[n] = string(name)
	}
	return strings.Join(words, ", ")
}

// isWord says whether a name can stand in the line for machines.
func isWord(s string) bool {
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		default:
			return false
		}
	}
	return s != "" && len(s) <= 100
}
