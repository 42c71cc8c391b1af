package trial

import (
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
)

// AWS's time must not run away from a guest that works: a command would be given up, and a
// URL end, before the guest could do anything.
func TestAWSNeverHurriesAGuestThatBringsItsDump(t *testing.T) {
	now := time.Now()
	began := cases.Collecting{BeganAt: now}
	ended := cases.Collecting{BeganAt: now, EndedAt: now}
	for name, c := range map[string]struct {
		away     bool // the guest
		realTime bool
		collect  cases.Collecting
		finding  cases.Finding
		want     float64
	}{
		"it stays away":            {away: true, want: endSpeed},
		"nothing is asked yet":     {want: Speed},
		"it is asked":              {collect: began, want: crashSpeed},
		"all of it is home":        {collect: ended, want: endSpeed},
		"it was never to be asked": {finding: cases.FindingIgnored, want: endSpeed},
		"in real time, not asked":  {realTime: true, want: 1},
		"in real time, asked":      {realTime: true, collect: began, want: 1},
		"in real time, home":       {realTime: true, collect: ended, want: endSpeed},
	} {
		r := &run{record: &Record{Back: !c.away}, options: Options{RealTime: c.realTime}}
		if got := r.pass(cases.Record{Followup: cases.Followup{Collect: c.collect, Finding: c.finding}}); got != c.want {
			t.Errorf("%s: %g, want %g", name, got, c.want)
		}
	}
}
