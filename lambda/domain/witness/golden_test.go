package witness_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
	"crashcart/lambda/domain/witness"
)

var update = flag.Bool("update", false, "rewrite testdata/*.golden")

// What a recorded console proves is written down, line by line: read as a whole, and as
// sights of a ring that grows by a quarter of the ring's size.
func TestEveryRecordingIsReadAsItsGoldenFileSays(t *testing.T) {
	all := recordings(t)
	for _, r := range all {
		file := filepath.Join("testdata", r.Name+".golden")
		got := "read\n" + golden(witness.Read(r.text[:r.SentAt], r.text)) + "followed\n" + followed(r)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is read as\n%s\nits golden file says\n%s\nif that is right, run the test with -update", r.Name, got, want)
		}
	}
	if files, err := filepath.Glob(filepath.Join("testdata", "*.golden")); err != nil || len(files) != len(all) {
		t.Errorf("%d golden files for %d recordings, %v", len(files), len(all), err)
	}
}

func golden(r witness.Reading) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s\n", r.Finding)
	for _, s := range r.Stages {
		fmt.Fprintf(&b, "  %-14s %6d  %s\n", s.Stage, s.Offset, s.Text)
	}
	return b.String()
}

// followed is what the sights of a recording come to, a quarter of a minute apart, and what
// that is a day later.
func followed(r recording) string {
	a := cases.Account{SentAt: noon}
	at := noon
	for end := r.SentAt; end < len(r.text)+4*step; end += 4 * step {
		end := min(end, len(r.text))
		at = at.Add(15 * time.Second)
		a = witness.Add(a, witness.Sight{
			At: at, Before: r.text[max(0, r.SentAt-console.MaxBytes):r.SentAt], Console: r.text[max(0, end-console.MaxBytes):end],
		})
	}
	var b strings.Builder
	for _, p := range a.Proofs {
		fmt.Fprintf(&b, "  %-14s %s  by %s: %s", p.Stage, p.SeenAt.Format(time.TimeOnly), p.By, p.Line)
		if p.Doubt != "" {
			fmt.Fprintf(&b, " (%s)", p.Doubt)
		}
		b.WriteByte('\n')
	}
	c := witness.Conclude(a, at.Add(24*time.Hour))
	fmt.Fprintf(&b, "  %s, done %v: %s. Doubt: %q\n", c.Finding, c.Done, c.Why, c.Doubt)
	return b.String()
}
