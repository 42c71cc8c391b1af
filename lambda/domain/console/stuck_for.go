package console

import (
	"bytes"
	"strings"
	"time"
)

// stuckFor is how long a task or a CPU has been stuck, in the kernel's own words, or 0. Of
// tasks only those count without which no machine works: init, the journal, and a file
// system's own. An application waits for minutes on a living host, for a server that is gone.
// A number of more than maxPart digits is none.
func stuckFor(message []byte) time.Duration {
	return max(hungFor(message), lockedFor(message))
}

// hungFor reads the words of the kernel's watch over tasks (see isHungTask).
//
//	INFO: task jbd2/nvme0n1p1-:251 blocked for more than 362 seconds.
func hungFor(message []byte) time.Duration {
	task, ok := bytes.CutPrefix(message, []byte("INFO: task "))
	if !ok {
		return 0
	}
	end, size := blockedAt(task)
	colon := bytes.LastIndexByte(task[:end], ':')
	if colon < 0 {
		return 0
	}
	name, id := string(task[:colon]), task[colon+1:end]
	if _, digits := number(id, maxWhole); digits == 0 || digits < len(id) || !isNeeded(name, string(id)) {
		return 0
	}
	return seconds(task[end+size:], " seconds.")
}

// isNeeded says whether no machine works without a task: init, the journal, or a file
// system's own writer (ext4's journal thread, fs/jbd2/journal.c; XFS's log thread,
// fs/xfs/xfs_trans_ail.c; btrfs's, fs/btrfs/disk-io.c).
func isNeeded(name, id string) bool {
	return id == "1" || name == journald || strings.HasPrefix(name, "jbd2/") || strings.HasPrefix(name, "xfsaild/") || strings.HasPrefix(name, "btrfs-transacti")
}

// lockedFor reads the words of the watchdog (see isLockup). It gives no time for a hard
// lockup.
//
//	watchdog: BUG: soft lockup - CPU#3 stuck for 263s! [kworker/3:1:123]
func lockedFor(message []byte) time.Duration {
	cpu, ok := bytes.CutPrefix(behindWatchdog(message), []byte(softLockup))
	if !ok {
		return 0
	}
	_, digits := number(cpu, maxWhole)
	rest, ok := bytes.CutPrefix(cpu[digits:], []byte(" stuck for "))
	if digits == 0 || !ok {
		return 0
	}
	return seconds(rest, "s!")
}

// seconds reads the number of seconds that text begins with. The unit must follow.
func seconds(text []byte, unit string) time.Duration {
	n, digits := number(text, maxPart)
	if !hasPrefix(text[digits:], unit) {
		return 0
	}
	return time.Duration(n) * time.Second
}
