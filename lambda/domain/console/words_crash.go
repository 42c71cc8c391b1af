package console

import (
	"bytes"
	"slices"
)

// crashWords are what a machine prints of an interrupt, of its crash, and of the return
// from it. They say nothing of what it is doing now.
func crashWords() []word {
	return slices.Concat(
		// An NMI that nobody claims, and what becomes of it (Linux source,
		// arch/x86/kernel/nmi.c, unknown_nmi_error; 4.14 to 6.17).
		says(SignNMI, byKernel, "Uhhuh. NMI received for unknown reason "),
		says(SignIgnored, byKernel, "Dazed and confused, but trying to continue"),

		// A panic (Linux source, kernel/panic.c).
		says(SignPanicked, byKernel, "Kernel panic - not syncing"),

		// Windows. EC2 shows lines of its launch agents and its newest errors (Amazon EC2
		// User Guide, "Troubleshoot an unreachable Amazon EC2 Windows instance"; Windows event 1001 of
		// WER-SystemErrorReporting).
		says(SignWindowsReady, 0, "Windows is Ready to use"),
		says(SignBugcheck, 0, "has rebooted from a bugcheck"),
	)
}

// A turn is how the text behind a word turns what the word says of a dump. Where has is
// set, it is looked for anywhere near behind the word. Else the text must begin with
// starts.
type turn struct {
	starts, has string
	sign        Sign
}

// dumpTurns are the turns of the words that begin more than one message. The first one
// that fits counts.
func dumpTurns() map[string][]turn {
	vmcore := []turn{ // kdump-utils, dracut-kdump.sh and kdump.sh, dump_fs and dump_ssh: behind the exit code
		{starts: "vmcore complete", sign: SignSaved},
		{starts: "vmcore failed", sign: SignDumpFailed},
		{starts: "vmcore-dmesg.txt complete", sign: SignDmesg},
		{starts: "vmcore-", sign: SignDump},
		{starts: "vmcore", sign: SignWriting},
	}
	behind := make([]turn, 0, len(vmcore))
	for _, t := range vmcore {
		t.starts = t.starts[len("vmcore"):]
		behind = append(behind, t)
	}
	run := []turn{{has: "--dump-dmesg", sign: SignDump}, {sign: SignWriting}} // kdump-tools, debian/kdump-config.in
	return map[string][]turn{
		"kdump: saving ":        vmcore,
		"saving vmcore":         behind,
		"running makedumpfile ": run,
		"sending makedumpfile ": run,
		"Saving dump ": { // openSUSE/kdump, kdumptool, savedump.cc and progress.cc
			{starts: "using ", sign: SignWriting},
			{has: "Finished.", sign: SignSaved},
		},
	}
}

// turned is what a word of a dump shows with the text behind it.
func turned(turns []turn, rest []byte) Sign {
	near := rest[:min(len(rest), near)]
	for _, t := range turns {
		if bytes.HasPrefix(near, []byte(t.starts)) && bytes.Contains(near, []byte(t.has)) {
			return t.sign
		}
	}
	return SignDump
}
