package console

import "bytes"

// The kernel's words below are those of init/main.c, arch/x86/kernel/setup.c,
// kernel/reboot.c and arch/x86/kernel/reboot.c in the Linux source.

var (
	versionWords = [][]byte{[]byte("Linux version ")}
	// x86 prints its command line at once, and again when memory is set up.
	commandWords = [][]byte{[]byte("Command line: "), []byte("Kernel command line: ")}

	// lastWords are what the kernel prints when nothing of user space is left.
	lastWords = [][]byte{
		[]byte("reboot: Restarting system"),
		[]byte("reboot: Power down"),
		[]byte("reboot: System halted"),
		[]byte("reboot: machine restart"),
	}
	// captureSigns are what only a capture kernel has: the file from which it reads the
	// crashed kernel, and the unit in which Debian's kdump-tools reads it.
	captureSigns = [][]byte{[]byte("/proc/vmcore"), []byte("kdump-tools-dump.")}
)

// indexAny finds the first of words that is in line.
func indexAny(line []byte, words [][]byte) int {
	for _, w := range words {
		if at := bytes.Index(line, w); at >= 0 {
			return at
		}
	}
	return -1
}

// indexBoot finds the kernel's first line. It stands at the start of a line or, with the
// kernel's time, behind text of user space that has not ended its line.
func indexBoot(line []byte) int {
	at, seconds := indexKernel(line, versionWords)
	if seconds > 0 {
		return -1 // a program repeats it: the kernel prints this at zero
	}
	return at
}

// indexCommandLine finds the kernel's command line.
func indexCommandLine(line []byte) int {
	at, _ := indexKernel(line, commandWords)
	return at
}

// indexKernel finds words that the kernel prints: at the start of the line, or right after
// the kernel's time. Elsewhere a program may print the same words. It gives the place
// where the kernel's line begins, and its time in seconds.
func indexKernel(line []byte, words [][]byte) (at, seconds int) {
	for _, w := range words {
		for from := 0; ; {
			i := bytes.Index(line[from:], w)
			if i < 0 {
				break
			}
			i += from
			if i == 0 {
				return 0, 0
			}
			if at, seconds, ok := stampBefore(line[:i]); ok {
				return at, seconds
			}
			from = i + len(w)
		}
	}
	return -1, 0
}

// stampBefore reads the kernel's time that head ends with, "[    0.000000] " or
// with the caller's id "[    0.000000][    T0] ", and gives where it begins.
func stampBefore(head []byte) (at, seconds int, ok bool) {
	const longest = 40 // two brackets with room to spare
	tail := head[max(0, len(head)-longest):]
	if !bytes.HasSuffix(tail, []byte("] ")) {
		return 0, 0, false
	}
	for end := len(tail); end > 0; {
		open := bytes.LastIndexByte(tail[:end], '[')
		if open < 0 {
			break
		}
		if seconds, ok = stamp(tail[open:]); ok {
			return len(head) - len(tail) + open, seconds, true
		}
		end = open
	}
	return 0, 0, false
}

// indexShutdown finds a sign that the machine is going down. last says that it is one of
// lastWords.
func indexShutdown(line []byte) (at int, last bool) {
	if at := indexAny(line, lastWords); at >= 0 {
		return at, true
	}
	if at := bytes.Index(line, []byte("systemd-shutdown[1]: ")); at >= 0 {
		return at, false
	}
	return indexTarget(line, downTargets), false
}

// isReady says whether a line is printed only when a boot is finished: one of systemd's
// targets for logins, the line in which systemd sums up the boot, or the last line of
// cloud-init.
func isReady(line []byte) bool {
	if indexTarget(line, readyTargets) >= 0 || bytes.Contains(line, []byte("Startup finished in ")) {
		return true
	}
	return bytes.Contains(line, []byte("loud-init")) && bytes.Contains(line, []byte(" finished at "))
}

// The targets of systemd (systemd.special(7)) by which a machine goes down, and those by
// which it is up. Older versions print a target's description; newer ones print its name
// first. The descriptions have changed over time.
var (
	downTargets = [][]byte{
		[]byte("shutdown.target"), []byte("reboot.target"), []byte("poweroff.target"), []byte("halt.target"),
		[]byte("System Shutdown"), []byte("System Reboot"), []byte("System Power Off"), []byte("System Halt"),
		[]byte("Shutdown"), []byte("Reboot"), []byte("Power-Off"), []byte("Halt"),
	}
	readyTargets = [][]byte{
		[]byte("multi-user.target"), []byte("graphical.target"), []byte("getty.target"),
		[]byte("Multi-User"), []byte("Graphical Interface"), []byte("Login Prompts"),
	}
)

// indexTarget finds the system's own "Reached target" of one of the targets. A
// user's systemd reaches its shutdown.target whenever that user logs out.
func indexTarget(line []byte, targets [][]byte) int {
	reached := []byte("Reached target ")
	at := bytes.Index(line, reached)
	if at < 0 || bytes.Contains(line[:at], []byte("systemd[")) && !bytes.Contains(line[:at], []byte("systemd[1]: ")) {
		return -1
	}
	for _, t := range targets {
		if bytes.HasPrefix(line[at+len(reached):], t) {
			return at
		}
	}
	return -1
}
