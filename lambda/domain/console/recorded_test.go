package console_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"crashcart/lambda/domain/console"
)

func decode(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// Consoles in the words of public bug reports, each with what was true of its machine.
func TestEveryReadingIsWhatIsTrue(t *testing.T) {
	dir := filepath.Join("testdata", "reading")
	var truth map[string]console.Activity
	decode(t, filepath.Join(dir, "truth.json"), &truth)
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(files) != len(truth) {
		t.Fatalf("%d files, %d truths, %v", len(files), len(truth), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if r := console.Scan(text); r.Activity != truth[filepath.Base(file)] {
			t.Errorf("%s: %s, %q, want %s", file, r.Activity, r.Line, truth[filepath.Base(file)])
		}
	}
}

// trial is a console of the lab: a real machine that hung and was interrupted.
type trial struct {
	Finding string
	SentAt  int
	Stages  []struct{ Name, Line string }

	name string
	text []byte
	// Places in the text, or -1: the end of the capture kernel's command line, where the next
	// life begins, and the end of the line that shows it to be ready.
	capture, reboot, reach int
}

func trials(t testing.TB) []trial {
	t.Helper()
	const lab = "../../../lab/trial/testdata"
	dirs, err := filepath.Glob(filepath.Join(lab, "*"))
	if err != nil || len(dirs) < 13 {
		t.Fatalf("%d trials, %v", len(dirs), err)
	}
	var list []trial
	for _, dir := range dirs {
		b, err := os.ReadFile(filepath.Join(dir, "truth.json"))
		if err != nil {
			t.Fatal(err)
		}
		c := trial{name: filepath.Base(dir), capture: -1, reboot: -1, reach: -1}
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatal(err)
		}
		if c.text, err = os.ReadFile(filepath.Join(dir, "console.log")); err != nil {
			t.Fatal(err)
		}
		c.find(t)
		list = append(list, c)
	}
	return list
}

// find takes the places of the stages from their lines.
func (c *trial) find(t testing.TB) {
	t.Helper()
	at := c.SentAt
	for _, s := range c.Stages {
		if s.Name != "capture-kernel" && s.Name != "rebooted" && s.Name != "reachable" {
			continue
		}
		i := bytes.Index(c.text[at:], []byte(s.Line))
		if i < 0 {
			t.Fatalf("%s: the stage %s is not in its console", c.name, s.Name)
		}
		switch s.Name {
		case "capture-kernel":
			c.capture = at + i + len(s.Line)
		case "rebooted":
			c.reboot = bytes.LastIndex(c.text[:at+i], []byte("[    0.000000] Linux version "))
		case "reachable":
			c.reach = at + i + len(s.Line)
		}
		at += i
	}
}

func TestEveryTrialIsReadAsItWas(t *testing.T) {
	for _, c := range trials(t) {
		want := console.Quiet
		if c.Finding == "hung-in-dump" {
			want = console.Dumping
		}
		r := console.Scan(c.text)
		if r.Activity != want || r.Dump != (c.capture >= 0) || r.Booted != (c.capture < 0 || c.reboot >= 0) {
			t.Errorf("%s: %s, %q, dump %v, booted %v", c.name, r.Activity, r.Line, r.Dump, r.Booted)
		}
	}
}

// A console is read while it grows, and an older part of it is lost.
func TestNoCutOfATrialTurnsADumpQuiet(t *testing.T) {
	const step = 4 << 10
	dumping := 0
	for _, c := range trials(t) {
		for end := step; end < len(c.text)+step; end += step {
			end := min(end, len(c.text))
			life := max(0, end-console.MaxBytes)
			saves := c.capture >= 0 && end >= c.capture && (c.reboot < 0 || end <= c.reboot)
			for start := life; start < end; start += step {
				if c.name == "capture-starves" && start > life && start > c.capture {
					break // thousands of lines of the OOM killer, and not one that could not be any machine's
				}
				r := console.Scan(c.text[start:end])
				switch {
				case saves && r.Activity == console.Quiet:
					t.Errorf("%s[%d:%d]: a dump is quiet", c.name, start, end)
				case saves && start < c.capture-400 && r.Activity != console.Dumping:
					t.Errorf("%s[%d:%d]: a capture kernel with its command line is %s", c.name, start, end, r.Activity)
				case saves:
					dumping++
				case c.reach >= 0 && end >= c.reach && start < c.reach-step && r.Activity != console.Quiet:
					t.Errorf("%s[%d:%d]: a machine that is up again is %s, %q", c.name, start, end, r.Activity, r.Line)
				}
			}
		}
	}
	if dumping < 900 {
		t.Errorf("only %d cuts were dumps", dumping)
	}
}
