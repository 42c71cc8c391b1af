package notify_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
)

func TestEveryUpdateIsItsGoldenFile(t *testing.T) {
	for name, u := range updates {
		t.Run(name, func(t *testing.T) {
			golden(t, filepath.Join("testdata", "update", name+".json"), pretty(t, newWorld().update(t, u)))
		})
	}
	nothingElse(t, filepath.Join("testdata", "update"), len(updates))
}

// reached are the stages before the host is back, by finding.
var reached = map[cases.Finding][]cases.Proof{
	cases.FindingDumped:     {sentIt, captured, logSaved, complete},
	cases.FindingDumpFailed: {sentIt, captured, logSaved},
	cases.FindingHungInDump: {sentIt, captured},
	cases.FindingNoDump:     {sentIt, proof(cases.StagePanicked, 15, "console", "[ 3605.120400] Kernel panic - not syncing: NMI: Not continuing")},
	cases.FindingIgnored:    {sentIt, proof(cases.StageSeen, 15, "console", "[ 3605.120300] Dazed and confused, but trying to continue")},
	cases.FindingRaced:      {sentIt},
	cases.FindingUnproven:   {sentIt},
}

// Every finding in every way: with and without doubt, back or not, in Standby or not, on
// both families of systems.
func TestEveryEndIsItsGoldenFile(t *testing.T) {
	for _, f := range cases.Findings() {
		t.Run(string(f), func(t *testing.T) {
			var b bytes.Buffer
			for i := range 16 {
				back, doubt, kept, windows := i&1 == 0, i&2 > 0, i&4 > 0, i&8 > 0
				u := change(base(notify.UpdateEnded), func(u *notify.Update) {
					u.Finding, u.Why, u.Windows, u.Proofs = f, "because of what was seen", windows, reached[f]
					if back {
						u.Proofs = append(slices.Clone(u.Proofs), rebooted, answers)
					}
					if doubt {
						u.Doubt = "the console was cut"
					}
					if kept {
						u.Undo = standby
					}
				})
				n := newWorld().update(t, u)
				fmt.Fprintf(&b, "## back %v, doubt %v, Standby %v, Windows %v\n%s\n", back, doubt, kept, windows, n.Content.Title)
				for line := range strings.SplitSeq(n.Content.Description, "\n") {
					if label, _, _ := strings.Cut(line, ":"); slices.Contains([]string{"In doubt", "Crashed", "Dumped", "Back"}, label) {
						b.WriteString(line + "\n")
					}
				}
				for _, s := range n.Content.NextSteps {
					b.WriteString("- " + s + "\n")
				}
				b.WriteString("\n")
			}
			golden(t, filepath.Join("testdata", "ended", string(f)+".txt"), b.Bytes())
		})
	}
	nothingElse(t, filepath.Join("testdata", "ended"), len(cases.Findings()))
}

// golden compares with a file, or rewrites it.
func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, got, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v; got\n%s", err, got)
	}
}

// nothingElse says that a folder has as many files as there are golden files.
func nothingElse(t *testing.T, folder string, want int) {
	t.Helper()
	if files, err := os.ReadDir(folder); err != nil || len(files) != want {
		t.Errorf("%s has %d files, not %d: %v", folder, len(files), want, err)
	}
}
