package console_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/console"
)

// filled is as much of a line as the ring holds.
func filled(line string) string { return strings.Repeat(line, console.MaxBytes/len(line)+1) }

func TestARestartIsNeverTheSameLife(t *testing.T) {
	const up = host + "\r\n"
	for name, more := range map[string]string{
		"a restart": version + command + "[    1.1] a\r\n",
		"a restart, and its clock has passed the mark":  version + command + "[    1.1] a\r\n[ 9000.1] b\r\n",
		"a restart, and its clock is at the mark":       version + command + "[   10.100000] a\r\n",
		"a restart that is up again":                    host,
		"a shutdown":                                    restart + "[    1.1] a\r\n[   60.1] b\r\n",
		"firmware":                                      "SeaBIOS (version 1.8.2)\r\n[   60.1] a\r\n",
		"a capture kernel":                              version + capture + "[   60.1] a\r\n",
		"a capture kernel, and the crashed one's log":   version + capture + "[   10.100000] a\r\n",
		"a quiet kernel":                                "[    1.1] a\r\n",
		"a quiet kernel that has passed the mark":       "[    1.1] a\r\n[ 9000.1] b\r\n",
		"a quiet kernel and its init":                   "[   11.1] a\r\nWelcome to Debian GNU/Linux 12 (bookworm)!\r\n",
		"a quiet kernel and its early init":             "[   11.1] systemd[1]: systemd 252 running in system mode (+PAM +AUDIT)\r\n",
		"a quiet kernel and its login":                  "[    1.1] a\r\n" + prompt,
		"a quiet kernel that starts twice":              "[   60.1] a\r\n[   11.1] a\r\n",
		"an older log behind a restart":                 version + command + "[    1.1] a\r\n" + host,
		"an older log's end behind a restart":           version + command + "[    1.1] a\r\n[   10.100000] a\r\n",
		"a restart that the ring holds without the old": filled("Nov 28 03:00:00 host app[812]: hello\r\n") + version + command + "[   60.1] a\r\n",
		"a restart whose beginning is forgotten":        version + command + filled("[    9.1] a\r\n") + "[   60.1] b\r\n",
		"one that is not as far as the mark":            version + command + filled("[    9.1] a\r\n"),
		"a ring without a time":                         filled("Nov 28 03:00:00 host app[812]: hello\r\n"),
		"a boot in a ring that has forgotten the mark":  filled("Nov 28 03:00:00 host app[812]: hello\r\n") + "[   11.1] a\r\nWelcome to Debian GNU/Linux 12 (bookworm)!\r\n[   60.1] b\r\n",
	} {
		if n := grown(up, more); n.Same {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// A ring that has forgotten the mark and the restart shows it by its times.
func TestAnEarlierTimeIsNeverThatOfTheSameLife(t *testing.T) {
	for name, more := range map[string]string{
		"a time before the mark":        version + command + filled("[  400.1] a\r\n") + "[ 6000.1] b\r\n",
		"no time behind the mark":       version + command + filled("[  400.1] a\r\n"),
		"half a second before the mark": filled("[ 4999.6] a\r\n"),
	} {
		if n := grown(host+"\r\n[ 5000.100000] a\r\n", more); n.Same {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

func TestALifeThatGoesOnIsTheSame(t *testing.T) {
	const up = host + "\r\n"
	for name, c := range map[string][2]string{
		"nothing new":              {up, ""},
		"a line of the kernel":     {up, "[ 5000.1] a\r\n"},
		"a line of user space":     {up, "[  OK  ] Started a.\r\n"},
		"CPUs at the same time":    {up, "[ 5000.900000] a\r\n[ 5000.100000] b\r\n"},
		"a shutdown":               {up, "[ 5000.1] systemd-shutdown[1]: Syncing filesystems and block devices.\r\n"},
		"a panic":                  {up, "[ 5000.1] Kernel panic - not syncing: Fatal exception in interrupt\r\n"},
		"many lines of the kernel": {up, filled("[ 4000.100000]  ? do_idle+0x206/0x2b0\r\n")},
		"the life behind a restart": {
			version + command + "[    9.1] a\r\n[ 5000.2] b\r\n" + restart + host + "\r\n", "[ 6000.1] a\r\n",
		},
		"the life behind a restart without a word": {up + "[    1.1] a\r\n", "[    2.1] b\r\n"},
		"an older log that the pass before has seen": {
			up + "[ 5000.1] a\r\n[   11.1] b\r\n[   12.1] c\r\n", "[ 5001.1] d\r\n",
		},
		"a pass before the boot's end, behind a restart": {
			up + restart + version + command + "[    1.1] a\r\n", "[    2.1] systemd[1]: systemd 252 running in system mode (+PAM)\r\n" + prompt,
		},
		"the ring has no boot":                       {"[ 4000.1] a\r\n", "[ 5000.1] b\r\n"},
		"the ring has turned over":                   {"[ 4000.1] a\r\n", filled("Nov 28 03:00:00 host app[812]: hello\r\n") + "[ 5000.1] b\r\n"},
		"a pass before the boot's end, and its init": {version + command + "[    1.1] a\r\n", "[    2.1] systemd[1]: systemd 252 running in system mode (+PAM)\r\n" + prompt},
		"a pass before the boot's end":               {version + command + "[    9.1] a\r\n", "[   10.1] b\r\n" + prompt},
	} {
		if n := grown(c[0], c[1]); !n.Same {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

func TestAMarkWithoutAClockIsOfNoLife(t *testing.T) {
	for _, text := range []string{"", "a\r\n", prompt, host, version} {
		for _, m := range []console.Mark{{}, {Lines: 1}, {Clock: -time.Second}} {
			if n := console.NewsSince([]byte(text), m); n.Same {
				t.Errorf("%q, %+v: %+v", text, m, n)
			}
		}
	}
}

// A console from which lines of the mark have gone is another one.
func TestAConsoleWithFewerLinesIsAnotherLife(t *testing.T) {
	m := markOf(host + "\r\na\r\nb\r\n")
	if n := console.NewsSince([]byte(host), m); n.Same {
		t.Errorf("%+v", n)
	}
}

// Each pass compares with the one before. What made a pass doubt must not make all later
// ones doubt.
func TestADoubtIsOverAtTheNextPass(t *testing.T) {
	const up = host + "\r\n"
	for name, text := range map[string]string{
		"a restart":               up + version + command + "[    1.1] a\r\n[   60.1] b\r\n",
		"a quiet kernel":          up + "[    1.1] a\r\n",
		"an older log":            up + "[ 5000.1] a\r\n[   11.1] b\r\n",
		"a ring that turned over": version + command + filled("[    9.1] a\r\n") + "[   60.1] b\r\n",
	} {
		if n := grown(up, text[len(up):]); n.Same {
			t.Errorf("%s: %+v", name, n)
		}
		if n := grown(text, ""); !n.Same {
			t.Errorf("%s, again: %+v", name, n)
		}
		if n := grown(text, "[ 6000.1] c\r\n"); !n.Same {
			t.Errorf("%s, and a line more: %+v", name, n)
		}
	}
}

// Real consoles, compared with themselves and with what they were before their restarts.
func TestNoRecordedRestartIsTheSameLife(t *testing.T) {
	same, other := 0, 0
	for _, c := range trials(t) {
		mark := markOf(string(c.text[:c.SentAt]))
		for at := 0; at < c.SentAt; at += step / 2 {
			m := markOf(string(c.text[:at]))
			n := console.NewsSince(c.text[:c.SentAt], m)
			if n.Same != (m.Clock > 0) {
				t.Errorf("%s, at %d of %d: %+v, %+v", c.name, at, c.SentAt, m, n)
			}
			same++
		}
		if c.reboot < 0 {
			continue
		}
		for end := c.reboot + len("[    0.000000] Linux version "); end <= len(c.text); end += step / 2 {
			if n := console.NewsSince(c.text[:end], mark); n.Same {
				t.Errorf("%s, restarted at %d, at %d: %+v", c.name, c.reboot, end, n)
			}
			other++
		}
	}
	if same < 20 || other < 20 {
		t.Errorf("compared %d and %d", same, other)
	}
}
