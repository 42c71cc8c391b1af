package world

import (
	"fmt"
	"strings"
)

// speech is what an interval writes on the serial console.
type speech int

const (
	saysNothing speech = iota
	saysBoot
	saysSlowBoot
	saysStop
	saysSlowStop
	saysDump
	saysPanic
	saysHungTask
	saysMemory
	saysReadOnly
	saysWritable
	saysSoftLockup
)

const (
	// firstHungTask is after how many seconds the kernel first complains of a task that does
	// not run, and hungTasks how often it does so in all (sysctl kernel.hung_task_timeout_secs
	// and hung_task_warnings). It looks at its tasks every 120 s, and each time a little more
	// has passed: it says 120, 241, 362 seconds (Linux source, kernel/hung_task.c).
	firstHungTask = 120
	hungTaskEvery = firstHungTask + 1
	hungTasks     = 10 // of all tasks together
	// firstLockup is after how many seconds the watchdog first complains of a CPU that is
	// stuck, and lockupEvery how often it does so (kernel/watchdog.c).
	firstLockup = 26
	lockupEvery = 24
	// jobEvery is how often init says what it waits for.
	jobEvery = 60
)

// ring is how much of a console EC2 keeps, in bytes ("GetConsoleOutput", Amazon EC2 API
// Reference).
const ring = 64 << 10

// mostKept is how many repetitions of a line are written at most. Older ones are of no
// interest.
const mostKept = 501

// The releases of the kernels. An old one, 4.18 or older, says of a hung task always that it
// is blocked for more than 120 seconds, and newer ones for how long it really is
// (kernel/hung_task.c). That a host in five has an old one is a guess.
const (
	release    = "6.1.0-56-cloud-amd64"
	oldRelease = "4.9.0-19-amd64"
	oldKernels = 0.2
)

// hungTaskNames are the tasks of which a kernel complains, by the argument of the interval:
// the file system's journal, and what else gets no time in a storm.
// More tasks than one are as many times the number of names.
var hungTaskNames = [...]string{"jbd2/nvme0n1p1-:251", "systemd-journal:231", "systemd:1", "java:812"}

// Console text is in the words of real kernels (lab/trial/testdata).
const (
	version  = "[    0.000000] Linux version "
	builder  = " (debian-kernel@lists.debian.org)\r\n[    0.000000] Command line: "
	bootHead = " root=/dev/nvme0n1p1 ro console=ttyS0 crashkernel=256M\r\n"
	bootInit = "systemd[1]: systemd 252.39-1~deb12u1 running in system mode (+PAM +AUDIT)"
	bootTail = "[  OK  ] Started ssh.service - OpenBSD Secure Shell server.\r\n" +
		"[  OK  ] Reached target multi-user.target - Multi-User System.\r\n\r\nDebian GNU/Linux 12 host ttyS0\r\n\r\nhost login: "
	capture = "elfcorehdr=0x2f000000 root=/dev/nvme0n1p1 ro console=ttyS0 reset_devices systemd.unit=kdump-tools-dump.service\r\n" +
		"[    9.713205] kdump-tools[201]: Starting kdump-tools:\r\n" +
		"[    9.930122] kdump-tools[209]: running makedumpfile -F -c -d 31 /proc/vmcore | compress > /var/crash/202603020304/dump-incomplete\r\n"
)

// console is the newest part of what a host has written on its serial console up to a
// moment. It is empty for a host whose console shows nothing.
func (h *host) console(at int64) []byte {
	if !h.mutters {
		return nil
	}
	c := &scribe{at: at, up: h.launched, release: release, life: &h.life}
	if part(mix(h.seed, 16)) < oldKernels {
		c.release = oldRelease
	}
	c.boot(h.launched, h.launched+40, saysBoot)
	for _, i := range h.life.all {
		if i.from > at {
			break
		}
		if i.does&off != 0 && i.to <= at { // another instance, with another console
			c.text.Reset()
			c.up = i.to
			continue
		}
		c.say(i)
	}
	text := c.text.String()
	if len(text) > ring {
		text = text[len(text)-ring:]
	}
	return []byte(text)
}

// scribe writes a console.
type scribe struct {
	text strings.Builder
	at   int64 // what is later is not written
	up   int64 // when the kernel that writes was started

	release string // of the kernel
	life    *life
}

// line writes a line of the kernel.
func (c *scribe) line(at int64, format string, args ...any) {
	if at <= c.at {
		fmt.Fprintf(&c.text, "[%5d.%06d] ", at-c.up, mixAt(7, at)%1000000)
		fmt.Fprintf(&c.text, format, args...)
		c.text.WriteString("\r\n")
	}
}

// plain writes text without the kernel's time.
func (c *scribe) plain(at int64, text string) {
	if at <= c.at {
		c.text.WriteString(text)
	}
}

// say writes what an interval has to say.
func (c *scribe) say(i interval) {
	switch i.talk {
	case saysNothing:
	case saysBoot, saysSlowBoot:
		c.boot(i.from, i.to, i.talk)
	case saysStop:
		c.stop(i, func() {})
	case saysSlowStop:
		c.stop(i, func() { c.waits(i) })
	case saysDump:
		c.dump(i)
	default:
		c.complain(i)
	}
}

// complaints are the kernel's complaints of an interval up to a moment: when the first came,
// how often they come, and how many there are.
func (i *interval) complaints(upTo int64) (first, every, count int64) {
	first, every, most := i.from, int64(minute), int64(0)
	switch i.talk {
	case saysPanic, saysReadOnly, saysWritable:
		most = 1
	case saysMemory:
		first, most = i.from+3, 1
	case saysHungTask:
		every, most = hungTaskEvery, hungTasks/i.stuckTasks()
	case saysSoftLockup:
		every, most = lockupEvery, 1<<20
	}
	return first, every, max(0, min(most, floor(min(i.to-1, upTo), first, every)+1))
}

// mostStuck is how many tasks wait for a disk at most. Under a frozen root file system five
// did (docs/hangs.md).
const mostStuck = 5

// stuckTasks is of how many tasks a kernel complains each time.
func (i *interval) stuckTasks() int64 { return 1 + i.arg/int64(len(hungTaskNames)) }

// complain writes what a kernel complains of in an interval, as far as the ring keeps it.
func (c *scribe) complain(i interval) {
	first, every, count := i.complaints(c.at)
	for n := max(0, count-mostKept); n < count; n++ {
		c.complains(i, first+n*every, n)
	}
}

// complains writes the kernel's nth complaint of an interval.
func (c *scribe) complains(i interval, at, n int64) {
	switch i.talk {
	case saysPanic:
		c.line(at, "Kernel panic - not syncing: Fatal exception in interrupt")
		c.line(at, "Kernel Offset: 0x2c00000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)")
		c.line(at, "---[ end Kernel panic - not syncing: Fatal exception in interrupt ]---")
	case saysHungTask:
		blocked := firstHungTask + n*hungTaskEvery
		if c.release == oldRelease {
			blocked = firstHungTask
		}
		c.line(at, "INFO: task %s blocked for more than %d seconds.", hungTaskNames[i.arg%int64(len(hungTaskNames))], blocked)
		c.line(at, "      Not tainted %s #1", c.release)
	case saysMemory:
		c.line(at, "java invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0")
		c.line(at, "Out of memory: Killed process 812 (java) total-vm:4194304kB, anon-rss:402112kB")
	case saysReadOnly:
		c.line(at, "EXT4-fs error (device nvme0n1p1): ext4_journal_check_start:83: comm systemd-journal: Detected aborted journal")
		c.line(at, "EXT4-fs (nvme0n1p1): Remounting filesystem read-only")
	case saysWritable:
		c.line(at, "EXT4-fs (nvme0n1p1): re-mounted 5fa1c7ee-8e4c-4f0f-a8d2-3d7a0c3c2c11 r/w.")
	case saysSoftLockup:
		c.line(at, "watchdog: BUG: soft lockup - CPU#1 stuck for %ds! [kworker/1:2:417]", firstLockup+lockupEvery*n)
	}
}

// repeat calls fn for everything that comes again and again in an interval, as far as the
// ring keeps it.
func (c *scribe) repeat(i interval, every, most int64, fn func(at, n int64)) {
	last := min((min(i.to, c.at+1)-1-i.from)/every, most-1)
	for n := max(0, last+1-mostKept); n <= last; n++ {
		fn(i.from+n*every, n)
	}
}

func (c *scribe) boot(from, to int64, talk speech) {
	if from > c.at {
		return
	}
	c.up = from
	c.plain(from, version+c.release+builder+"BOOT_IMAGE=/boot/vmlinuz-"+c.release+bootHead)
	c.line(from+1, bootInit)
	if talk == saysSlowBoot {
		c.line(from+4, "systemd-fsck[301]: /dev/nvme0n1p1 has been mounted 31 times without being checked, check forced.")
		c.repeat(interval{from: from + jobEvery, to: to}, jobEvery, 1<<20, func(at, n int64) {
			c.plain(at, fmt.Sprintf("[ ***  ] A start job is running for File System Check on /dev/nvme0n1p1 (%dmin %ds / no limit)\r\n", n+1, 2))
		})
	}
	if c.life.at(to)&bootWrites == 0 { // else another boot, or a shutdown, goes on
		c.plain(to, bootTail)
	}
}

// stop is a shutdown. Meanwhile writes what is said between its beginning and its end.
func (c *scribe) stop(i interval, meanwhile func()) {
	c.plain(i.from, "\r\n         Stopping session-1.scope - Session 1 of User admin...\r\n"+
		"[  OK  ] Stopped target multi-user.target - Multi-User System.\r\n[  OK  ] Stopped target timers.target - Timer Units.\r\n")
	meanwhile()
	c.line(i.to-1, "systemd-shutdown[1]: Syncing filesystems and block devices.")
	c.line(i.to-1, "reboot: Restarting system")
}

// waits is a stop job that init waits for.
func (c *scribe) waits(i interval) {
	c.repeat(interval{from: i.from + jobEvery, to: i.to}, jobEvery, 1<<20, func(at, n int64) {
		c.plain(at, fmt.Sprintf("[*     ] A stop job is running for Nightly maintenance (%dmin %ds / no limit)\r\n", n+1, 0))
	})
}

func (c *scribe) dump(i interval) {
	c.up = i.from
	c.plain(i.from+2, version+c.release+builder+capture)
	c.repeat(interval{from: i.from + 12, to: i.to - 2}, 5, 1<<20, func(at, n int64) {
		of := float64(at-i.from) / float64(i.to-i.from)
		c.plain(at, fmt.Sprintf("\rCopying data                                      : [%5.1f %%] \\  eta: %ds", 100*of, i.to-at))
	})
	c.plain(i.to-1, "\r\nThe dumpfile is saved to STDOUT.\r\n\r\nmakedumpfile Completed.\r\n"+
		"[   41.120013] kdump-tools[260]: kdump-tools: saved vmcore in /var/crash/202603020304.\r\n")
	c.line(i.to, "reboot: Restarting system")
}
