package cases

import "time"

// Finding is what the witness concludes of a case.
type Finding string

// The findings.
const (
	FindingDumped     Finding = "dumped"           // the kernel crashed, and its dump is complete
	FindingNoDump     Finding = "panicked-no-dump" // the kernel crashed, and no capture kernel ran
	FindingIgnored    Finding = "ignored"          // the kernel took no notice
	FindingDumpFailed Finding = "dump-failed"      // a capture kernel ran, and left without a complete dump
	FindingHungInDump Finding = "hung-in-dump"     // a capture kernel ran, and got stuck
	FindingRaced      Finding = "raced"            // somebody rebooted, stopped or replaced the instance
	FindingUnproven   Finding = "unproven"         // nothing was seen that proves anything
)

// Findings are all findings, in the order of a reader's interest.
func Findings() []Finding {
	return []Finding{
		FindingDumped, FindingDumpFailed, FindingHungInDump, FindingNoDump, FindingIgnored, FindingRaced, FindingUnproven,
	}
}

// Stage is a stage of a crash.
type Stage string

// The stages of a crash, in their order. A crash may leave some out: an armed kernel
// prints no panic, and a kernel without a capture kernel reboots from its panic.
const (
	StageSent          Stage = "sent"           // EC2 accepted the interrupt, or may have
	StageSeen          Stage = "nmi-seen"       // the kernel noticed it
	StagePanicked      Stage = "panicked"       // the kernel says that it panicked
	StageCaptureKernel Stage = "capture-kernel" // the capture kernel booted: the proof of a crash
	StageDmesgSaved    Stage = "dmesg-saved"    // the log of the crashed kernel is saved
	StageDumpComplete  Stage = "dump-complete"  // the dump is saved, and its writer says that it is whole
	StageRebooted      Stage = "rebooted"       // an ordinary kernel booted after it
	StageReachable     Stage = "reachable"      // the host answers again
)

// Stages are all stages in their order.
func Stages() []Stage {
	return []Stage{
		StageSent, StageSeen, StagePanicked, StageCaptureKernel, StageDmesgSaved, StageDumpComplete, StageRebooted, StageReachable,
	}
}

// Proof is a stage that a crash went through, and what shows it.
type Proof struct {
	Stage  Stage     `json:"stage"`
	Line   string    `json:"line,omitempty"`  // the console's line, as text that prints; empty where something else shows it
	By     string    `json:"by"`              // what shows it: "console", "status check", "agent", "EC2", "Auto Scaling", "Crashcart"
	SeenAt time.Time `json:"seenAt"`          // when it was first seen, by our clock
	Doubt  string    `json:"doubt,omitempty"` // why it may not be so, as a part of a sentence; mostly empty
}
