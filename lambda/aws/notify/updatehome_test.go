package notify_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
)

const (
	bucket = "crashcart-evidence"
	snap   = "snap-0a1b2c3d4e5f60718"
	folder = "/var/crash/202611220440/"
)

// brought is a file of the crash that is in the bucket.
func brought(n int, path string, kind dump.Kind, size int64) dump.Upload {
	f := dump.File{Path: path, Kind: kind, Size: size, Modified: struck.Unix()}
	return dump.Upload{File: f, Key: dump.Key(caseID, n, f), ID: "upload", PartSize: 16 << 20, Done: true, SHA256: strings.Repeat("0123456789abcdef", 4)}
}

var (
	theLog  = brought(0, folder+"dmesg.202611220440", dump.KindDmesg, 48_213)
	theDump = brought(1, folder+"dump.202611220440", dump.KindDump, 3_221_225_472)

	// How far the files of a crash may have come.
	allHome = collecting(theLog, theDump)
	logHome = altered(collecting(theLog, lost(theDump)), func(c *cases.Collecting) { c.Missing = []cases.Missing{{What: theDump.File.Path, Why: late}} })
	nothing = altered(collecting(), func(c *cases.Collecting) {
		c.Missing = []cases.Missing{{What: "dump", Why: "its agent did not answer for 15m"}}
	})
	inSnap   = altered(nothing, func(c *cases.Collecting) { c.Snapshots = []string{snap} })
	underWay = collecting(theLog, altered(theDump, func(u *dump.Upload) { u.Done, u.SHA256, u.Arrived = false, "", 40 }))
)

const late = "it had not arrived 2h after the host was asked; 40 of 192 parts are in the unfinished upload x"

func collecting(files ...dump.Upload) cases.Collecting {
	return cases.Collecting{BeganAt: struck, EndedAt: struck.Add(12 * time.Minute), Surveyed: true, Files: dump.Collection{CaseID: caseID, Uploads: files}}
}

func lost(u dump.Upload) dump.Upload {
	u.Done, u.SHA256, u.Lost = false, "", late
	return u
}

func altered[T any](v T, change func(*T)) T {
	change(&v)
	return v
}

// hostileHome has text wherever something from outside can come in.
func hostileHome(text string) cases.Collecting {
	u := dump.Upload{File: dump.File{Path: text, Kind: dump.Kind(text), Size: 1 << 60}, Key: text, Done: true, SHA256: text}
	open := dump.Upload{File: dump.File{Path: text, Kind: dump.KindDump, Size: 1 << 60}, PartSize: 16 << 20, Key: text}
	return cases.Collecting{
		BeganAt: struck, Files: dump.Collection{Uploads: []dump.Upload{u, {File: dump.File{Path: text, Kind: dump.KindDump, Size: -1}, Key: text, Done: true, SHA256: text}, u, u, open, open, open, open}},
		Missing: []cases.Missing{{What: text, Why: text}, {What: text + "x", Why: text}, {What: text + "y", Why: text}, {What: text + "z"}}, Snapshots: []string{text, snap, snap, snap, snap},
	}
}

// Every finding with all that may have come home, back or not, on both families of systems.
func TestEveryWayHomeIsItsGoldenFile(t *testing.T) {
	ways := []struct {
		name string
		cases.Collecting
	}{{"all", allHome}, {"the log alone", logHome}, {"nothing", nothing}, {"a snapshot", inSnap}}
	for _, f := range cases.Findings() {
		t.Run(string(f), func(t *testing.T) {
			var b bytes.Buffer
			for i := range 4 * len(ways) {
				way, back, windows := ways[i/4], i&1 == 0, i&2 > 0
				u := change(base(notify.UpdateEnded), func(u *notify.Update) {
					u.Finding, u.Why, u.Windows, u.Proofs, u.Undo = f, "because of what was seen", windows, reached[f], standby
					u.Bucket, u.Collect = bucket, way.Collecting
					if back {
						u.Proofs = append(slices.Clone(u.Proofs), rebooted, answers)
					}
				})
				n := newWorld().update(t, u)
				fmt.Fprintf(&b, "## home: %s, back %v, Windows %v\n%s\n", way.name, back, windows, n.Content.Title)
				for line := range strings.SplitSeq(n.Content.Description, "\n") {
					if label, _, _ := strings.Cut(line, ":"); slices.Contains([]string{"Dumped", "In the bucket", "Missing", "Snapshot"}, label) {
						b.WriteString(line + "\n")
					}
				}
				for _, s := range n.Content.NextSteps {
					b.WriteString("- " + s + "\n")
				}
				b.WriteString("\n")
			}
			golden(t, filepath.Join("testdata", "home", string(f)+".txt"), b.Bytes())
		})
	}
	nothingElse(t, filepath.Join("testdata", "home"), len(cases.Findings()))
}

// home is the end of a case that dumped and is back.
func home(t *testing.T, c cases.Collecting) note {
	t.Helper()
	return newWorld().update(t, change(updates["ended-home"], func(u *notify.Update) { u.Collect = c }))
}

// Whoever reads that the dump is in the bucket may end the host, and the dump on it.
func TestADumpIsNeverSaidToBeHomeBeforeItIs(t *testing.T) {
	for name, c := range map[string]cases.Collecting{
		"nobody asked": {}, "a small one alone": collecting(brought(0, `C:\Windows\Minidump\1.dmp`, dump.KindMinidump, 900_000), lost(theDump)),
		"it is over the limit": altered(collecting(brought(0, `C:\Windows\Minidump\1.dmp`, dump.KindMinidump, 900_000)), func(c *cases.Collecting) {
			c.Files.Left = []dump.Left{{File: theDump.File, Why: "it is over the limit"}}
		}),
		"it was lost": collecting(theLog, lost(theDump)), "it is under way": underWay, "nothing": nothing, "a snapshot": inSnap,
	} {
		n := home(t, c)
		if strings.Contains(n.Content.Title, "is in the bucket") || strings.Contains(n.raw, "Its dump is in the bucket") || strings.Contains(n.raw, "Fetch the dump") {
			t.Errorf("%s: %s", name, n.raw)
		}
		if !strings.Contains(n.raw, "Once its dump is safe, end its Standby") {
			t.Errorf("%s: its Standby is ended at once: %q", name, n.Content.NextSteps)
		}
	}
	n := home(t, allHome)
	for _, says := range []string{
		"; its dump of 3.2 GB is in the bucket", "Brought home: 12m0s after the interrupt", "`s3://" + bucket + "/cases/" + caseID + "/dump/1-dump.202611220440`", "SHA-256 begins with `0123456789abcdef`",
		"`crashcart dump " + caseID + " --region eu-central-1`", "Its dump is in the bucket. End its Standby",
	} {
		if !strings.Contains(n.raw, says) {
			t.Errorf("it does not say %q: %s", says, n.raw)
		}
	}
}

func TestWhatIsMissingAndWhyIsNeverLeftOut(t *testing.T) {
	for why, c := range map[string]cases.Collecting{
		"its agent did not answer for 15m": nothing, "it had not arrived 2h after the host was asked": collecting(theLog, lost(theDump)),
		"its disk has no dump written since the interrupt": altered(collecting(), func(c *cases.Collecting) {
			c.Missing = []cases.Missing{{What: "dump", Why: "its disk has no dump written since the interrupt"}}
		}),
		"it was never finished": altered(allHome, func(c *cases.Collecting) { c.Skipped = []dump.Skipped{{Path: "/x", Why: dump.WhyIncomplete}} }),
	} {
		if n := home(t, c); !strings.Contains(n.Content.Description, why) {
			t.Errorf("%q is not in %s", why, n.Content.Description)
		}
	}
}

// A disk that is kept is no reason to keep it again.
func TestASnapshotIsNeverAskedForTwice(t *testing.T) {
	for _, f := range cases.Findings() {
		for _, back := range []bool{false, true} {
			n := newWorld().update(t, change(base(notify.UpdateEnded), func(u *notify.Update) {
				u.Finding, u.Proofs, u.Collect = f, slices.Clone(reached[f]), inSnap
				if back {
					u.Proofs = append(u.Proofs, answers)
				}
			}))
			steps := strings.Join(n.Content.NextSteps, "\n")
			if strings.Contains(steps, "create-snapshots") || !strings.Contains(steps, "create-volume --region eu-central-1 --availability-zone ZONE --snapshot-id "+snap) ||
				!strings.Contains(steps, "mount -o ro ") {
				t.Errorf("%s: %s", f, steps)
			}
		}
	}
}

func TestWhatIsOnItsWayIsNeverSaidToBeThere(t *testing.T) {
	n := newWorld().update(t, updates["collect"])
	if !strings.Contains(n.Content.Title, "dumped and is back; its dump of 3.2 GB is on its way to the bucket") ||
		!strings.Contains(n.Content.Description, "(3.2 GB, 40 of 192 parts)") || strings.Contains(n.raw, "in the bucket") {
		t.Errorf("%s", n.raw)
	}
}
