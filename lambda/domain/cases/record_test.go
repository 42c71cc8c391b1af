package cases_test

import (
	"slices"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

func TestTheTimelineSaysEverythingThatHappened(t *testing.T) {
	at := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	for _, c := range []struct {
		name   string
		record cases.Record
		want   []string
	}{
		{
			"claimed by an alarm",
			cases.Record{ClaimedAt: noon, State: cases.StateClaimed, Origin: cases.Origin{Alarm: "heartbeat", Reason: "no datapoints"}},
			[]string{"claimed for the alarm heartbeat: no datapoints"},
		},
		{
			"claimed by a person with force",
			cases.Record{ClaimedAt: noon, Origin: cases.Origin{RequestedBy: "oncall", Forced: []string{"cooldown", "unresponsive"}}},
			[]string{"claimed for oncall (forced: cooldown, unresponsive)"},
		},
		{"claimed by a kind", cases.Record{ClaimedAt: noon, Origin: cases.Origin{Kind: "text"}}, []string{"claimed for a trigger of the kind text"}},
		{"claimed by nobody knows whom", cases.Record{ClaimedAt: noon}, []string{"claimed for a trigger of the kind unknown"}},
		{"a whole life", cases.Record{
			ClaimedAt: noon, SettledAt: at(2), NotedAt: at(4), ClosedAt: at(60), State: cases.StateClosed, ClosedFrom: cases.StateInterrupted, ClosedWhy: "dumped",
			Origin: cases.Origin{RequestedBy: "oncall"}, Notes: cases.Notes{Evidence: "s3://x", Protected: "moved to Standby"},
		}, []string{"claimed for oncall", "EC2 accepted the interrupt", "evidence: s3://x", "moved to Standby", "closed by somebody: dumped"}},
		{
			"notes that came first",
			cases.Record{ClaimedAt: noon, SettledAt: at(4), NotedAt: at(2), State: cases.StateUnknown, Code: "InternalError", Origin: cases.Origin{Kind: "direct"}, Notes: cases.Notes{Evidence: "none"}},
			[]string{"claimed for a trigger of the kind direct", "evidence: none", "sent, but no answer proved anything; it is not sent again (InternalError)"},
		},
		{
			"rejected",
			cases.Record{ClaimedAt: noon, SettledAt: at(1), State: cases.StateRejected, Code: "UnauthorizedOperation", Origin: cases.Origin{Kind: "direct"}},
			[]string{"claimed for a trigger of the kind direct", "EC2 did not send it; the instance may be claimed again (UnauthorizedOperation)"},
		},
		{
			"a dry run",
			cases.Record{ClaimedAt: noon, SettledAt: at(1), State: cases.StateDryRun, DryRun: true, Origin: cases.Origin{Kind: "direct"}},
			[]string{"claimed for a trigger of the kind direct", "a dry run: nothing was sent"},
		},
		{
			"a state that came later than this code",
			cases.Record{ClaimedAt: noon, SettledAt: at(1), State: "other", Code: "X", Origin: cases.Origin{Kind: "direct"}},
			[]string{"claimed for a trigger of the kind direct", "other (X)"},
		},
	} {
		var got []string
		last := time.Time{}
		for _, m := range c.record.Timeline() {
			if m.At.Before(last) {
				t.Errorf("%s: %q is out of order", c.name, m.What)
			}
			last, got = m.At, append(got, m.What)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestADryRunIsNeverSomebodysWork(t *testing.T) {
	late := noon.Add(config.FunctionTimeout + time.Second)
	for _, c := range []struct {
		name           string
		record         cases.Record
		overdue, stuck bool
	}{
		{"lapsed", cases.Record{Lapsed: true, ClaimedAt: noon, State: cases.StateInterrupted}, true, false},
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
