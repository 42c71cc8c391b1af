package console_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lambda/domain/console"
)

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The fixtures are pieces of the serial logs of real kernels under QEMU.
func TestReadKnowsMeasuredConsoles(t *testing.T) {
	for _, c := range []struct {
		fixture string
		want    console.Activity
		line    string // part of the evidence
	}{
		{"nmi-ignored", console.Quiet, ""},
		{"panic-then-silence", console.Quiet, ""},
		{"rebooting-after-panic", console.Booting, "[    0.000000] Linux version 6.1.0-56-cloud-amd64"},
		{"back-after-panic", console.Quiet, ""},
		{"capture-kernel-starts", console.Dumping, " elfcorehdr=392564K"},
		{"capture-kernel-dead", console.Dumping, " elfcorehdr=146804K"},
		{"capture-kernel-starved", console.Dumping, "Starting kdump-tools-dump."},
		{"dump-fails", console.Dumping, "running makedumpfile --dump-dmesg /proc/vmcore"},
		{"dump-done-restarting", console.ShuttingDown, "[   35.500758] reboot: Restarting system"},
		{"whole-life", console.Quiet, ""},
		{"capture-kernel-6.12", console.Dumping, " elfcorehdr="},
		{"capture-kernel-with-initrd", console.Dumping, " elfcorehdr="},
		{"capture-kernel-forgotten", console.Booting, "[    0."},
		{"dump-in-one-burst", console.Dumping, "Checking for memory holes"},
		{"dump-dies", console.Dumping, "Starting kdump-tools-dump."},
		{"up-prints-an-old-log", console.Quiet, ""},
		{"up-with-a-shell", console.Quiet, ""},
	} {
		t.Run(c.fixture, func(t *testing.T) {
			a, line := console.Read(fixture(t, c.fixture))
			if a != c.want || !strings.Contains(line, c.line) {
				t.Errorf("Read = %s, %q, want %s, %q", a, line, c.want, c.line)
			}
			if (line == "") != (a == console.Quiet) {
				t.Errorf("%s with evidence %q", a, line)
			}
		})
	}
}

// whole-life.log is one machine that boots, hangs, dumps and boots again. The test cuts
// rings out of it. The landmarks between which a ring ends say what it must be read as.
func TestReadIsRightWhereverTheRingIsCut(t *testing.T) {
	const step = 4 << 10
	log := fixture(t, "whole-life")
	life := newLifetime(t, log)
	seen := map[console.Activity]int{}
	for end := 0; end <= len(log); end += step {
		for start := max(0, (end-console.MaxBytes+step-1)/step*step); start <= end; start += step {
			want := life.activity(start, end)
			seen[want]++
			if a, line := console.Read(log[start:end]); a != want {
				t.Errorf("console[%d:%d] = %s (%q), want %s", start, end, a, line, want)
			}
		}
		want := life.activity(max(0, end-console.MaxBytes), end)
		if a, line := console.Read(log[:end]); a != want {
			t.Errorf("the newest 64 KB of console[:%d] = %s (%q), want %s", end, a, line, want)
		}
	}
	for _, a := range []console.Activity{console.Quiet, console.Dumping, console.ShuttingDown, console.Booting} {
		if seen[a] == 0 && a != console.ShuttingDown { // no multiple of 4 KB lies in the 80 bytes of its reboot
			t.Errorf("no cut was %s: the landmarks are wrong", a)
		}
	}
}

// lifetime holds the offsets of the landmarks in whole-life.log.
type lifetime struct {
	boots    []int // of the three versions lines
	commands []int // of the ends of all command lines, two for each boot
	ready    []int // of the ends of the first line that shows a boot to be done
	capture  []int // of what only the capture kernel says
}

func newLifetime(t *testing.T, log []byte) lifetime {
	t.Helper()
	var l lifetime
	l.boots = offsets(log, "[    0.000000] Linux version ")
	for _, at := range append(offsets(log, "] Command line: "), offsets(log, "] Kernel command line: ")...) {
		l.commands = append(l.commands, at+bytes.IndexByte(log[at:], '\r'))
	}
	l.ready = offsets(log, "getty.target\x1b[0m - Login Prompts")
	l.capture = append(offsets(log, "kdump-tools-dump.\xe2"), offsets(log, "/proc/vmcore")...)
	if len(l.boots) != 3 || len(l.commands) != 6 || len(l.ready) != 2 || len(l.capture) < 3 {
		t.Fatalf("the landmarks of whole-life.log are not there: %+v", l)
	}
	return l
}

// activity is what the cut is to be read as. A ring that has forgotten how a boot began is
// read as that boot all the same, and so is one of the capture kernel's: it is never quiet.
func (l lifetime) activity(start, end int) console.Activity {
	phase := 0 // first life, capture kernel, second life
	for phase < 2 && l.boots[phase+1]+len("[    0.000000] Linux version ") <= end {
		phase++
	}
	from := max(start, l.boots[phase])
	switch {
	case start == end:
		return console.Quiet
	case phase == 1 && (within(l.commands, from, end) || within(l.capture, from, end)):
		return console.Dumping
	case phase == 1 || end <= l.ready[phase/2]:
		return console.Booting
	}
	return console.Quiet
}

func offsets(log []byte, words string) []int {
	var list []int
	for from := 0; ; {
		i := bytes.Index(log[from:], []byte(words))
		if i < 0 {
			return list
		}
		list = append(list, from+i)
		from += i + len(words)
	}
}

func within(list []int, from, to int) bool {
	for _, at := range list {
		if at >= from && at < to {
			return true
		}
	}
	return false
}
