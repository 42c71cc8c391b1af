package cases_test

import (
	"slices"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
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
			"followed to its end",
			cases.Record{
				ClaimedAt: noon, SettledAt: at(2), ClosedAt: at(200), State: cases.StateClosed, ClosedFrom: cases.StateInterrupted, ClosedBy: "follow-up", ClosedWhy: "dumped",
				Origin: cases.Origin{RequestedBy: "oncall"},
				Followup: cases.Followup{Steps: 9, Finding: cases.FindingDumped, Why: "its dump is whole", Doubt: "the console was cut", ConcludedAt: at(199), Account: cases.Account{
					SentAt: at(1), Proofs: []cases.Proof{
						{Stage: cases.StageSent, By: "EC2", SeenAt: at(1)},
						{Stage: cases.StageCaptureKernel, By: "console", Line: "elfcorehdr=0x2f", SeenAt: at(15)},
						{Stage: cases.StageDumpComplete, By: "console", Line: "saved vmcore", Doubt: "it may be empty", SeenAt: at(90)},
						{Stage: cases.StageReachable, By: "agent", SeenAt: at(150)},
						{Stage: "a-stage-of-tomorrow", SeenAt: at(160)},
					},
				}},
			},
			[]string{
				"claimed for oncall", "EC2 accepted the interrupt", "the capture kernel booted (console): elfcorehdr=0x2f",
				"the dump is complete (console): saved vmcore (in doubt: it may be empty)", "the host answers again (agent)", "a-stage-of-tomorrow",
				"finding dumped: its dump is whole (in doubt: the console was cut)", "closed by follow-up",
			},
		},
		{
			"closed by hand after its finding",
			cases.Record{
				ClaimedAt: noon, ClosedAt: at(200), State: cases.StateClosed, ClosedBy: "oncall", ClosedWhy: "seen to", Origin: cases.Origin{RequestedBy: "oncall"},
				Followup: cases.Followup{Finding: cases.FindingRaced, ConcludedAt: at(199)},
			},
			[]string{"claimed for oncall", "finding raced", "closed by oncall: seen to"},
		},
		{
			"its result is lost",
			cases.Record{
				ClaimedAt: noon, SettledAt: at(130), State: cases.StateUnknown, Origin: cases.Origin{Kind: "direct"}, Followup: cases.Followup{LostAt: at(130)},
			},
			[]string{"claimed for a trigger of the kind direct", "the result of the send is lost: it may have been sent, and is not sent again"},
		},
		{
			"its result came late",
			cases.Record{
				ClaimedAt: noon, SettledAt: at(140), State: cases.StateInterrupted, Origin: cases.Origin{Kind: "direct"}, Followup: cases.Followup{LostAt: at(130)},
			},
			[]string{
				"claimed for a trigger of the kind direct", "the result of the send is lost: it may have been sent, and is not sent again", "EC2 accepted the interrupt",
			},
		},
		{
			"its dump came home",
			cases.Record{ClaimedAt: noon, Origin: cases.Origin{Kind: "direct"}, Followup: cases.Followup{Collect: cases.Collecting{
				BeganAt: at(200), EndedAt: at(300), Files: dump.Collection{Uploads: []dump.Upload{{File: dump.File{Kind: dump.KindDump}, Done: true}}},
			}}},
			[]string{"claimed for a trigger of the kind direct", "the host was asked for what its crash has left", "its dump is in the bucket"},
		},
		{
			"one of its dumps came home",
			cases.Record{ClaimedAt: noon, Origin: cases.Origin{Kind: "direct"}, Followup: cases.Followup{Collect: cases.Collecting{
				BeganAt: at(200), EndedAt: at(300), Files: dump.Collection{Uploads: []dump.Upload{{File: dump.File{Kind: dump.KindMinidump}, Done: true}}, Left: []dump.Left{{File: dump.File{Kind: dump.KindDump}}}},
			}}},
			[]string{
				"claimed for a trigger of the kind direct", "the host was asked for what its crash has left",
				"not all of its dumps are in the bucket, and no more is waited for",
			},
		},
		{
			"its dump did not come home",
			cases.Record{ClaimedAt: noon, Origin: cases.Origin{Kind: "direct"}, Followup: cases.Followup{Collect: cases.Collecting{BeganAt: at(200), EndedAt: at(300)}}},
			[]string{
				"claimed for a trigger of the kind direct", "the host was asked for what its crash has left",
				"its dump is not in the bucket, and is not waited for any more",
			},
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

func TestNoStageIsEverWithoutItsSentence(t *testing.T) {
	for _, s := range cases.Stages()[1:] { // the send has one already
		r := cases.Record{ClaimedAt: noon, Followup: cases.Followup{Account: cases.Account{Proofs: []cases.Proof{{Stage: s, SeenAt: noon.Add(time.Minute)}}}}}
		if got := r.Timeline(); len(got) != 2 || got[1].What == "" || got[1].What == string(s) {
			t.Errorf("%s: %+v", s, got)
		}
	}
}
