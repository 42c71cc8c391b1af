package trial

// Hang is a way in which user space, or the whole machine, stops answering.
type Hang struct {
	Name   string
	What   string // what is wrong with the machine, as a part of a sentence
	Script string // run by root in the guest; it need not return
	Lives  bool   // not a hang: slow, but its agent is heard, and it must not be interrupted
	Ends   bool   // it may end by itself, in a panic of the kernel's own
	// Speed is how many lab seconds pass in a second, if not Speed: a guest that is slow
	// must not be taken for a silent one because its time runs slower than AWS's.
	Speed float64
	// Kernel are further arguments for the guest's kernel.
	Kernel string
}

// frozen is the hang of the trials that are about how it ends.
const frozen = "frozen-root"

// Hangs are the honest ways to hang a stock kernel that were found: none of them
// is a guest that merely pretends.
func Hangs() []Hang {
	return []Hang{
		{
			Name: frozen, What: "the root file system is frozen, as under a storage driver that never answers",
			Script: "sync; fsfreeze -f /",
		},
		{
			Name: "stopped", What: "every process but init is stopped, the agent too",
			Script: "kill -STOP -1",
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
			Lives: true, Speed: 6,
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

func (h Hang) speed() float64 {
	if h.Speed > 0 {
		return h.Speed
	}
	return Speed
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
