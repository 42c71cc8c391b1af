package console_test

import (
	"strings"
	"testing"

	"crashcart/lambda/domain/console"
)

// lives are consoles that begin with a boot, one for each way to end.
func lives() []reading {
	const dumped = version + capture + "[   11.4] kdump[467]: saving vmcore\r\nCopying data                                      : [ 41.0 %] |           eta: 9m10s\r"
	return []reading{
		{"up", up + "\r\n", console.Quiet},
		{"up for a day", version + command + "[86520.1] INFO: task app:812 blocked for more than 120 seconds.\r\n", console.Quiet},
		{"booting", version + command, console.Booting},
		{"booting, a job", version + command + "[ ***  ] A start job is running for dev-xvdf.device (1min 2s / no limit)\r", console.Booting},
		{"capturing", version + capture, console.Dumping},
		{"dumping", dumped, console.Dumping},
		{"stopping", up + "\r\n[  OK  ] Stopped target Multi-User System.\r\n", console.ShuttingDown},
		{"restarting", up + restart, console.ShuttingDown},
		{"emergency", version + command + "You are in emergency mode. After logging in, type \"journalctl -xb\" to view\r\n", console.Quiet},
	}
}

// What was before a boot says nothing of what came after it.
func TestAnOlderLifeNeverCounts(t *testing.T) {
	older := []reading{
		{"garbage", "\x00\xff\xfe[[[\x1b]0;\x1b[ 41 %]\r\xc3(", ""},
		{"half a line", "0] Linux ver", ""},
		{"a progress", "Copying data : [ 41.0 %] |  eta: 9m10s", ""},
		{"a log", "Nov 28 03:00:00 host kernel: [    0.000000] Linux version 6\r\n", ""},
	}
	for _, c := range trials(t) {
		older = append(older, reading{c.name, string(c.text), ""})
	}
	for _, before := range append(older, lives()...) {
		for _, c := range lives() {
			r, alone := console.Scan([]byte(before.console+"\r\n"+c.console)), console.Scan([]byte(c.console))
			if r.Activity != c.want || r.Line != alone.Line || r.Progress != alone.Progress {
				t.Errorf("%s after %s: %s, %q, %q, want %s, %q", c.name, before.name, r.Activity, r.Line, r.Progress, c.want, alone.Line)
			}
		}
	}
}

// A guest's terminal draws in colour, and a line may be drawn twice.
func TestAnEscapeOrARepetitionChangesNothing(t *testing.T) {
	for _, c := range lives() {
		for i := range len(c.console) + 1 {
			text := c.console[:i] + "\x1b[0;1;31m" + c.console[i:]
			if r := console.Scan([]byte(text)); r.Activity != c.want {
				t.Errorf("%s with an escape at %d: %s, %q", c.name, i, r.Activity, r.Line)
			}
		}
		last := c.console[strings.LastIndexAny(strings.TrimRight(c.console, "\r\n"), "\r\n")+1:]
		if r := console.Scan([]byte(c.console + last + last)); r.Activity != c.want {
			t.Errorf("%s with its last line again: %s, %q", c.name, r.Activity, r.Line)
		}
		for _, more := range []string{"\r\n", "\x00", "\xff\xfe", "plain text\r\n", "[ 41 %]\r\n", "\x1b]0;title\a"} {
			if r := console.Scan([]byte(c.console + more)); r.Activity != c.want {
				t.Errorf("%s with %q behind it: %s, %q", c.name, more, r.Activity, r.Line)
			}
		}
	}
}

func TestTheLinesAreThoseWithASign(t *testing.T) {
	text := "\x1b[32mhalf\r\n" + up + "\r\nplain\r\n" + version + capture + "kdump: saving vmcore\r\n"
	r := console.Scan([]byte(text))
	var got []string
	for _, l := range r.Lines {
		got = append(got, l.Sign.String())
		if raw := text[l.Offset:]; !strings.HasPrefix(raw, r.Text(l)[:5]) {
			t.Errorf("%s is at %d, where there is %.20q", r.Text(l), l.Offset, raw)
		}
	}
	want := "kernel version, command line, ready, login, kernel version, capture kernel, dump begins"
	if strings.Join(got, ", ") != want || r.Lines[3].Life != 0 || r.Lines[4].Life != 1 || r.Lines[6].Life != 1 {
		t.Errorf("lines = %s, %+v", strings.Join(got, ", "), r.Lines)
	}
}

// The mark of a dump is lifted by a finished boot that is newer, also where the ring has
// forgotten the dump.
func TestABootIsNewerThanADump(t *testing.T) {
	const saving = version + capture + "kdump: saving vmcore\r\n"
	for _, c := range []struct {
		name, text   string
		dump, booted bool
	}{
		{"nothing", "", false, false},
		{"a boot", version + command, false, false},
		{"a boot that is done", up, false, true},
		{"a login whose boot is forgotten", prompt, false, false},
		{"a dump", up + saving, true, false},
		{"a dump, and its restart", up + saving + restart, true, false},
		{"a dump, and a boot", saving + version + command, true, false},
		{"a dump, and a boot that is done", saving + up, true, true},
		{"a dump, and a quiet boot that is done", saving + restart + prompt, true, true},
		{"a dump, a boot, and another dump", saving + up + saving, true, false},
		{"a dump, a boot that is done, and another boot", saving + up + restart + version + command, true, true},
		{"a boot that is done, and a shutdown", up + restart, false, true},
		{"a kernel's line of an ordinary life", version + command + "cat /proc/vmcore\r\n" + prompt, false, true},
	} {
		if r := console.Scan([]byte(c.text)); r.Dump != c.dump || r.Booted != c.booted {
			t.Errorf("%s: dump %v, booted %v, want %v, %v", c.name, r.Dump, r.Booted, c.dump, c.booted)
		}
	}
}

func TestTheClockIsThatOfTheNewestLife(t *testing.T) {
	for _, c := range []struct {
		text, want string
	}{
		{"", "none"},
		{"Linux version 6\r\n", "none"},
		{"[   12.345678] x\r\n", "12.345678s"},
		{"[   12.345678123] x\r\n", "12.345678123s"},
		{"[86520.1] x\r\n" + version, "0s"},
		{"[86520.1] x\r\n[86521.5][ T1003] y\r\n[86521.4][    C1] z\r\n", "24h2m1.4s"},
		{"[86520.1] x\r\nNov 28 03:00:00 host kernel: [99999.9] y\r\n", "24h2m0.1s"},
		{"[86520.1] app[1]: [99999.9] y\r\n", "24h2m0.1s"},
		{"login: [86520.1] x", "24h2m0.1s"},
		{"[99999999999999.9] x\r\n", "none"},
	} {
		r, got := console.Scan([]byte(c.text)), "none"
		if r.Timed {
			got = r.Clock.String()
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}
