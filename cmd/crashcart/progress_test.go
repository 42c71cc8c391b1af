package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/manifest"
)

// A log must not grow by a line for every block that comes.
func TestProgressIsALineEveryFewSeconds(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 11, 22, 4, 40, 0, 0, time.UTC)
	m := &meter{say: func(a ...any) { fmt.Fprint(&out, a...) }, now: func() time.Time { return now }}
	file := manifest.File{Key: "dump/1-dump", Size: 3_200_000_000}
	for i := range int64(45) {
		now = now.Add(time.Second)
		m.moved(file, (i+1)*40_000_000, false)
	}
	m.over()
	want := "crashcart: fetching dump/1-dump, 440 MB of 3.2 GB, 13 %, 44 MB/s, 1m2s to go\n"
	if got := out.String(); strings.Count(got, "\n") != 4 || !strings.HasPrefix(got, want) {
		t.Errorf("%s", got)
	}
}

// What an earlier run has left was not fetched now, and must not make the rate.
func TestTheRateIsOfWhatComesNow(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 11, 22, 4, 40, 0, 0, time.UTC)
	m := &meter{say: func(a ...any) { fmt.Fprint(&out, a...) }, now: func() time.Time { return now }}
	file := manifest.File{Key: "dump/1-dump", Size: 3_000_000_000}
	m.moved(file, 2_000_000_000, true)
	m.moved(file, 2_000_000_001, false)
	now = now.Add(10 * time.Second)
	m.moved(file, 2_100_000_000, false)
	if want := "crashcart: fetching dump/1-dump, 2.1 GB of 3 GB, 70 %, 10 MB/s, 1m30s to go\n"; out.String() != want {
		t.Errorf("%s", out.String())
	}
}

func TestATerminalHasOneLineThatIsWrittenAnew(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 11, 22, 4, 40, 0, 0, time.UTC)
	m := &meter{say: func(a ...any) { fmt.Fprint(&out, a...) }, now: func() time.Time { return now }}
	m.terminal = true
	file := manifest.File{Key: "dump/" + strings.Repeat("x", 200), Size: 1 << 40}
	for i := range int64(10) {
		now = now.Add(time.Second)
		m.moved(file, i<<30, i < 5)
	}
	m.over()
	got := out.String()
	if strings.Contains(got, "\n") || !strings.HasSuffix(got, "\r") || !strings.Contains(got, "checking dump/") {
		t.Errorf("%q", got)
	}
	for line := range strings.SplitSeq(got, "\r") {
		if len(line) > 79 {
			t.Errorf("a line of %d columns: %q", len(line), line)
		}
	}
}
