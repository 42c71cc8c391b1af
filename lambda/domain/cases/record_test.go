package cases_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// A finding does not close a case. Nobody would see one whose close fails.
func TestACaseThatWasNeverClosedIsNeverOutOfSight(t *testing.T) {
	late := noon.Add(config.FunctionTimeout + time.Second)
	for _, c := range []struct {
		name           string
		record         cases.Record
		overdue, stuck bool
	}{
		{"lapsed", cases.Record{Lapsed: true, ClaimedAt: noon, State: cases.StateInterrupted}, true, false},
		{"lapsed, and never closed though it has come to its finding", cases.Record{Lapsed: true, ClaimedAt: noon, State: cases.StateInterrupted, Followup: cases.Followup{Steps: 9, Finding: cases.FindingUnproven}}, true, false},
		{"lapsed, and still followed", cases.Record{Lapsed: true, ClaimedAt: noon, State: cases.StateInterrupted, Followup: cases.Followup{Steps: 9}}, true, false},
		{"lapsed, a dry run", cases.Record{Lapsed: true, ClaimedAt: noon, State: cases.StateClaimed, DryRun: true}, false, false},
		{"its function has ended", cases.Record{ClaimedAt: noon, State: cases.StateClaimed}, false, true},
		{"its function may still run", cases.Record{ClaimedAt: late.Add(-config.FunctionTimeout), State: cases.StateClaimed}, false, false},
		{"its result is known", cases.Record{ClaimedAt: noon, State: cases.StateUnknown}, false, false},
	} {
		if o, s := c.record.Overdue(), c.record.Stuck(late); o != c.overdue || s != c.stuck {
			t.Errorf("%s: overdue %v, stuck %v", c.name, o, s)
		}
	}
}
