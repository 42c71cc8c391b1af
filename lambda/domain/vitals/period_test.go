package vitals_test

import (
	"slices"
	"testing"
	"time"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/vitals"
)

func TestThePeriodOfAFleetIsNeverShorterThanNearlyAllKeep(t *testing.T) {
	ages := func(n int, age time.Duration, more ...time.Duration) []time.Duration {
		return append(slices.Repeat([]time.Duration{age}, n), more...)
	}
	setting := func(d time.Duration) func(*vitals.Host) {
		return func(h *vitals.Host) { h.Rules.PingPeriod = d }
	}
	for name, c := range map[string]struct {
		host vitals.Host
		want time.Duration
	}{
		"no neighbours":                                  {host(), 5 * time.Minute},
		"nine that ping every hour":                      {host(neighbours(ages(9, time.Hour)...)), 5 * time.Minute},
		"ten that ping every hour":                       {host(neighbours(ages(10, time.Hour)...)), time.Hour},
		"all within 5 minutes and one":                   {host(neighbours(ages(20, 6*time.Minute)...)), 5 * time.Minute},
		"all a second later":                             {host(neighbours(ages(20, 6*time.Minute+second)...)), 10 * time.Minute},
		"all within 10 minutes and one":                  {host(neighbours(ages(20, 11*time.Minute)...)), 10 * time.Minute},
		"all within 15 minutes and one":                  {host(neighbours(ages(20, 16*time.Minute)...)), 15 * time.Minute},
		"all within 30 minutes and one":                  {host(neighbours(ages(20, 31*time.Minute)...)), 30 * time.Minute},
		"all within an hour and a minute":                {host(neighbours(ages(20, 61*time.Minute)...)), time.Hour},
		"longer ago does not count":                      {host(neighbours(ages(20, 61*time.Minute+second)...)), 5 * time.Minute},
		"57 of 60 within 5 minutes: 95 percent":          {host(neighbours(ages(57, time.Minute, ages(3, 9*time.Minute)...)...)), 5 * time.Minute},
		"56 of 60 within 5 minutes: less":                {host(neighbours(ages(56, time.Minute, ages(4, 9*time.Minute)...)...)), 10 * time.Minute},
		"8 of 10: two are in trouble themselves":         {host(neighbours(ages(8, time.Minute, ages(2, time.Hour)...)...)), 5 * time.Minute},
		"7 of 10: three are not":                         {host(neighbours(ages(7, time.Minute, ages(3, time.Hour)...)...)), time.Hour},
		"20 of 21, and 40 of long ago":                   {host(neighbours(append(ages(40, 72*time.Hour), ages(20, time.Minute, 9*time.Minute)...)...)), 5 * time.Minute},
		"evenly over 5 minutes":                          {host(neighbours(every(5*time.Minute, 40)...)), 5 * time.Minute},
		"evenly over 10 minutes":                         {host(neighbours(every(10*time.Minute, 40)...)), 10 * time.Minute},
		"the setting raises it":                          {host(setting(20 * time.Minute)), 20 * time.Minute},
		"the setting raises what the neighbours show":    {host(setting(20*time.Minute), neighbours(ages(20, time.Minute)...)), 20 * time.Minute},
		"the setting never lowers it":                    {host(setting(7*time.Minute), neighbours(ages(20, 30*time.Minute)...)), 30 * time.Minute},
		"a setting of nothing":                           {host(setting(0)), 5 * time.Minute},
		"the neighbours are not known":                   {host(func(h *vitals.Host) { h.Instance.Neighbours = fact.Failed[instance.Neighbours](errAWS) }), 5 * time.Minute},
		"clocks that are ahead":                          {host(neighbours(ages(20, -time.Minute)...)), 5 * time.Minute},
		"the host itself is no neighbour: nine others":   {host(withItself(neighbours(ages(9, time.Hour)...))), 5 * time.Minute},
		"the host itself is no neighbour: nineteen more": {host(withItself(neighbours(ages(19, time.Minute)...))), 5 * time.Minute},
	} {
		if got := vitals.Read(c.host).Period; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// withItself adds the host to its neighbours, silent for an hour.
func withItself(change func(*vitals.Host)) func(*vitals.Host) {
	return func(h *vitals.Host) {
		change(h)
		all, _ := h.Instance.Neighbours.Get()
		all[id] = h.At.Add(-time.Hour)
	}
}

func TestTheBrakeNeverCountsWhoWasNotHeardLately(t *testing.T) {
	const missed = 6*time.Minute + second
	for name, c := range map[string]struct {
		host        vitals.Host
		all, silent int
		braked      bool
	}{
		"none":                               {host(), 0, 0, false},
		"two silent":                         {host(neighbours(missed, missed)), 2, 2, false},
		"three silent":                       {host(neighbours(missed, missed, missed)), 3, 3, true},
		"three not overdue by a second":      {host(neighbours(6*time.Minute, 6*time.Minute, 6*time.Minute)), 3, 0, false},
		"three of an hour":                   {host(neighbours(time.Hour, time.Hour, time.Hour)), 3, 3, true},
		"three of an hour and a second":      {host(neighbours(time.Hour+second, time.Hour+second, time.Hour+second)), 0, 0, false},
		"three silent, one is the host":      {host(withItself(neighbours(missed, missed))), 2, 2, false},
		"a Windows, three silent for longer": {host(windows(), neighbours(31*time.Minute, 31*time.Minute, 31*time.Minute)), 3, 3, true},
	} {
		r := vitals.Read(c.host)
		if r.Neighbours != c.all || r.Silent != c.silent || r.Braked != c.braked || r.BrakeErr != nil {
			t.Errorf("%s: %d of %d silent, braked %v, error %v", name, r.Silent, r.Neighbours, r.Braked, r.BrakeErr)
		}
	}
}

// To count too few members would let a bad deploy pass for a hang.
func TestNoDeadMemberIsEverOverlooked(t *testing.T) {
	silent := func(d time.Duration) instance.Member { return instance.Member{Ping: instance.Ping{At: ago(d)}} }
	for name, c := range map[string]struct {
		member instance.Member
		want   bool
	}{
		"no agent":                        {instance.Member{}, false},
		"unreachable":                     {instance.Member{Unreachable: true, Ping: instance.Ping{At: noon}}, true},
		"its load balancer gets nothing":  {instance.Member{Unhealthy: true, Ping: instance.Ping{At: noon}}, true},
		"silent for 11 minutes less 1 s":  {silent(11*time.Minute - second), false},
		"silent for 11 minutes":           {silent(11 * time.Minute), true},
		"silent for an hour":              {silent(time.Hour), true},
		"silent for an hour and a second": {silent(time.Hour + second), false},
	} {
		if got := vitals.Lifeless(host(), c.member); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	slow := host(neighbours(every(10*time.Minute, 20)...))
	if vitals.Lifeless(slow, silent(20*time.Minute)) || !vitals.Lifeless(slow, silent(21*time.Minute)) {
		t.Error("in a fleet that pings every 10 minutes a member is silent after 21")
	}
}
