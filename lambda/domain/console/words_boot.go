package console

import "slices"

// bootWords are what is printed while a machine boots.
func bootWords() []word {
	return slices.Concat(
		// The kernel (Linux source, init/main.c, arch/x86/kernel/setup.c). x86 prints its
		// command line at once, and again when memory is set up.
		says(SignVersion, byKernel, "Linux version "),
		says(SignCommand, byKernel, "Command line: ", "Kernel command line: "),
		says(SignCommand, 0, "Using kernel command line parameters: "), // dracut, dracut-cmdline.sh

		// The firmware and the boot loaders. A capture kernel passes neither (SeaBIOS
		// source, src/bootsplash.c and src/boot.c; edk2, MdeModulePkg, BdsDxe; GRUB source,
		// grub-core/kern/main.c and util/grub.d/10_linux.in; iPXE; Linux source,
		// arch/x86/boot/edd.c).
		says(SignFirmware, atHead,
			"SeaBIOS (version", "Booting from Hard Disk", "Booting from ROM", "BdsDxe: loading Boot", "BdsDxe: starting Boot", "UEFI firmware (version",
			"GRUB loading", "Welcome to GRUB!", "GNU GRUB", "Booting `", "Loading Linux ", "Loading initial ramdisk",
			"iPXE ", "Probing EDD", "ISOLINUX ", "SYSLINUX "),

		// The inits (systemd source, src/core/main.c; sysvinit source, src/init.c; OpenRC
		// source, src/openrc/rc.c; initramfs-tools, scripts/functions; Talos).
		says(SignInit, byInit, "running in system mode", "INIT: version "),
		says(SignInit, atHead|byInit, "Welcome to ", "OpenRC "),
		says(SignInit, atHead|byInit, "Begin: Running /scripts/", "Begin: Mounting root file system", "Loading, please wait..."),
		says(SignStep, 0, "[talos] boot sequence:", "[talos] initialize sequence:"),

		// systemd's jobs (systemd source, src/core/manager.c, manager_print_jobs_in_progress).
		says(SignStartJob, byInit|leads, "A start job is running for "),
		says(SignStartJob, byInit, "/start running ("),
		says(signUnit, byInit|leads, "Starting ", "Started ", "Finished ", "Mounted ", "Listening on ", "Found device ", "Created slice "),
		says(signFailed, byInit|leads, "Failed to start ", "Timed out waiting for ", "Dependency failed for "),
		says(signTarget, byInit|leads, "Reached target "),

		// Work that takes long (e2fsprogs, e2fsck/unix.c; systemd source, src/fsck/fsck.c;
		// util-linux, fsck.c; policycoreutils, selinux-autorelabel and fixfiles; Debian
		// initscripts). A check that finds nothing, ": clean,", is a step.
		says(SignWork, 0,
			"Relabeling could take a very long time", "policy relabel is required", "Relabeling / ", "Relabeling all",
			"will be checked", "check forced.", "recovering journal", "Checking file systems", "Checking root file system",
			"Checking filesystems", "Pass 1: Checking", "Pass 2: Checking", "Pass 3: Checking", "Pass 4: Checking", "Pass 5: Checking",
			"Checking in progress on ", ": |="),
		says(signStage, 0, " running '"), // cloud-init's stages (cloud-init source, cmd/main.py, welcome_format)
		says(SignWork, byInit|leads, "Starting File System Check", "Starting Relabel all filesystems"),
		says(signWorked, byInit|leads, "Started File System Check", "Finished File System Check"),
		says(SignStep, byInit, ": clean, ", "fsck from util-linux"),
	)
}

// upWords are what is printed when a boot is over.
func upWords() []word {
	return slices.Concat(
		// A getty's prompt (util-linux, agetty(8)), and login's greeting (shadow, login(1)).
		says(SignLogin, byInit, "login:"), // behind the host's name

		// systemd (systemd source, src/core/manager.c, manager_notify_finished), cloud-init
		// (cloud-init source, cc_final_message), OpenSSH (sshd.c), Talos (talos source,
		// v1alpha1_sequencer and MachineStatusController).
		says(SignReady, byInit|leads, "Startup finished in "),
		says(signDated, 0, " finished at "),
		says(SignReady, 0, "Server listening on ", "[talos] boot sequence: done", "[talos] machine is running and ready"),

		// A boot that has given up waits for a person, for ever. It is not a boot any more
		// (systemd source, src/sulogin-shell; util-linux, sulogin(8); dracut,
		// dracut-emergency; initramfs-tools, scripts/functions; busybox, ash).
		says(SignEmergency, byInit|leads,
			"You are in emergency mode", "You are in rescue mode", "Welcome to emergency mode", "Welcome to rescue mode",
			"Give root password for ", "Press Enter for maintenance", "Cannot open access to console, the root account is locked",
			"Entering emergency mode.", "Enter 'help' for a list of built-in commands", "dracut:/# "),
		says(SignEmergency, atHead|byInit, "(initramfs)"),

		// A kernel that stays where it has panicked (Linux source, kernel/panic.c).
		says(SignPanic, byKernel, "---[ end Kernel panic"),
	)
}

// allWords are all words that are looked for.
func allWords() []word {
	return slices.Concat(dumpWords(), denials(), crashWords(), downWords(), bootWords(), upWords())
}
