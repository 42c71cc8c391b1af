package followup_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// until plays a recording up to the step that shows a stage.
func (w *world) until(r recording, id string, stage cases.Stage) {
	w.t.Helper()
	for since := time.Duration(0); since < time.Hour; since += 15 * time.Second {
		w.at(since)
		w.play(r, since)
		w.advance(id)
		if _, ok := w.record(id).Followup.Account.Reached(stage); ok {
			return
		}
	}
	w.t.Fatalf("%s never comes", stage)
}

func TestWhatIsProvenIsNeverLostWithTheFollowup(t *testing.T) {
	r := named(t, "dumped")
	w, id := ready(t, r)
	w.until(r, id, cases.StageDumpComplete)
	if _, err := w.invoke(t.Context(), finishEvent(id, timedOut)); err != nil {
		t.Fatal(err)
	}
	got := w.record(id).Followup
	if got.Finding != cases.FindingDumped || !strings.Contains(got.Doubt, "its follow-up failed") {
		t.Errorf("%s, in doubt: %q", got.Finding, got.Doubt)
	}
}

func TestHealthyCasesNeverKeepTheSweepFromOneMore(t *testing.T) {
	w := newWorld(t)
	var last string
	for i := range 101 {
		w.at(time.Duration(i) * time.Second)
		last = w.claimOf(fmt.Sprintf("i-0a1b2c3d4e5f6%04x", i), cases.StateInterrupted)
		if i < 100 {
			w.advance(last)
		}
	}
	w.at(5 * time.Minute)
	if _, err := w.invoke(t.Context(), config.SweepEvent); err != nil {
		t.Fatal(err)
	}
	if w.runs[last] == nil {
		t.Error("the newest case was not started")
	}
}

// The line that shows the capture kernel may be another program's.
func TestTheDoubtOfACrashIsNeverLostWithTheFollowup(t *testing.T) {
	r := named(t, "dumped")
	w, id := ready(t, r)
	w.until(r, id, cases.StageCaptureKernel)
	before := w.record(id)
	next := before.Followup
	next.Account.Proofs = slices.Clone(next.Account.Proofs)
	for i := range next.Account.Proofs {
		next.Account.Proofs[i].Doubt = "it may be of an older crash"
	}
	if _, err := w.book.Follow(t.Context(), before, next); err != nil {
		t.Fatal(err)
	}
	if _, err := w.invoke(t.Context(), finishEvent(id, timedOut)); err != nil {
		t.Fatal(err)
	}
	if got := w.record(id).Followup; got.Finding != cases.FindingUnproven || !strings.Contains(got.Doubt, "older crash") {
		t.Errorf("%s, in doubt: %q", got.Finding, got.Doubt)
	}
}

func TestABlindEndIsNeverWithoutADoubt(t *testing.T) {
	r := named(t, "dumped")
	w, id := ready(t, r)
	w.until(r, id, cases.StageCaptureKernel)
	w.blind = errOutage
	w.follow(id, nil)
	if got := w.record(id).Followup; !got.Concluded() || !strings.Contains(got.Doubt, "EC2 has not shown it") {
		t.Errorf("%s, because %q, in doubt: %q", got.Finding, got.Why, got.Doubt)
	}
}

func TestALostClaimThatTheTopicDidNotTakeIsToldByTheNextSweep(t *testing.T) {
	w := newWorld(t)
	id := w.claim("")
	w.noStart[id] = errors.New("AccessDeniedException: not authorized to perform states:StartExecution")
	w.deaf = true
	w.at(3 * time.Minute)
	if _, err := w.sweep(); err == nil || len(w.news()) > 0 {
		t.Fatalf("%v, people were notified of %q", err, w.news())
	}
	w.deaf = false
	for range 2 {
		w.at(w.clock().Sub(dawn) + 5*time.Minute)
		_, _ = w.sweep()
	}
	if !slices.Equal(w.news(), []string{"lost"}) {
		t.Errorf("people were notified of %q", w.news())
	}
}

// A capture kernel boots within minutes of a panic. Thirty seconds after it, nobody knows.
func TestSilenceIsNeverTakenForNoDumpBecauseTheFollowupFailed(t *testing.T) {
	const (
		hung  = "[ 3900.000000] INFO: task systemd:1 blocked for more than 120 seconds.\r\n"
		seen  = hung + "[ 4000.100000] Uhhuh. NMI received for unknown reason 21 on CPU 0.\r\n"
		dies  = seen + "[ 4000.200000] Kernel panic - not syncing: NMI: Not continuing\r\n"
		lives = seen + "[ 4000.300000] systemd[1]: Started cron.service.\r\n"
	)
	for text, want := range map[string]cases.Finding{
		dies:  cases.FindingUnproven,
		lives: cases.FindingUnproven,
		dies + "[ 4000.300000] ---[ end Kernel panic - not syncing: NMI: Not continuing ]---\r\n":        cases.FindingNoDump,
		dies + "[    0.000000] Linux version 6.1.0\r\n[    0.000000] Command line: root=/dev/vda ro\r\n": cases.FindingNoDump,
		lives + "[ 4000.400000] Dazed and confused, but trying to continue\r\n":                          cases.FindingIgnored,
	} {
		w := newWorld(t)
		id := w.claim(cases.StateInterrupted)
		w.before(id, []byte(hung))
		w.host.ping, w.host.console = dawn.Add(-12*time.Minute), []byte(text)
		w.at(30 * time.Second)
		w.advance(id)
		if _, err := w.invoke(t.Context(), finishEvent(id, timedOut)); err != nil {
			t.Fatal(err)
		}
		got := w.record(id).Followup
		if got.Finding != want || !strings.Contains(got.Why+got.Doubt, "its follow-up failed") {
			t.Errorf("%q: %s, because %q, in doubt: %q", text, got.Finding, got.Why, got.Doubt)
		}
	}
}
