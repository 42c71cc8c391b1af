package trial

import (
	"slices"
	"time"
)

// Hang is a way in which user space, or the whole machine, stops answering.
type Hang struct {
	Name    string
	What    string // what is wrong with the machine, as a part of a sentence
	Prepare string // makes it the kind of host that hangs; run by root after its boot, and must succeed
	Script  string // run by root in the guest; it need not return

	Lives    bool // not a hang: it must not be interrupted
	Ends     bool // it may end by itself, in a panic of the kernel's own
	Held     bool // it goes on writing, so that a person must ask
	Restarts bool // init lives on, and starts anew the services that do not say in time that they live
	Unasked  bool // nobody asks its application for a page

	// Speed is how many lab seconds pass in a second, if not Speed: a guest that is slow
	// must not be taken for a silent one because its time runs slower than AWS's.
	Speed float64
	// Kernel are further arguments for the guest's kernel.
	Kernel string
}

// frozen is the hang of the trials that are about how it ends.
const frozen = "frozen-root"

// Hangs are the honest ways to hang a stock kernel that were found, and then guests that
// live although an alarm says otherwise. None of them merely pretends.
func Hangs() []Hang { return slices.Concat(hanging(), living()) }

func hanging() []Hang {
	return []Hang{
		{
			Name: frozen, What: "the root file system is frozen, as under a storage driver that never answers",
			Script: "sync; fsfreeze -f /",
		},
		{
			Name: "stopped", What: "every process but init is stopped, the agent too; init starts the journal anew",
			Script: stopAll, Restarts: true,
		},
		{
			Name: "stopped-volatile", What: "every process but init is stopped, on a host that keeps its journal in memory",
			Prepare: volatileJournal, Script: stopAll, Restarts: true,
		},
		{
			Name: "stopped-timesyncd", What: "every process but init is stopped; init starts systemd-timesyncd anew, which writes once a minute",
			Prepare: startTimesyncd, Script: stopAll, Restarts: true, Held: true,
		},
		{
			Name: "memory", What: "memory is exhausted by processes that the OOM killer may not touch",
			// tail keeps a whole line of what has none. The kernel panics when there is
			// nobody left to kill, which may take a minute.
			Ends:   true,
			Script: "for i in 1 2 3 4; do (echo -1000 >/proc/self/oom_score_adj; exec tail /dev/zero) & done",
		},
		{
			Name: "spinning", What: "real-time tasks spin on every CPU, and nothing bounds them",
			Script: "echo -1 >/proc/sys/kernel/sched_rt_runtime_us; for c in $(seq $(nproc)); do chrt -f 99 sh -c 'while :; do :; done' & done",
		},
		{
			Name: "spinning-bounded", What: "real-time tasks spin on every CPU for 95 % of the time, the kernel's own bound: slow, not hung",
			Lives: true, Speed: 12,
			Script: "for c in $(seq $(nproc)); do chrt -f 99 sh -c 'while :; do :; done' & done",
		},
		{
			Name: "interrupts-off", What: "the CPU takes no interrupts",
			// The task priority register of the local APIC at its highest holds back
			// every interrupt but a non-maskable one ("Task Priority", Intel 64 and
			// IA-32 Architectures Software Developer's Manual). A stock kernel has no
			// test module that would do it, and lets root write there only with
			// iomem=relaxed.
			Script: "busybox devmem 0xfee00080 32 0xff", Kernel: "iomem=relaxed",
		},
	}
}

// living are guests that do not hang at all.
func living() []Hang {
	return []Hang{
		{
			Name: "idle", What: "nothing: it lives, and nobody asks it for a page",
			Script: ":", Lives: true, Unasked: true,
		},
		{
			Name: "agents-stopped", What: "its agent is stopped, and it serves as before",
			Script: "systemctl stop --no-block qemu-guest-agent", Lives: true,
		},
		{
			Name: "idle-agents-stopped", What: "its agent is stopped, and nobody asks it for a page",
			Script: "systemctl stop --no-block qemu-guest-agent", Lives: true, Unasked: true,
		},
	}
}

// stopAll stops every process but init and the one that says so.
const stopAll = "kill -STOP -1"

// startTimesyncd has systemd keep the clock, as on a Debian without chrony.
const startTimesyncd = "rm /etc/systemd/system/systemd-timesyncd.service && systemctl daemon-reload && systemctl start systemd-timesyncd"

// volatileJournal keeps the journal in memory, after a reboot as well.
const volatileJournal = "printf '[Journal]\\nStorage=volatile\\n' >/etc/systemd/journald.conf.d/zz-volatile.conf; " +
	"systemctl restart systemd-journald; rm -rf /var/log/journal; sync"

func (h Hang) speed() float64 {
	if h.Speed > 0 {
		return h.Speed
	}
	return Speed
}

const (
	// historyTakes is how long a guest lives before it hangs: the function compares with
	// at least thirty minutes in which the disk was written.
	historyTakes = 35 * time.Minute
	// alarmTakes is how long the function may take, after the alarm, until its final
	// word: an alarm is fresh for thirty minutes.
	alarmTakes = 33 * time.Minute
)

// wall is a time of the lab on the wall.
func (h Hang) wall(d time.Duration) time.Duration {
	return time.Duration(float64(d) / h.speed())
}

// HangNamed gives the hang of that name.
func HangNamed(name string) (Hang, bool) {
	for _, h := range Hangs() {
		if h.Name == name {
			return h, true
		}
	}
	return Hang{}, false
}
