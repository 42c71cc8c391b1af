package console_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"crashcart/lambda/domain/console"
)

// percent is the form of a progress.
var percent = regexp.MustCompile(`^(100|[1-9]?[0-9]) %$`)

func FuzzScan(f *testing.F) {
	for _, pattern := range []string{"*.log", "reading/*.log"} {
		logs, err := filepath.Glob(filepath.Join("testdata", filepath.FromSlash(pattern)))
		if err != nil || len(logs) == 0 {
			f.Fatalf("no seeds: %v", err)
		}
		for _, l := range logs {
			b, err := os.ReadFile(l)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b[max(0, len(b)-4096):])
		}
	}
	for _, c := range lives() {
		f.Add([]byte(c.console))
	}
	f.Add([]byte(version + capture + restart + version + command + prompt))
	f.Add([]byte(version + command + plainEnd + "[  400.1] a\r\n[    1.1] b\r\n[  700.1] c\r\n" + job + stampedEnd))
	f.Add([]byte("\x1b]0;\x1b[\x1b(Linux version \xff[[[[] Command line:  elfcorehdr="))
	f.Add([]byte("[    0.0][    0.0] [T1][  1.][ .1] [ 1.1]login: login: Jan 11 11:11:11 [ 1.1] x[[[ %] %]Copied 1 MB / 1 MB"))
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		r := console.Scan(text)
		if !bytes.Equal(before, text) {
			t.Error("the console was written to")
		}
		if a, line := console.Read(text); a != r.Activity || line != r.Line {
			t.Errorf("Read = %s, %q, Scan = %s, %q", a, line, r.Activity, r.Line)
		}
		checkConclusion(t, &r)
		at, life := 0, int32(0)
		for _, l := range r.Lines {
			if l.Offset < at || l.Offset >= len(text) || l.Life < life || l.Life > life+1 || l.Sign.String() == "" {
				t.Errorf("the line %+v behind %d of life %d, of %d bytes", l, at, life, len(text))
			}
			at, life = l.Offset, l.Life
			checkLine(t, r.Text(l))
		}
	})
}

func checkConclusion(t *testing.T, r *console.Reading) {
	t.Helper()
	switch r.Activity {
	case console.Dumping, console.ShuttingDown, console.Booting:
		if r.Line == "" && len(r.Lines) == 0 {
			t.Errorf("%s without a line", r.Activity)
		}
	case console.Quiet:
		if r.Line != "" {
			t.Errorf("quiet with the line %q", r.Line)
		}
	default:
		t.Errorf("activity %q", r.Activity)
	}
	if r.Progress != "" && (r.Activity != console.Dumping || !percent.MatchString(r.Progress)) || r.Progress == "" && r.Left != "" {
		t.Errorf("%s, progress %q, %q left", r.Activity, r.Progress, r.Left)
	}
	if r.Clock < 0 || !r.Timed && r.Clock != 0 {
		t.Errorf("clock %s, %v", r.Clock, r.Timed)
	}
	checkRun(t, r)
	checkLine(t, r.Line)
	checkLine(t, r.Left)
}

func checkLine(t *testing.T, line string) {
	t.Helper()
	if len(line) > console.MaxLine || !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("the line %q", line)
	}
}

// The work must not depend on what a hostile guest writes.
func BenchmarkScan(b *testing.B) {
	log := fixture(b, "whole-life")
	fill := func(text string) []byte {
		return []byte(strings.Repeat(text, console.MaxBytes/len(text)))
	}
	for _, c := range []struct {
		name    string
		console []byte
	}{
		{"measured", log[len(log)-console.MaxBytes:]},
		{"one line", fill("x")},
		{"no text", fill("\r\n")},
		{"short lines", fill("x\n")},
		{"escapes", fill("\x1b]")},
		{"colours", fill("\x1b[0;32mx")},
		{"quoted signs", fill("] Command line: ")},
		{"progress", fill("\rCopying data                                      : [ 18.3 %] -          eta: 9m2s")},
		{"times", fill("[    0.000000] ")},
		{"times that fail", fill("[    0.00000")},
		{"prompts", fill("\nhost login:")},
		{"boots", fill("\n[    0.000000] Linux version 6")},
		{"targets", fill("\n[  OK  ] Reached target Shutdowm")},
		{"beginnings of words", fill("Reached targeA start job is runninkdump: savin")},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.console)))
			b.ReportAllocs()
			for b.Loop() {
				console.Scan(c.console)
			}
		})
	}
}
