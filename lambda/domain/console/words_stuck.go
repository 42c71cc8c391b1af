package console

import "bytes"

// isStuck says whether a message of the kernel says that the machine cannot go on: a CPU
// that is locked up, a CPU that keeps RCU waiting, a panic for want of memory, or a hung
// task without which no machine works. The words are those of Linux 3.10 to 6.17. An
// application that hangs is no such task, and a killed process is no such want.
func isStuck(message []byte) bool {
	return isLockup(message) || isStall(message) || isDeadlock(message) || isHungTask(message)
}

// isLockup reads the watchdog's words (Linux source, kernel/watchdog.c; until 6.4 also
// kernel/watchdog_hld.c). Its name before them has changed over time.
//
//	watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:123]
//	NMI watchdog: Watchdog detected hard LOCKUP on cpu 3
func isLockup(message []byte) bool {
	message = behindWatchdog(message)
	return hasPrefix(message, softLockup) || hasPrefix(message, "Watchdog detected hard LOCKUP on cpu ")
}

// softLockup is how the watchdog's words on a CPU begin that runs the same task for ever.
const softLockup = "BUG: soft lockup - CPU#"

// behindWatchdog is the text behind the watchdog's name.
func behindWatchdog(message []byte) []byte {
	message = after(message, "NMI ")
	message = after(message, "watchdog: ")
	if rest := after(message, "CPU"); len(rest) < len(message) { // "CPU3: ", in newer ones
		_, digits := number(rest, maxWhole)
		message = after(rest[digits:], ": ")
	}
	return message
}

// isStall reads the words of RCU (Linux source, kernel/rcu/tree_stall.h; until 5.0
// kernel/rcu/tree.c). An expedited stall does not count, since it may be one of 20 ms.
//
//	rcu: INFO: rcu_sched self-detected stall on CPU
//	rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
func isStall(message []byte) bool {
	message = after(message, "rcu: ")
	name := after(message, "INFO: rcu_")
	if len(name) == len(message) {
		return false
	}
	n := 0
	for n < len(name) && n < maxName && name[n] != ' ' {
		n++
	}
	return hasPrefix(name[n:], " self-detected stall on CPU") || hasPrefix(name[n:], " detected stalls on CPUs/tasks")
}

// isDeadlock reads the words of a machine without memory (Linux source, mm/oom_kill.c,
// out_of_memory; the second ones until 4.18). Only the panic counts. The words "Out of
// memory and no killable processes" alone come from a healthy machine, too: a container
// has no memory left, and none of its processes may be killed.
func isDeadlock(message []byte) bool {
	panicked := after(message, "Kernel panic - not syncing: ")
	return len(panicked) < len(message) &&
		(hasPrefix(panicked, "System is deadlocked on memory") || hasPrefix(panicked, "Out of memory and no killable processes"))
}

// isHungTask reads the words of the kernel's watch over tasks (Linux source,
// kernel/hung_task.c). A task may have any name, but no other one has init's number.
//
//	INFO: task systemd:1 blocked for more than 120 seconds.
func isHungTask(message []byte) bool {
	task := after(message, "INFO: task ")
	if len(task) == len(message) {
		return false
	}
	end, _ := blockedAt(task)
	colon := bytes.LastIndexByte(task[:end], ':')
	if colon < 0 {
		return false
	}
	name, id := string(task[:colon]), string(task[colon+1:end])
	return id == "1" || name == journald
}

// blockedAt is where the words behind a task's number begin, and how long they are. It is 0
// where there are none. No name is long enough to have them in it.
func blockedAt(task []byte) (at, size int) {
	const most = 64 // a name, a number, and the words
	task = task[:min(len(task), most)]
	for _, words := range []string{" blocked for more than ", " blocked in I/O wait for more than "} { // the second since 6.17
		if at := bytes.Index(task, []byte(words)); at >= 0 {
			return at, len(words)
		}
	}
	return 0, 0
}

// journald is the name of systemd-journald. The kernel keeps 15 bytes of a name (Linux
// source, include/linux/sched.h, TASK_COMM_LEN). The SSM agent is not asked: what blocks it
// silences its ping as well, and that would be one cause counted twice.
const journald = "systemd-journal"

// after is the text behind the prefix, or all of it where it does not begin so.
func after(text []byte, prefix string) []byte {
	if hasPrefix(text, prefix) {
		return text[len(prefix):]
	}
	return text
}

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}
