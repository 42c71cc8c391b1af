package main

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lab/clock"
)

// TestADumpComesAllTheWayFromAGuestToAPerson has both functions as they are: a guest hangs,
// a person interrupts it, its dump comes home, and the person fetches it.
func TestADumpComesAllTheWayFromAGuestToAPerson(t *testing.T) {
	w := newWorld(t, 1, lab.Options{Speed: 60}, lab.Function{})
	followup := filepath.Join(t.TempDir(), "followup")
	if err := lab.Build(t.Context(), lab.FollowupBootstrap, followup); err != nil {
		t.Fatal(err)
	}
	if err := w.lab.Follow(lab.Function{Path: followup, Concurrency: 1}); err != nil {
		t.Fatal(err)
	}
	r := w.want(0, "interrupted", "interrupt", host(0), "--reason", "it hangs", "--force", "unresponsive", "--yes")
	_, id, _ := strings.Cut(r.stdout, "case      ")
	id, _, _ = strings.Cut(id, "\n")
	w.closes(id)

	to := t.TempDir()
	r = w.want(0, "its SHA-256 is right", "dump", id, "--to", to, "--all")
	files, err := w.lab.Fleet.Files(host(0))
	if err != nil || len(files) == 0 {
		t.Fatalf("the guest has %d files: %v", len(files), err)
	}
	for _, f := range files {
		found, err := filepath.Glob(filepath.Join(to, id, "dump", "*-"+path.Base(f.Path)))
		if err != nil || len(found) != 1 {
			t.Errorf("%s is here as %q: %v\n%s", f.Path, found, err, r.stdout)
			continue
		}
		if got, err := os.ReadFile(found[0]); err != nil || !bytes.Equal(got, f.Content()) {
			t.Errorf("%s has %d bytes here: %v", f.Path, len(got), err)
		}
	}
	for _, name := range []string{"manifest.json", "before/console-latest.txt", "before/screenshot.jpg", "after/console-01.txt"} {
		if _, err := os.Stat(filepath.Join(to, id, name)); err != nil {
			t.Error(err)
		}
	}
	w.want(0, "in bucket", "case", id)
}

// closes waits until the follow-up has closed a case.
func (w *world) closes(id string) {
	w.t.Helper()
	for over := time.Now().Add(90 * time.Second); ; {
		r, err := w.book(0).CaseByID(w.t.Context(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		if !r.ClosedAt.IsZero() {
			return
		}
		if time.Now().After(over) {
			w.t.Fatalf("case %s is not closed: %+v", id, r.Followup)
		}
		if err := clock.Sleep(w.t.Context(), w.lab.Clock, time.Minute); err != nil {
			w.t.Fatal(err)
		}
	}
}
