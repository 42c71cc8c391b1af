package followup_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
)

// recording is one of the lab's: what a real kernel has printed before and after its
// interrupt, and what was true of it.
type recording struct {
	Name    string        `json:"name"`
	Finding cases.Finding `json:"finding"`
	SentAt  int           `json:"sentAt"`
	Back    bool          `json:"back"`
	console []byte
}

func recordings(t *testing.T) []recording {
	t.Helper()
	files, err := filepath.Glob("../../lab/trial/testdata/*/truth.json")
	if err != nil || len(files) != 13 {
		t.Fatalf("%d recordings, want 13: %v", len(files), err)
	}
	var all []recording
	for _, file := range files {
		truth, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var r recording
		if err := json.Unmarshal(truth, &r); err != nil {
			t.Fatal(err)
		}
		if r.console, err = os.ReadFile(filepath.Join(filepath.Dir(file), "console.log")); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// playedFor is how long a recording takes from its interrupt on. The real ones took
// between twenty seconds and two minutes.
const playedFor = 100 * time.Second

// play has the world's host show the recording, as far as it is that long after the
// interrupt.
func (w *world) play(r recording, since time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	share := min(1, since.Seconds()/playedFor.Seconds())
	w.host.console = r.console[:r.SentAt+int(share*float64(len(r.console)-r.SentAt))]
	if r.Back && since >= playedFor {
		w.host.ping = dawn.Add(since)
	}
}

// leave has the host's disk agree with what is true of a recording.
func (w *world) leave(f cases.Finding) {
	switch f {
	case cases.FindingDumped:
	case cases.FindingDumpFailed:
		w.disk.files = dumpFiles()
		w.disk.skipped = []dump.Skipped{{Path: "/var/crash/202603020406/dump-incomplete", Why: dump.WhyIncomplete, Size: 7}}
	default:
		w.disk.files = nil
	}
}

func (w *world) before(id string, text []byte) {
	w.files[evidence.Prefix(id, false)+"/"+evidence.FileLatest] = text[max(0, len(text)-64<<10):]
}

func TestEveryRecordingEndsWithItsFindingOnceAndByItself(t *testing.T) {
	for _, r := range recordings(t) {
		t.Run(r.Name, func(t *testing.T) {
			w := newWorld(t)
			id := w.claim(cases.StateInterrupted)
			w.before(id, r.console[:r.SentAt])
			w.host.ping = dawn.Add(-12 * time.Minute)
			w.leave(r.Finding)
			w.follow(id, func(since time.Duration) { w.play(r, since) })
			got := w.wantEnded(id, r.Finding)
			if n := len(w.news()); n == 0 || w.news()[n-1] != "ended" || w.told[n-1].Finding != r.Finding {
				t.Errorf("people were notified of %q", w.news())
			}
			t.Logf("%s after %s, %d steps: %s", got.Followup.Finding, got.ClosedAt.Sub(got.ClaimedAt), got.Followup.Steps, got.Followup.Why)
			if kept := w.kept(id); len(kept) == 0 && len(got.Followup.Account.Proofs) > 1 {
				t.Error("no console was kept")
			}
		})
	}
}
