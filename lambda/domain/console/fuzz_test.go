package console_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"crashcart/lambda/domain/console"
)

func FuzzRead(f *testing.F) {
	logs, err := filepath.Glob(filepath.Join("testdata", "*.log"))
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
	f.Add([]byte(version + capture + restart + version + command + prompt))
	f.Add([]byte("\x1b]0;\x1b[\x1b(Linux version \xff[[[[] Command line:  elfcorehdr="))
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		a, line := console.Read(text)
		if !bytes.Equal(before, text) {
			t.Error("the console was written to")
		}
		switch a {
		case console.Dumping, console.ShuttingDown, console.Booting:
			if line == "" {
				t.Errorf("%s without evidence", a)
			}
		case console.Quiet:
			if line != "" {
				t.Errorf("quiet with evidence %q", line)
			}
		default:
			t.Errorf("activity %q", a)
		}
		if len(line) > console.MaxLine || !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("evidence %q", line)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	log := fixture(b, "whole-life")
	for _, c := range []struct {
		name    string
		console []byte
	}{
		{"measured", log[len(log)-console.MaxBytes:]},
		{"one line", bytes.Repeat([]byte("x"), console.MaxBytes)},
		{"no text", bytes.Repeat([]byte("\r\n"), console.MaxBytes/2)},
		{"escapes", bytes.Repeat([]byte("\x1b]"), console.MaxBytes/2)},
		{"quoted signs", bytes.Repeat([]byte("] Command line: "), console.MaxBytes/16)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.console)))
			b.ReportAllocs()
			for b.Loop() {
				console.Read(c.console)
			}
		})
	}
}
