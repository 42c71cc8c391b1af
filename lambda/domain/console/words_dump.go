package console

import "slices"

// dumpWords are what is printed while a capture kernel saves a dump.
func dumpWords() []word {
	return slices.Concat(
		// The command line of a capture kernel (Linux documentation, "Documentation for
		// Kdump"). kexec_file_load puts the word first, older kexec programs last. dracut
		// repeats the command line (dracut, modules.d, dracut-cmdline.sh).
		says(signHeader, 0, " elfcorehdr="),

		// The file that only a capture kernel has (Linux source, fs/proc/vmcore.c).
		says(SignVmcore, asFact, "/proc/vmcore"),

		makedumpfileWords(), kdumpToolsWords(), dracutWords(), suseWords(),

		// Bottlerocket (bottlerocket, packages/release/capture-kernel-dump.service).
		says(SignDump, byInit|asFact, "Capture dump after kernel crash", "capture-kernel-dump"),

		// Arch Linux (ArchWiki, "Kdump"), and Yocto (meta-openembedded, kexec-tools, kdump).
		says(SignDump, byInit|asFact, "Create dump after kernel crash"),
		says(SignDump, atHead, "Saving a vmcore to "),
	)
}

// makedumpfileWords are those of makedumpfile, on every distribution (makedumpfile
// source, print_info.c, print_info.h and makedumpfile.c). Its progress is read in
// progress.go.
func makedumpfileWords() []word {
	return slices.Concat(
		says(SignProgress, 0, " %]"),
		says(SignWritten, asFact, "The dumpfile is saved to ", "The dumpfiles are saved to "),
		says(SignDmesg, asFact, dmesgLog),
		says(SignCompleted, asFact, "makedumpfile Completed."),
		says(SignDump, asFact,
			"makedumpfile Failed.", "STEP [Copying data", "STEP [Saving",
			"Writing erase info...", "The makedumpfile operation may be incomplete."),
	)
}

// kdumpToolsWords are those of Debian and Ubuntu (kdump-tools, debian/kdump-config.in
// and kdump-tools-dump.service), to a disk, over NFS, SSH and FTP.
func kdumpToolsWords() []word {
	return slices.Concat(
		says(SignClaimed, asFact, "saved vmcore in ", "saved vmcore via "),
		says(SignDmesg, asFact, "saved dmesg content "),
		says(SignFallback, asFact, "makedumpfile failed, falling back to"),
		says(SignDumpFailed, asFact, "failed to save vmcore "),
		says(SignDump, asFact,
			"running makedumpfile ", "sending makedumpfile ", "kdump-tools-dump",
			"failed to save dmesg content ", "makedumpfile --dump-dmesg failed", "makedumpfile scp failed",
			"Dumping to NFS mountpoint "),
	)
}

// dracutWords are those of RHEL and CentOS 7 to 10, Fedora, Amazon Linux 2 and 2023, and
// what is made of them (kdump-utils, dracut-kdump.sh, kdump.sh and kdump-
// capture.service; monitor_dd_progress.sh). The older scripts write "kdump: " before
// each message, the newer ones write by a logger whose name is kdump.
func dracutWords() []word {
	return slices.Concat(
		says(SignDump, asFact, "Kdump Vmcore Save Service", "kdump-capture"),
		says(SignDump, asFact,
			"kdump: saving ", "kdump: dump target is ", "kdump: Executing final action", "kdump: Executing failure action",
			"kdump: error: Dump target ", "kdump: Mounting Dump target ", "Kdump: trying to bring up rootfs device",
			"Kdump: waiting for rootfs mount", "kdump: mounting dump target"),
		says(SignDump, byKdump|asFact,
			"saving to ", "saving vmcore", "saving the ", "saving opalcore", "Executing final action", "Executing failure action",
			"failed to dump to ", "Remounting the dump target"),
		says(SignDumpFailed, byKdump|asFact, "sync vmcore failed", "moving vmcore failed"),
		says(SignDump, 0, "Entering kdump emergency mode", "kdump:/# ", "kdump:/sysroot"),
		says(SignDump, atHead, "Copied "), // "Copied 512 MB / 4096 MB", read in progress.go
	)
}

// suseWords are those of SLES up to 15 (openSUSE/kdump, kdumptool, savedump.cc;
// init/save_dump.sh), and from 15 SP6 on (openSUSE/kdump, dracut/kdump-save and kdump-
// save.service).
func suseWords() []word {
	return slices.Concat(
		says(SignDump, atHead|asFact,
			"Extracting dmesg", "Saving dump ", "Generating README", "Copying System.map", "Copying kernel",
			"Dump saving completed.", "Saved temporary README.txt",
			"Saved final README.txt", "Failed saving dmesg"),
		says(SignDmesg, atHead|asFact, "Saved dmesg"),
		says(SignSaved, atHead|asFact, "Saved vmcore"),
		says(SignDumpFailed, atHead|asFact, "Failed saving vmcore", "Error: Failed saving vmcore", "Deleting vmcore"),
		says(SignDump, byInit|asFact, "save kernel crash dump", "kdump-save"),
	)
}

// denials take back what a word would show: a condition, an error, or a help text.
func denials() []word {
	return says(signDenial, 0,
		"ondition", "No such file", "not met", "not exist", "not found", "skipped", "Usage:", "usage:",
		"generally /proc/vmcore", "not a kdump", "non-kdump", "no vmcore", "!/proc/vmcore", "VMCORE", "cannot access")
}
