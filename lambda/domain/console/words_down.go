package console

import "slices"

// downWords are what is printed while a machine goes down.
func downWords() []word {
	return slices.Concat(
		// The kernel (Linux source, kernel/reboot.c, kernel/kexec_core.c, kernel/panic.c,
		// drivers/tty/sysrq.c, arch/x86/kernel/reboot.c). Before
		// version 3.11, as in RHEL 7, its words have no "reboot: " and end with a full stop.
		says(SignLastWord, byKernel,
			"reboot: Restarting system", "reboot: Power down", "reboot: System halted", "reboot: machine restart",
			"reboot: Power off", "Restarting system.", "Restarting system with command", "Power down.", "System halted.", "machine restart",
			"kexec_core: Starting new kernel", "kexec: Starting new kernel", "Starting new kernel",
			"sysrq: Resetting", "SysRq : Resetting", "sysrq: Power Off", "SysRq : Power Off",
			"Rebooting in "),
		// A sleep, and the return from it (kernel/power/suspend.c, hibernate.c, main.c).
		says(SignShutdown, byKernel, "PM: suspend entry", "PM: hibernation: hibernation entry", "PM: hibernation entry",
			"PM: Preparing system for sleep", "PM: Preparing system for mem sleep"),
		says(SignWake, byKernel, "PM: suspend exit", "PM: hibernation: hibernation exit", "PM: hibernation exit",
			"PM: Finishing wakeup"),

		systemdDownWords(), sysvDownWords(), otherDownWords(),
	)
}

// systemdDownWords are those of systemd (systemd source, src/core/job.c, src/core/main.c,
// src/shutdown/shutdown.c, src/login/logind-utmp.c; units/systemd-reboot.service and its
// siblings). Its targets are in target.go.
func systemdDownWords() []word {
	return slices.Concat(
		says(SignStopJob, byInit|leads, "A stop job is running for "),
		says(SignStopJob, byInit, "/stop running (", "/restart running ("),
		says(SignStop, byInit|leads, "Stopped target "),
		says(signStopping, byInit|leads, "Stopping "),
		says(signStopped, byInit|leads, "Stopped "),
		says(SignShutdown, byInit,
			"systemd-reboot.service", "systemd-poweroff.service", "systemd-halt.service", "systemd-kexec.service",
			"systemd-soft-reboot.service"),
		says(SignShutdown, byInit|leads,
			"systemd-shutdown[1]: ", "Sending SIGTERM to remaining processes", "Sending SIGKILL to remaining processes",
			"All filesystems unmounted", "systemd[1]: Shutting down.", "Starting Reboot...", "Starting Power-Off...", "Starting Halt...",
			"Starting Power Off...", "Starting System Reboot", "Starting System Power Off", "Starting System Halt", "Starting Reboot via kexec",
			"Started Reboot.", "Started Power-Off.", "Started Halt.", "Finished Reboot.", "Finished Power-Off.", "Finished Halt.",
			"Finished System Reboot", "Finished System Power Off", "Finished System Halt",
			"The system will reboot now!", "The system will power off now!", "The system will halt now!", "The system will soft-reboot now!"),
		says(SignShutdown, byLogind, "System is rebooting", "System is powering down", "System is halting"),
		says(SignShutdown, 0, "Received SIGTERM from PID 1 (systemd-shutdow"),
		// What systemctl --force and systemd-shutdown print last.
		says(SignLastWord, atHead|byInit, "Rebooting.", "Powering off.", "Halting system.", "Rebooting with kexec."),
		// The shutdown's initramfs (dracut source, modules.d, shutdown.sh).
		says(SignShutdown, atHead, "dracut Warning: Killing all remaining processes", "dracut: Taking over mdmon processes"),
	)
}

// sysvDownWords are those of sysvinit and its scripts (sysvinit source, src/init.c and
// src/shutdown.c; Debian, initscripts; CentOS 6, initscripts, rc.d/init.d/halt).
func sysvDownWords() []word {
	return slices.Concat(
		says(SignShutdown, byInit|leads,
			"INIT: Switching to runlevel: 6", "INIT: Switching to runlevel: 0", "INIT: Entering runlevel: 6", "INIT: Entering runlevel: 0",
			"INIT: Sending processes", "The system is going down for reboot NOW", "The system is going down for halt NOW",
			"The system is going down for power off NOW", "The system is going down for power-off NOW", "The system is going down for poweroff NOW",
			"The system is going down for system halt NOW", "The system is going down for maintenance NOW"),
		says(SignShutdown, byInit|leads,
			"Asking all remaining processes to terminate", "Killing all remaining processes", "Sending all processes the TERM signal",
			"Sending all processes the KILL signal", "Unmounting local filesystems", "Deactivating swap", "Remounting root filesystem read-only",
			"Unmounting file systems", "Turning off swap", "Halting system...", "Please stand by while rebooting the system",
			"shutdown: sending all processes the TERM signal", "shutdown: sending all processes the KILL signal"),
		says(SignLastWord, byInit|leads, "Will now restart", "Will now halt", "Will now power", "The system is halted"),
		says(signStopping, byInit|leads, "Shutting down "),
	)
}

// otherDownWords are those of other inits: OpenRC (OpenRC source, init.d/killprocs.in and
// mount-ro.in), busybox (busybox source, init/init.c), and Talos (talos source,
// v1alpha1_sequencer).
func otherDownWords() []word {
	return slices.Concat(
		says(SignShutdown, byInit|leads,
			"Terminating remaining processes", "Killing remaining processes", "Remounting remaining filesystems read-only",
			"The system is going down NOW", "Sent SIGTERM to all processes", "Sent SIGKILL to all processes"),
		says(SignLastWord, byInit|leads, "Requesting system reboot", "Requesting system poweroff", "Requesting system halt"),
		says(SignShutdown, 0, "[talos] reboot sequence:", "[talos] shutdown sequence:", "[talos] reset sequence:", "[talos] upgrade sequence:"),
	)
}
