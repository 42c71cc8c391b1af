package console_test

import (
	"slices"
	"strings"
	"testing"

	"crashcart/lambda/domain/console"
)

// signsOf are the signs that a text shows behind a machine that is up.
func signsOf(text string) []string {
	const before = up + "\r\n"
	r := console.Scan([]byte(before + text))
	var got []string
	for _, l := range r.Lines {
		if l.Offset >= len(before) && l.Sign != console.SignVmcore {
			got = append(got, l.Sign.String())
		}
	}
	return got
}

// The words of a crash say nothing of what a machine is doing, and the guard must not take
// them for anything.
func TestTheWordsOfACrashNeverChangeWhatAMachineIsDoing(t *testing.T) {
	for line, sign := range map[string]string{
		"[  913.1] Uhhuh. NMI received for unknown reason 21 on CPU 0.":                          "unknown interrupt",
		"[  913.1] Uhhuh. NMI received for unknown reason 30 on CPU 0 / 00000000f8da9c8a.":       "unknown interrupt",
		"[  913.1] Dazed and confused, but trying to continue":                                   "interrupt ignored",
		"[  913.1] Kernel panic - not syncing: NMI: Not continuing":                              "kernel panic",
		"2026/11/28 12:09:00Z: Windows is Ready to use":                                          "Windows ready",
		"2026/11/28 12:08:00Z: The computer has rebooted from a bugcheck.  The bugcheck was: 0x": "bugcheck",
	} {
		if got := signsOf(line + "\r\n"); !slices.Equal(got, []string{sign}) {
			t.Errorf("%s shows %q, want %q", line, got, sign)
		}
		for name, before := range map[string]string{"nothing": "", "a boot": version + command, "a machine that is up": up + "\r\n", "a dump": version + capture, "a shutdown": up + "\r\n" + restart} {
			plain := line[:strings.Index(line, " ")+1] + "x" // the same moment, and no word
			if line[0] == '[' {
				plain = line[:strings.Index(line, "] ")+2] + "x"
			}
			with, without := console.Scan([]byte(before+line+"\r\n")), console.Scan([]byte(before+plain+"\r\n"))
			if with.Activity != without.Activity || with.Line != without.Line || with.Dump != without.Dump || with.Booted != without.Booted || with.Bare != without.Bare || with.Ran != without.Ran {
				t.Errorf("%s behind %s: %s, %q, and without its words %s, %q", line, name, with.Activity, with.Line, without.Activity, without.Line)
			}
		}
	}
}

func TestNoQuotationIsACrash(t *testing.T) {
	for _, line := range []string{
		"Nov 28 03:00:00 host kernel: Kernel panic - not syncing: NMI: Not continuing",
		"[  913.1] app[812]: Kernel panic - not syncing: NMI: Not continuing",
		"[  913.1] app[812]: Uhhuh. NMI received for unknown reason 21 on CPU 0.",
		"grep: Dazed and confused, but trying to continue",
		"Nov 28 03:00:00 host kernel: [    0.1] Uhhuh. NMI received for unknown reason 21 on CPU 0.",
		"[    0.1] ---[ unexpected end Kernel panic - not syncing: x ]---",
	} {
		if got := signsOf(line + "\r\n"); len(got) > 0 {
			t.Errorf("%s shows %q", line, got)
		}
	}
}

// Each word of a dump says how far it is, by what stands behind it.
func TestNoWordOfADumpIsTakenForAnother(t *testing.T) {
	for line, sign := range map[string]string{
		"[    9.1] kdump-tools[129]: running makedumpfile --dump-dmesg /proc/vmcore /var/crash/x/dmesg.x.":                    "dump",
		"[    9.1] kdump-tools[129]: running makedumpfile -F -c -d 31 /proc/vmcore | compress > /var/crash/x/dump-incomplete": "dump begins",
		"kdump-tools[12]: sending makedumpfile -F -c -d 31 /proc/vmcore to kdump@example.com : /var/crash/x":                  "dump begins",
		"[    9.1] kdump-tools[135]: The dmesg log is saved to /var/crash/x/dmesg.x.":                                         "dump",
		"[    9.1] kdump-tools[118]: kdump-tools: saved dmesg content in /var/crash/x.":                                       "dmesg saved",
		"[    9.1] kdump-tools[118]: kdump-tools: failed to save dmesg content in /var/crash/x ... failed!":                   "dump",
		"[    9.1] kdump-tools[118]: kdump-tools: saved vmcore in /var/crash/x.":                                              "dump claimed",
		"[    9.1] kdump-tools[118]: kdump-tools: failed to save vmcore in /var/crash/x ... failed!":                          "dump failed",
		"[    9.1] kdump-tools[118]: kdump-tools: makedumpfile failed, falling back to 'cp' ... failed!":                      "dump by copy",
		"[    9.1] kdump-tools[138]: The dumpfile is saved to STDOUT.":                                                        "dump written",
		"[    9.1] kdump-tools[138]: makedumpfile Completed.":                                                                 "makedumpfile completed",
		"makedumpfile Failed.": "dump",
		"The dmesg log is saved to /kdump/mnt0/var/crash/x/dmesg.txt.": "dmesg saved",
		"kdump: saving vmcore":                                              "dump begins",
		"kdump: saving vmcore complete":                                     "dump saved",
		"kdump: saving vmcore-dmesg.txt":                                    "dump",
		"kdump: saving vmcore-dmesg.txt complete":                           "dmesg saved",
		"kdump: saving vmcore-dmesg.txt failed":                             "dump",
		"kdump: saving to /sysroot//var/crash/x/":                           "dump",
		"[   11.4] kdump[467]: saving vmcore":                               "dump begins",
		"[   11.4] kdump[467]: saving vmcore complete":                      "dump saved",
		"[   11.4] kdump[467]: saving vmcore failed, exitcode:1":            "dump failed",
		"[   14.3] kdump.sh[297]: kdump: saving vmcore failed, _exitcode:1": "dump failed",
		"[   11.4] kdump[467]: saving vmcore-dmesg.txt complete":            "dmesg saved",
		"[   11.4] kdump[467]: sync vmcore failed, exitcode:1":              "dump failed",
		"Saving dump using makedumpfile":                                    "dump begins",
		"Saving dump                    Finished.":                          "dump saved",
		"Saving dump                    |####----------|  41%":              "dump progress",
		"Saved dmesg":                    "dmesg saved",
		"Saved vmcore":                   "dump saved",
		"Error: Failed saving vmcore":    "dump failed",
		"Deleting vmcore":                "dump failed",
		"Generating README    Finished.": "dump",
	} {
		if got := signsOf(line + "\r\n"); !slices.Equal(got, []string{sign}) {
			t.Errorf("%s shows %q, want %q", line, got, sign)
		}
		if r := console.Scan([]byte(line)); r.Activity != console.Dumping || !r.Lines[0].Sign.OfDump() {
			t.Errorf("%s: %s", line, r.Activity)
		}
	}
}

// A sign stands behind a place or before it, also in a line that has other ones.
func TestWhatStandsBeforeAPlaceIsNeverNewer(t *testing.T) {
	const older, newer = "\x1b[32mhost login: \x1b[0m", "[    0.000000] Linux version 6.1.0 (builder@example.com)"
	text := "[    0.0] Linux version 5\r\n" + older + newer + "\r\n" + command
	place := strings.Index(text, newer)
	r := console.Scan([]byte(text))
	isNewer := r.Newer(place)
	var got []string
	for _, l := range r.Lines {
		if isNewer(l) {
			got = append(got, l.Sign.String())
		}
	}
	if strings.Join(got, ", ") != "kernel version, command line" || len(r.Lines) != 4 {
		t.Errorf("newer are %q of %+v", got, r.Lines)
	}
}

func TestTheTimeOfALineIsItsKernels(t *testing.T) {
	for line, want := range map[string]string{
		"[   33.100000] reboot: Restarting system":        "33.1s",
		"\x1b[0m[   33.100000] reboot: Restarting system": "33.1s",
		"Rebooting.": "none",
		"INIT: Sending processes [   33.100000] x": "33.1s",
	} {
		r := console.Scan([]byte(up + "\r\n" + line + "\r\n"))
		got := "none"
		if clock, ok := r.Time(r.Lines[len(r.Lines)-1]); ok {
			got = clock.String()
		}
		if got != want {
			t.Errorf("%s is of %s, want %s", line, got, want)
		}
	}
}
