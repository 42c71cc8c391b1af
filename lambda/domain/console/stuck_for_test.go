package console_test

import (
	"testing"
	"time"
)

func TestAKernelSaysHowLongATaskOrACPUIsStuck(t *testing.T) {
	for message, want := range map[string]time.Duration{
		"INFO: task jbd2/nvme0n1p1-:251 blocked for more than 362 seconds.":      362 * time.Second,
		"INFO: task systemd-journal:231 blocked for more than 120 seconds.":      120 * time.Second,
		"INFO: task xfsaild/nvme0n1p1:390 blocked for more than 121 seconds.":    121 * time.Second,
		"INFO: task btrfs-transacti:402 blocked for more than 122 seconds.":      122 * time.Second,
		"INFO: task systemd:1 blocked for more than 241 seconds.":                241 * time.Second,
		"INFO: task jbd2/a b[1]: c:d:812 blocked for more than 483 seconds.":     483 * time.Second,
		"INFO: task jbd2/vda-8:9 blocked in I/O wait for more than 245 seconds.": 245 * time.Second,
		"BUG: soft lockup - CPU#0 stuck for 67s! [java:2113]":                    67 * time.Second, // 3.10
		"NMI watchdog: BUG: soft lockup - CPU#7 stuck for 22s! [kswapd0:42]":     22 * time.Second,
		"watchdog: BUG: soft lockup - CPU#3 stuck for 263s! [swapper/3:0]":       263 * time.Second,
		"watchdog: CPU3: BUG: soft lockup - CPU#3 stuck for 26s! [swapper/3:0]":  26 * time.Second,
		"INFO: task a:1 blocked for more than 999999999 seconds.":                999999999 * time.Second,
	} {
		for _, before := range []string{"[ 5000.100000] ", "[ 5000.100000][    C3] ", "\x1b[0m[ 5000.100000] "} {
			for _, end := range []string{"\r\n", "\n", ""} {
				if n := grown(host, before+message+end); n.StuckFor != want {
					t.Errorf("%s%s: %+v", before, message, n)
				}
			}
		}
	}
}

func TestTheLongestTimeCounts(t *testing.T) {
	const (
		short = "[ 5000.1] INFO: task jbd2/a:812 blocked for more than 120 seconds.\r\n"
		long  = "[ 5120.1] INFO: task jbd2/a:812 blocked for more than 241 seconds.\r\n"
		other = "[ 5121.1] watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [a:1]\r\n"
	)
	if n := grown(host, short+long+other); n.StuckFor != 241*time.Second {
		t.Errorf("%+v", n)
	}
	if n := grown(host+"\r\n"+short+long, other); n.StuckFor != 22*time.Second {
		t.Errorf("with the mark behind the longest: %+v", n)
	}
}

func TestNothingElseEverSaysHowLongATaskIsStuck(t *testing.T) {
	const (
		words = "INFO: task jbd2/a:812 blocked for more than 362 seconds.\r\n"
		line  = "[ 5000.100000] " + words
	)
	for name, more := range map[string]string{
		"nothing":                               "",
		"an application that waits":             "[ 5000.1] INFO: task java:812 blocked for more than 362 seconds.\r\n",
		"an application with init's name":       "[ 5000.1] INFO: task systemd:812 blocked for more than 362 seconds.\r\n",
		"a hard lockup":                         "[ 5000.1] watchdog: Watchdog detected hard LOCKUP on cpu 3\r\n",
		"a stall":                               "[ 5000.1] rcu: INFO: rcu_sched self-detected stall on CPU\r\n",
		"a number of ten digits":                "[ 5000.1] INFO: task jbd2/a:812 blocked for more than 1000000000 seconds.\r\n",
		"a number of many digits":               "[ 5000.1] watchdog: BUG: soft lockup - CPU#3 stuck for 99999999999999999999s! [a:1]\r\n",
		"no number":                             "[ 5000.1] INFO: task jbd2/a:812 blocked for more than  seconds.\r\n",
		"a number below zero":                   "[ 5000.1] INFO: task jbd2/a:812 blocked for more than -362 seconds.\r\n",
		"a number that is cut":                  "[ 5000.1] INFO: task jbd2/a:812 blocked for more than 362",
		"seconds that are cut":                  "[ 5000.1] watchdog: BUG: soft lockup - CPU#3 stuck for 263",
		"a task without a number":               "[ 5000.1] INFO: task jbd2/a blocked for more than 362 seconds.\r\n",
		"a task without a name":                 "[ 5000.1] INFO: task 812 blocked for more than 362 seconds.\r\n",
		"a task with no digits for a number":    "[ 5000.1] INFO: task jbd2/a:b blocked for more than 362 seconds.\r\n",
		"a CPU without a number":                "[ 5000.1] watchdog: BUG: soft lockup - CPU# stuck for 263s! [a:1]\r\n",
		"the words far behind the name":         "[ 5000.1] INFO: task jbd2/efghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz:812 blocked for more than 362 seconds.\r\n",
		"a task that waits for another":         "[ 5000.1] INFO: task sh:812 is blocked on a mutex likely owned by task a:813.\r\n",
		"the words in a message":                "[ 5000.1] app: " + words,
		"the words of a program":                "[ 5000.1] app[812]: " + words,
		"the words of systemd":                  "[ 5000.1] systemd[1]: " + words,
		"a kernel that quotes a time":           "[ 5000.1] " + line,
		"a text that quotes a time":             "it said: " + line,
		"a line of the system's log":            "Nov 28 03:00:00 host kernel: " + line,
		"a cut line of the system's log":        "00 host kernel: " + line,
		"no time":                               words,
		"the mark's own time":                   "[   10.100000] " + words,
		"an older time":                         "[    9.1] " + words,
		"a second line of a message":            "[ 5000.100000] process 'a\r\n" + line,
		"a carriage return in a message":        "[ 5000.1] process 'a\r[ 5000.2] " + words,
		"the life before a restart":             line + version + command + "[    1.1] a\r\n",
		"the life before a restart, hours past": line + version + command + "[ 9000.1] a\r\n",
		"a life before that shows by the clock": line + "[    1.1] a\r\n",
		"an older log":                          "[ 9000.1] a\r\n" + line,
	} {
		if n := grown(host, more); n.StuckFor != 0 {
			t.Errorf("%s: %+v", name, n)
		}
	}
}
