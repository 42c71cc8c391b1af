package witness_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/witness"
)

// surveyOf is a survey with one file of a kind, that was written so long after the interrupt.
func surveyOf(kind dump.Kind, sentAt time.Time, after time.Duration) dump.Survey {
	return dump.Survey{Files: []dump.File{{Path: "/var/crash/127.0.0.1/vmcore", Kind: kind, Size: 3_200_000_000, Modified: sentAt.Add(after).Unix()}}}
}

func TestADumpOnTheDiskProvesItselfAndItsHostsReturn(t *testing.T) {
	sent := time.Date(2026, 3, 2, 4, 5, 6, 700_000_000, time.UTC)
	for name, c := range map[string]struct {
		kind  dump.Kind
		after time.Duration
		proof bool
		doubt string
	}{
		"a dump":                         {dump.KindDump, 3 * time.Minute, true, ""},
		"in the second of the interrupt": {dump.KindDump, -600 * time.Millisecond, true, ""},
		"a small one of Windows":         {dump.KindMinidump, 3 * time.Minute, true, ""},
		"the kernel's log alone":         {dump.KindDmesg, 3 * time.Minute, false, ""},
		"before the interrupt":           {dump.KindDump, -30 * time.Second, true, "before the interrupt"},
		"in the future":                  {dump.KindDump, 5 * time.Hour, true, "in the future"},
	} {
		before := cases.Account{SentAt: sent, Windows: true}
		now := sent.Add(10 * time.Minute)
		a := witness.AddSurvey(before, surveyOf(c.kind, sent, c.after), now)
		p, proof := a.Reached(cases.StageDumpComplete)
		_, back := a.Reached(cases.StageReachable)
		if proof != c.proof || back != c.proof || len(before.Proofs) > 0 {
			t.Errorf("%s: proven %t, back %t: %+v", name, proof, back, a)
			continue
		}
		if !proof {
			continue
		}
		if p.By != "its disk" || !strings.HasPrefix(p.Line, "/var/crash/127.0.0.1/vmcore, 3.2 GB") || !strings.Contains(p.Doubt, c.doubt) || (p.Doubt == "") != (c.doubt == "") {
			t.Errorf("%s: %+v", name, p)
		}
		if got := witness.Conclude(a, now); got.Finding != cases.FindingDumped || !got.Done || !strings.Contains(got.Doubt, c.doubt) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// What the console has proven stays as it was seen.
func TestADumpOnTheDiskNeverReplacesWhatTheConsoleHasProven(t *testing.T) {
	sent := time.Date(2026, 3, 2, 4, 5, 6, 0, time.UTC)
	shown := cases.Proof{Stage: cases.StageDumpComplete, By: "console", Line: "The dumpfile is saved", SeenAt: sent.Add(time.Minute)}
	a := cases.Account{SentAt: sent, Proofs: []cases.Proof{shown}}
	got := witness.AddSurvey(a, surveyOf(dump.KindDump, sent, -30*time.Second), sent.Add(5*time.Minute))
	if p, _ := got.Reached(cases.StageDumpComplete); p != shown {
		t.Errorf("%+v", p)
	}
}
