package console_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/console"
)

// host is a console as a pass has seen it, and seen is how far it had come then.
const (
	host   = version + command + "[   10.100000] a\r\n[  OK  ] Reached target Multi-User System.\r\n" + prompt
	lockup = "[ 5000.100000] watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:123]\r\n"
	hung   = "[ 5000.100000] INFO: task systemd:1 blocked for more than 120 seconds.\r\n"
)

func markOf(text string) console.Mark { return console.NewsSince([]byte(text), console.Mark{}).Mark }

// grown is what is new after more has been written.
func grown(before, more string) console.News {
	return console.NewsSince([]byte(before+more), markOf(before))
}

func TestAKernelThatIsStuckSaysSo(t *testing.T) {
	for _, message := range []string{
		"BUG: soft lockup - CPU#0 stuck for 67s! [java:2113]", // 3.10
		"NMI watchdog: BUG: soft lockup - CPU#7 stuck for 22s! [kswapd0:42]",
		"watchdog: BUG: soft lockup - CPU#3 stuck for 26s! [swapper/3:0]",
		"NMI watchdog: Watchdog detected hard LOCKUP on cpu 2",
		"watchdog: Watchdog detected hard LOCKUP on cpu 6",
		"watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 3",
		"INFO: rcu_sched self-detected stall on CPU { 0}  (t=60001 jiffies g=22 c=21 q=7)",
		"INFO: rcu_sched detected stalls on CPUs/tasks:",
		"rcu: INFO: rcu_sched self-detected stall on CPU",
		"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
		"Kernel panic - not syncing: Out of memory and no killable processes...",
		"Kernel panic - not syncing: System is deadlocked on memory",
		"INFO: task systemd:1 blocked for more than 120 seconds.",
		"INFO: task init:1 blocked for more than 241 seconds.",
		"INFO: task a b:c:1 blocked in I/O wait for more than 122 seconds.",
		"INFO: task systemd-journal:215 blocked for more than 120 seconds.",
	} {
		for _, before := range []string{"[ 5000.100000] ", "[ 5000.100000][    C3] ", "\x1b[0m[ 5000.100000] "} {
			for _, end := range []string{"\r\n", "\n", ""} {
				n := grown(host, before+message+end)
				if n.Stuck == "" || n.Life != "" || !strings.HasPrefix(n.Stuck, strings.TrimPrefix(before, "\x1b[0m")+message[:20]) {
					t.Errorf("%s%s: %+v", before, message, n)
				}
			}
		}
		checkNewsLine(t, grown(host, "[ 5000.1] "+message+strings.Repeat(" and so on\x00\xff", 100)).Stuck)
	}
}

func checkNewsLine(t *testing.T, line string) {
	t.Helper()
	checkLine(t, line)
	if len(line) > console.MaxNews {
		t.Errorf("%d bytes: %q", len(line), line)
	}
}

func TestNothingElseEverMakesAMachineStuck(t *testing.T) {
	const soft = "watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [a:1]\r\n"
	for name, more := range map[string]string{
		"nothing":                                  "",
		"an ordinary line":                         "[ 5000.1] nvme nvme0: I/O 21 timeout\r\n",
		"a killed process":                         "[ 5000.1] Out of memory: Killed process 812 (java) total-vm:8123456kB\r\n",
		"a container without memory":               "[ 5000.1] Memory cgroup out of memory: Killed process 812 (java)\r\n",
		"a container nobody of which may die":      "[ 5000.1] memory: usage 4096kB, limit 4096kB, failcnt 12\r\n[ 5000.2] Out of memory and no killable processes...\r\n",
		"the SSM agent, whose ping is silent too":  "[ 5000.1] INFO: task amazon-ssm-agen:812 blocked for more than 120 seconds.\r\n",
		"an application that hangs":                "[ 5000.1] INFO: task java:812 blocked for more than 120 seconds.\r\n",
		"a user's systemd":                         "[ 5000.1] INFO: task systemd:812 blocked for more than 120 seconds.\r\n",
		"a task with init in its name":             "[ 5000.1] INFO: task systemd:1:812 blocked for more than 120 seconds.\r\n",
		"a task with the words in its name":        "[ 5000.1] INFO: task a:1 blocked f:812 blocked for more than 120 seconds.\r\n",
		"a task without a number":                  "[ 5000.1] INFO: task 1 blocked for more than 120 seconds.\r\n",
		"a longer name":                            "[ 5000.1] INFO: task systemd-journal2:812 blocked for more than 120 seconds.\r\n",
		"a task that waits for init":               "[ 5000.1] INFO: task sh:812 is blocked on a mutex likely owned by task systemd:1.\r\n",
		"an expedited stall":                       "[ 5000.1] rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 0-.... } 3 jiffies\r\n",
		"another panic":                            "[ 5000.1] Kernel panic - not syncing: NMI: Not continuing\r\n",
		"the end of a panic":                       "[ 5000.1] ---[ end Kernel panic - not syncing: System is deadlocked on memory ]---\r\n",
		"the words in a message":                   "[ 5000.1] app: BUG: soft lockup - CPU#3 stuck for 22s!\r\n",
		"the words of a program":                   "[ 5000.1] app[812]: " + soft,
		"the words of systemd":                     "[ 5000.1] systemd[1]: " + soft,
		"a program that quotes a time":             "[ 5000.1] app[812]: [ 5000.1] " + soft,
		"a kernel that quotes a time":              "[ 5000.1] [ 5000.1] " + soft,
		"a time in a kernel's line":                "[ 5000.1] a [ 5000.2] " + soft,
		"a text that quotes a time":                "it said: [ 5000.1] " + soft,
		"a program's line that quotes a time":      "app[812]: [ 5000.1] " + soft,
		"a line of the system's log":               "Nov 28 03:00:00 host kernel: [ 5000.1] " + soft,
		"a cut line of the system's log":           "00 host kernel: [ 5000.1] " + soft,
		"a message to all terminals":               "Message from syslogd@host at Nov 28 03:00:00 ...\r\n kernel:" + soft,
		"no time":                                  soft,
		"half a time":                              "5000.1] " + soft,
		"the mark's own time":                      "[   10.100000] " + soft,
		"an older time":                            "[    9.1] " + soft,
		"a second line of a message":               "[ 5000.100000] process 'a\r\n[ 5000.100000] " + soft,
		"a carriage return in a message":           "[ 5000.1] process 'a\r[ 5000.2] " + soft,
		"more of them":                             "[ 5000.1] process 'a\rb\r\r[ 5000.2] " + soft,
		"the life before a restart":                lockup + version + command + "[    1.1] a\r\n",
		"the life before a restart, hours past":    lockup + version + command + "[ 9000.1] a\r\n",
		"the life before a restart without a word": lockup + "[    1.1] a\r\n",
		"an older log":                             "[ 9000.1] a\r\n[ 5000.1] b\r\n[ 5000.2] " + soft,
	} {
		if n := grown(host, more); n.Stuck != "" {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// The first line of a ring may be the end of one that quotes the kernel.
func TestALineThatMayBeCutIsNoNews(t *testing.T) {
	for _, text := range []string{lockup, "host login: \r\n", "\x1b[m" + lockup} {
		if n := console.NewsSince([]byte(text+"[ 5000.3] b\r\n"), console.Mark{Clock: time.Second}); n.Stuck != "" || n.Life != "" {
			t.Errorf("%q: %+v", text, n)
		}
		if n := console.NewsSince([]byte("cut\r\n"+text), console.Mark{Clock: time.Second}); n.Stuck == "" && n.Life == "" {
			t.Errorf("%q behind another line: %+v", text, n)
		}
	}
}

func TestUserSpaceIsAliveByWhatItWrites(t *testing.T) {
	for _, line := range []string{
		"ip-10-0-0-7 login: ",
		"ip-10-0-0-7 login: root (automatic login)",
		"Last login: Sat Nov 28 03:00:00 UTC 2026 on ttyS0",
		"[  OK  ] Started nginx.service - A web server.",
		"[\x1b[0;32m  OK  \x1b[0m] Stopped \x1b[0;1;39mLogin Service\x1b[0m.",
		"[  OK  ] Finished a.", "[  OK  ] Mounted /data.", "[  OK  ] Reached target Swap.", "[  OK  ] Unmounted /data.", "[  OK  ] Closed a.",
		"[FAILED] Failed to start a.", "[DEPEND] Dependency failed for a.", "[ TIME ] Timed out waiting for device a.",
		"         Starting nginx.service - A web server...", "         Stopping a...",
		"[ ***  ] (1 of 2) A start job is running for a (10s / no limit)",
		"\x1b[K[***   ] A stop job is running for a (10s / 1min 30s)",
		" * Starting a web server", "INIT: Entering runlevel: 6",
		"Nov 28 03:00:00 host app[812]: hello", "2026-11-28T03:00:00.123456+00:00 host app: hello", "2026-11-28 03:00:00,123 - util.py[DEBUG]: hello",
		"Nov 28 03:00:00 host kernel: [    1.1] Linux version 6",
		"systemd[1]: Started a.", "cloud-init[812]: hello",
		"[ 4000.1] systemd[1]: Started a.", "[ 4000.1] cloud-init[812]: hello", "[ 4000.1] systemd-journald[215]: Received client request to flush",
		"Message from syslogd@host at Nov 28 03:00:00 ...", "\aBroadcast message from root@host (Sat 2026-11-28 03:00:00 UTC):",
	} {
		for _, end := range []string{"\r\n", "\n", "", "\r\n" + lockup} {
			n := grown(host+"\r\n", line+end)
			if n.Life == "" || n.Stuck != "" != strings.HasSuffix(end, lockup) {
				t.Errorf("%q: %+v", line+end, n)
			}
			checkNewsLine(t, n.Life)
		}
	}
}

func TestWhatTheKernelPrintsIsNeverASignOfLife(t *testing.T) {
	for name, more := range map[string]string{
		"nothing":                      "",
		"blank lines":                  "\r\n\r\n  \r\n",
		"plain text":                   "\r\nhello\r\n",
		"a word that ends so":          "\r\nweblogin: hello\r\n",
		"an ordinary line":             "[ 5000.1] nvme nvme0: I/O 21 timeout\r\n",
		"stuck":                        lockup + hung,
		"a program that crashes":       "[ 5000.1] app[812]: segfault at 0 ip 0 sp 0 error 4\r\n[ 5000.2] app[813]: unhandled exception: DABT\r\n",
		"init that crashes":            "[ 5000.1] systemd[1]: segfault at 0 ip 0 sp 0 error 4\r\n",
		"a prompt in a message":        "[ 5000.1] process 'host login: ' started with executable stack\r\n",
		"a unit in a message":          "[ 5000.1] Started a.\r\n[ 5000.2] [  OK  ] Started a.\r\n",
		"a log in a message":           "[ 5000.1] Nov 28 03:00:00 host app[812]: hello\r\n",
		"a time in a message":          "[ 5000.1] [ 5000.1] systemd[1]: Started a.\r\n",
		"a carriage return":            "[ 5000.1] process 'a\rhost login: ' started\r\n",
		"a carriage return and a unit": "[ 5000.1] process 'a\r\r[  OK  ] Started a.\rNov 28 03:00:00 host app: b\r\n",
		"an early kernel":              version + command + "[    1.1] a\r\n",
		"an early kernel with no time": "Linux version 6.1.0 (builder@example.com)\r\nCommand line: ro\r\n",
		"firmware":                     "SeaBIOS (version 1.8.2)\r\nBooting from Hard Disk 0...\r\n",
	} {
		if n := grown(host, more); n.Life != "" {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

func TestAnUnfinishedLineOfTheLifeBeforeIsNoSignOfLife(t *testing.T) {
	for _, last := range []string{"[  OK  ] Started a.", "host login: ", "Nov 28 03:00:00 host app[812]: hello"} {
		if n := grown(host+"\r\n"+last, version+command+"[    1.1] a\r\n"); n.Life != "" {
			t.Errorf("%q: %+v", last, n)
		}
	}
}

// A restart makes a new life. What its user space writes is a sign of life even where the
// mark's time comes again.
func TestABootThatGetsSomewhereIsASignOfLife(t *testing.T) {
	for name, more := range map[string]string{
		"a login":                        version + command + "[    2.1] a\r\n" + prompt,
		"a unit":                         version + command + "[    2.1] a\r\n[  OK  ] Started a.\r\n",
		"a log":                          version + command + "Nov 28 03:00:00 host app: hello\r\n",
		"a login, and the time comes by": version + command + "[    2.1] a\r\n" + prompt + "[   10.2] b\r\n",
		"a login of a quiet boot":        "[    2.1] a\r\n" + prompt,
		"a login without a time":         restart + prompt,
	} {
		if n := grown(host, "\r\n"+more); n.Life == "" || n.Stuck != "" {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// A prompt waits without a line's end, so that the kernel's next line stands behind it.
func TestAWaitingPromptIsNotNewWhenTheKernelWritesBehindIt(t *testing.T) {
	for _, more := range []string{lockup, "\r\n" + lockup, "root\r\n" + lockup, "\x1b[0m" + lockup} {
		if n := grown(host, more); n.Life != "" || n.Stuck == "" && !strings.HasPrefix(more, "root") {
			t.Errorf("%q: %+v", more, n)
		}
	}
}

func TestTheMarkIsHowFarTheConsoleHasCome(t *testing.T) {
	for _, c := range []struct {
		text  string
		want  console.Mark
		timed bool
	}{
		{"", console.Mark{}, false},
		{"a\r\nb\r\n", console.Mark{Lines: 2}, false},
		{"[   10.123456] a\r\n", console.Mark{Clock: 10123456 * time.Microsecond}, true},
		{"[   10.123456] a\r\n\r\n \r\nb\r\nc", console.Mark{Clock: 10123456 * time.Microsecond, Lines: 2}, true},
		{"[   10.2] a\r\n[   10.1] b\r\n", console.Mark{Clock: 10200 * time.Millisecond, Lines: 1}, true},
		{"[   10.2] a\r\n[   10.2] b\r\n", console.Mark{Clock: 10200 * time.Millisecond, Lines: 1}, true},
		{"[   10.2] a\r\nhost login: [   10.3] b\r\n", console.Mark{Clock: 10300 * time.Millisecond}, true},
		{"[   10.2] a\r\n[   10.3] \r\n", console.Mark{Clock: 10200 * time.Millisecond}, true},
		{"[   10.2] a\r\n" + version + "[    1.1] b\r\nc\r\n", console.Mark{Clock: 1100 * time.Millisecond, Lines: 1}, true},
		{"[   10.123456789] a\r\n[   10.123456999] b\r\n", console.Mark{Clock: 10123456 * time.Microsecond, Lines: 1}, true},
		{"Nov 28 03:00:00 host app: at [   10.2] a\r\n", console.Mark{Lines: 1}, false},
		{"host kernel: [   10.2] a\r\n", console.Mark{Lines: 1}, false},
	} {
		n := console.NewsSince([]byte(c.text), console.Mark{})
		if n.Mark != c.want || n.Timed != c.timed || n.Stuck != "" || n.Life != "" {
			t.Errorf("%q: %+v, want %+v", c.text, n, c.want)
		}
	}
}

// A mark travels as a number of seconds, in JSON.
func TestAMarkIsTheSameAfterItsWay(t *testing.T) {
	for _, clock := range []string{"    0.000001", "   10.123457", "86400.999999", "315360000.333333", "3153600000.999999"} {
		text := "[" + clock + "] a\r\nhost login: \r\n[  OK  ] Started a.\r\n"
		m := markOf(text)
		way, err := json.Marshal(m.Clock.Seconds())
		if err != nil {
			t.Fatal(err)
		}
		var seconds float64
		if err := json.Unmarshal(way, &seconds); err != nil {
			t.Fatal(err)
		}
		m.Clock = time.Duration(math.Round(seconds * float64(time.Second)))
		if n := console.NewsSince([]byte(text), m); n.Life != "" || n.Stuck != "" {
			t.Errorf("%s: %+v", clock, n)
		}
		if n := console.NewsSince([]byte(text+"[  OK  ] Started b.\r\n"), m); n.Life != "[ OK ] Started b." && n.Life != "[  OK  ] Started b." {
			t.Errorf("%s, and more: %+v", clock, n)
		}
	}
}

// Once the ring has forgotten the mark's line, all that is left is newer.
func TestARingThatHasTurnedOverIsNew(t *testing.T) {
	old, line := host+"\r\n", "Nov 28 03:00:00 host app[812]: hello\r\n"
	more := strings.Repeat(line, console.MaxBytes/len(line)+1)
	if n := grown(old, more); n.Life == "" || n.Stuck != "" || n.Timed {
		t.Errorf("a log: %+v", n)
	}
	var stacks strings.Builder
	for stacks.Len() < console.MaxBytes {
		stacks.WriteString("[ 4000.100000]  ? do_idle+0x206/0x2b0\r\n")
	}
	if n := grown(old, stacks.String()+lockup); n.Life != "" || n.Stuck == "" || !n.Timed {
		t.Errorf("stacks: %+v", n)
	}
}
