package trial

import (
	"slices"
	"time"

	"crashcart/lab/guest/image"
)

// Trial is one guest from its boot to its end: how it is prepared, how it hangs,
// and what must become of it.
type Trial struct {
	Name string
	What string // what is special about it, as a part of a sentence
	Hang string // one of Hangs

	Kernel      image.Kernel
	CrashKernel string // the memory reserved for the capture kernel; NoCrashKernel for none
	MemoryMB    int
	Prepare     string // a script run by root before the hang, which must succeed
	// Strike is a stage at which the lab interrupts the guest once more, as the product
	// never does.
	Strike string
	// Cut has the guest reset while it sends its dump, after the first part of it.
	Cut bool

	End End
}

// NoCrashKernel is a kernel that reserves no memory for a capture kernel.
const NoCrashKernel = "none"

// Dump is what is left of a dump on the disk.
type Dump string

// What may be left of a dump.
const (
	NoDump    Dump = "none"  // nothing at all
	DmesgOnly Dump = "dmesg" // the kernel's log, and at most a piece of the dump that says it is one
	FalseDump Dump = "false" // a file with a dump's name, and not a dump
	WholeDump Dump = "whole" // a dump that makedumpfile finished
)

// End is how a trial must end.
type End struct {
	Refused string   // the rule that must refuse to interrupt it; then nothing else becomes of it
	Held    bool     // that rule must leave it to a person, rather than refuse
	Lives   bool     // either is right: nothing is wrong with it
	Ends    bool     // it may have crashed by itself before, and be refused because it is alive again
	Stages  []string // exactly those, in this order
	Back    bool     // the guest comes back by itself
	Dump    Dump
	Watch   time.Duration // on the wall, how long it is watched if it does not come back
}

// The stages of a crash, as the serial console shows them (decision D8 of the
// design). The lab reads them for itself, so that what the product believes can be
// held against it.
const (
	StageSent          = "sent"
	StageSeen          = "nmi-seen"
	StagePanicked      = "panicked"
	StageCaptureKernel = "capture-kernel"
	StageDmesgSaved    = "dmesg-saved"
	StageDumpComplete  = "dump-complete"
	StageRebooted      = "rebooted"
	StageReachable     = "reachable"
)

// Long enough to know a slow guest from a guest that does nothing any more.
const (
	quietWatch = 20 * time.Second // nothing is expected
	crawlWatch = 45 * time.Second // a capture kernel that crawls
)

var (
	dumped = End{
		Stages: []string{StageSent, StageCaptureKernel, StageDmesgSaved, StageDumpComplete, StageRebooted, StageReachable},
		Back:   true, Dump: WholeDump,
	}
	undumped = End{
		Stages: []string{StageSent, StageCaptureKernel, StageDmesgSaved, StageRebooted, StageReachable},
		Back:   true, Dump: DmesgOnly,
	}
)

// alive is the end of what was not hung.
var alive = End{Refused: "unresponsive", Dump: NoDump}

// capturedOnly are the stages of a crash of which nothing was saved.
var capturedOnly = []string{StageSent, StageCaptureKernel, StageRebooted, StageReachable}

// fillUp leaves no block of the disk free. Most of it is only set aside, so that it
// takes no room outside of the guest; what one writer could not have is left to the next.
const fillUp = "fallocate -l $(( $(df --output=avail -B1 / | tail -1) - 1024 * 1024 )) /var/fill; " +
	"cat /dev/zero >/var/fill2; cat /dev/zero >/var/fill3; sync; test $(df --output=avail -B1 / | tail -1) -eq 0"

// Ends are the trials that show every way in which an interrupt can end.
func Ends() []Trial {
	trials := slices.Concat(kernels(), disks(), captures())
	for i := range trials {
		trials[i].Hang = frozen
	}
	return trials
}

// Ways are the trials that show every way home of a dump. Their crashes are those of Ends.
func Ways() []Trial {
	return []Trial{
		{Name: "dumped-cut", What: "it is reset while it sends its dump, after the first part of it", Hang: frozen, Cut: true, End: dumped},
	}
}

// kernels are the trials of a kernel that is prepared, or is not.
func kernels() []Trial {
	return []Trial{
		{Name: "dumped", What: "a kernel that is prepared", End: dumped},
		{Name: "dumped-backport", What: "a kernel of another series that is prepared", Kernel: image.Backport, End: dumped},
		{
			Name: "ignored", What: "kernel.unknown_nmi_panic is off", Prepare: "sysctl -w kernel.unknown_nmi_panic=0",
			End: End{Stages: []string{StageSent, StageSeen}, Dump: NoDump, Watch: quietWatch},
		},
		{
			Name: "no-kdump", What: "no capture kernel is loaded", CrashKernel: NoCrashKernel,
			End: End{Stages: []string{StageSent, StageSeen, StagePanicked, StageRebooted, StageReachable}, Back: true, Dump: NoDump},
		},
		{
			Name: "no-kdump-silent", What: "no capture kernel is loaded, and kernel.panic is 0", CrashKernel: NoCrashKernel,
			Prepare: "sysctl -w kernel.panic=0",
			End:     End{Stages: []string{StageSent, StageSeen, StagePanicked}, Dump: NoDump, Watch: quietWatch},
		},
	}
}

// unlogged keeps every log off the disk. A journal on it makes room by itself where there
// is little, and a line of a log takes the last block.
const unlogged = "systemctl stop syslog.socket rsyslog; " + volatileJournal + "; "

// disks are the trials of a dump that finds no room, or no makedumpfile.
func disks() []Trial {
	trials := fullDisks()
	for i := range trials {
		trials[i].Prepare = unlogged + trials[i].Prepare
	}
	return trials
}

func fullDisks() []Trial {
	return []Trial{
		{
			Name: "disk-full", What: "5 MB are free: less than a dump takes",
			Prepare: "fallocate -l $(( $(df --output=avail -B1 / | tail -1) - 5 * 1024 * 1024 )) /var/fill; sync",
			End:     undumped,
		},
		{
			Name: "disk-completely-full", What: "one block is free, for the dump's directory: kdump-tools says that it saved a dump",
			Prepare: "head -c 4096 /dev/zero >/var/block; sync; " + fillUp + "; rm /var/block; sync",
			End:     End{Stages: capturedOnly, Back: true, Dump: FalseDump},
		},
		{
			Name: "disk-without-a-block", What: "nothing is free, not even for the dump's directory",
			Prepare: fillUp,
			End:     End{Stages: capturedOnly, Back: true, Dump: NoDump},
		},
		{
			Name: "makedumpfile-dies", What: "makedumpfile ends at once: kdump-tools says that it saved a dump",
			Prepare: `printf 'MAKEDUMP_ARGS="-c -d 31 --work-dir"\n' >>/etc/default/kdump-tools; sync`,
			End: End{
				Stages: []string{StageSent, StageCaptureKernel, StageDmesgSaved, StageRebooted, StageReachable},
				Back:   true, Dump: FalseDump,
			},
		},
	}
}

// captures are the trials of a capture kernel that is disturbed, or starved.
func captures() []Trial {
	return []Trial{
		{
			Name: "second-interrupt-early", What: "another interrupt hits the capture kernel as it starts, which ignores it",
			Strike: StageCaptureKernel, End: dumped,
		},
		{
			Name: "second-interrupt", What: "another interrupt hits the capture kernel while it writes the dump",
			Strike: StageDmesgSaved,
			// Not even the log is left: it was in memory still.
			End: End{Stages: undumped.Stages, Back: true, Dump: NoDump},
		},
		{
			Name: "capture-starves", What: "the capture kernel has too little memory for user space", MemoryMB: 256, CrashKernel: "72M",
			End: End{Stages: []string{StageSent, StageCaptureKernel}, Dump: NoDump, Watch: crawlWatch},
		},
		{
			Name: "capture-panics", What: "the capture kernel has too little memory to start", MemoryMB: 256, CrashKernel: "64M",
			End: End{Stages: []string{StageSent, StageCaptureKernel}, Dump: NoDump, Watch: crawlWatch},
		},
	}
}

// Few are the names of the trials that are worth running with every change.
func Few() []string { return []string{"dumped", "ignored", "no-kdump", "disk-completely-full"} }

// Of is the trial that hangs a prepared guest in a certain way.
func Of(h Hang) Trial {
	end := dumped
	if h.Lives || h.Held {
		end = alive
	}
	end.Ends, end.Held, end.Lives = h.Ends, h.Held, h.Lives
	return Trial{Name: h.Name, What: h.What, Hang: h.Name, End: end}
}
