package console_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/console"
)

// The ends of boots, in the words of real consoles: with the kernel's time, and without.
const (
	stampedEnd = "[   15.100000] cloud-init[812]: Cloud-init v. 22.4.2 finished at Sat, 28 Nov 2026 03:00:00 +0000. Up 15.06 seconds\r\n"
	plainEnd   = "[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System.\r\n"
	job        = "[ ***  ] A start job is running for File System Check on /dev/nvme0n1p1 (11min 40s / no limit)\r\n"
)

func TestAKernelNeverRanLongerThanItDid(t *testing.T) {
	const boot = version + command + "[   10.100000] a\r\n"
	var early strings.Builder
	for range 25 {
		early.WriteString("[    1.100000] ACPI: a\r\n")
	}
	for _, c := range []struct {
		name, text string
		begun      bool
		ran        time.Duration
	}{
		{"nothing", "", false, 0},
		{"a boot that is not finished", boot + "[  400.1] b\r\n", true, 0},
		{"a line with the kernel's time finishes it", boot + stampedEnd + "[  400.1] b\r\n", true, 385 * time.Second},
		{"no line is later", boot + stampedEnd, true, 0},
		{"only lines without a time are later", boot + stampedEnd + prompt + "\r\na\r\n", true, 0},
		{"a line without a time finishes it", boot + plainEnd + "[  400.1] b\r\n", true, 0},
		{"a line without a time, and two later", boot + plainEnd + "[  400.1] b\r\n[  700.1] c\r\n", true, 300 * time.Second},
		{"a slow boot that ended a moment ago", boot + job + "[ 7200.1] a\r\n" + job + plainEnd + "[ 7300.1] b\r\n", true, 0},
		{"a slow boot that shows no job", boot + prompt + "\r\n[ 7300.1] b\r\n[ 7301.1] c\r\n", true, time.Second},
		{"no time stands before the end", version[len("[    0.000000] "):] + plainEnd + "[  400.1] b\r\n[  401.1] c\r\n", true, time.Second},
		{"the end has the first time", version[len("[    0.000000] "):] + stampedEnd + "[   16.1] c\r\n", true, time.Second},
		{"a prompt with the kernel's line behind it", boot + prompt + "[  400.1] b\r\n", true, 0},
		{"a better proof of the end", boot + "[  700.1] b\r\n[ 5000.1] c\r\n" + plainEnd + "[ 5000.2] d\r\n[ 5001.2] e\r\n", true, time.Second},
		{"no proof but the clock", boot + "[  700.1] b\r\n[ 1000.1] c\r\n", true, 300 * time.Second},
		{"a second prompt", boot + prompt + "\r\n[  400.1] b\r\n" + prompt + "\r\n[  700.1] c\r\n", true, 300 * time.Second},
		{"work of the boot after its end", boot + plainEnd + "[ 1000.1] b\r\n[ 2000.1] c\r\n" + job, true, 0},
		{"such work that is over", boot + plainEnd + "[ 1000.1] b\r\n[ 2000.1] c\r\n" + job + "[  OK  ] Started a.\r\n[ 2100.1] d\r\n[ 2101.1] e\r\n", true, time.Second},
		{"CPUs that write at the same time", boot + "[   15.900000] b\r\n" + stampedEnd + "[   16.9] c\r\n", true, time.Second},

		{"a restart", boot + stampedEnd + "[ 5000.1] b\r\n" + boot, true, 0},
		{"a restart that ended a moment ago", boot + stampedEnd + "[ 5000.1] b\r\n" + boot + stampedEnd + "[   16.1] c\r\n", true, time.Second},
		{"a restart that shows only by the clock", boot + stampedEnd + "[ 5000.1] b\r\n[    1.1] a\r\n[  400.1] b\r\n", true, 0},
		{"the clock is back where it was", boot + stampedEnd + "[ 5000.1] b\r\n[    1.1] a\r\n[ 5000.1] b\r\n[ 5001.1] c\r\n", true, time.Second},
		{"an older log, later than the kernel", boot + stampedEnd + "[90000.1] b\r\n[   17.1] c\r\n[  400.1] d\r\n", true, 0},
		{"an older log before the end", boot + "[90000.1] b\r\n" + stampedEnd + "[   16.1] c\r\n", true, time.Second},

		{"the ring has forgotten the boot", "[ 5000.1] a\r\n" + prompt + "\r\n[ 6000.1] b\r\n[ 7000.1] c\r\n", false, 0},
		{"the ring has forgotten the boot, and the clock starts again", "[ 5000.1] a\r\n" + prompt + "\r\n[    1.1] b\r\n[  400.1] c\r\n", true, 0},
		{"the ring has forgotten how it began", early.String() + stampedEnd + "[  400.1] b\r\n", true, 385 * time.Second},
		{"a capture kernel", version + capture + stampedEnd + "[  400.1] b\r\n", true, 0},
		{"the crashed kernel's log", version + capture + boot + stampedEnd + "[90000.1] b\r\n", true, 0},
	} {
		r := console.Scan([]byte(c.text))
		if r.Begun != c.begun || r.Ran != c.ran {
			t.Errorf("%s: begun %v, ran %s, want %v, %s", c.name, r.Begun, r.Ran, c.begun, c.ran)
		}
	}
}

// A text that a host has written within some time cannot show that it ran for longer.
func TestNoRecordedKernelEverRanLongerThanItsClockMoved(t *testing.T) {
	ran := 0
	for name, text := range recorded(t) {
		for end := step; end < len(text)+step; end += step {
			r := console.Scan(text[:min(end, len(text))])
			checkRun(t, &r)
			if r.Ran > 0 {
				ran++
			}
		}
		begun := console.Scan(text).Begun
		cut := console.Scan(text[max(0, len(text)-step/4):])
		if cut.Ran > 0 && !begun {
			t.Errorf("%s: ran for %s without a boot", name, cut.Ran)
		}
	}
	if ran < 3 {
		t.Errorf("only %d kernels ran", ran)
	}
}

// A host of the lab whose boot ended at 8 s hung, and complained at 21 s.
func TestARecordedKernelRanFromItsFirstLineBehindTheBoot(t *testing.T) {
	for _, c := range trials(t) {
		if c.name != "no-kdump-silent" {
			continue
		}
		end := bytes.Index(c.text, []byte("multi-user.target"))
		if r := console.Scan(c.text[:end]); !r.Begun || r.Ran != 0 {
			t.Errorf("while it boots: begun %v, ran %s", r.Begun, r.Ran)
		}
		r := console.Scan(c.text)
		if !r.Begun || r.Ran < 12*time.Second || r.Ran > 14*time.Second {
			t.Errorf("begun %v, ran %s", r.Begun, r.Ran)
		}
		return
	}
	t.Error("the trial is not there")
}

func checkRun(t *testing.T, r *console.Reading) {
	t.Helper()
	if r.Ran < 0 || r.Ran > r.Clock || r.Ran > 0 && (!r.Begun || !r.Timed || r.Activity == console.Booting || r.Activity == console.Dumping) {
		t.Errorf("%s, begun %v, ran %s of %s", r.Activity, r.Begun, r.Ran, r.Clock)
	}
}
