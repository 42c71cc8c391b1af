package console_test

import (
	"testing"

	"crashcart/lambda/domain/console"
)

// The words of every init and kernel that goes down: each alone says so.
func TestEveryWordOfAShutdownIsAShutdown(t *testing.T) {
	for _, text := range []string{
		// the kernel
		"[  913.1] reboot: Restarting system",
		"[  913.1] reboot: Restarting system with command 'kexec'",
		"[  913.1] Restarting system.",
		"[57930.088761] Restarting system..",
		"Restarting system.",
		"[  913.1] reboot: Power down",
		"[  913.1] Power down.",
		"[  913.1] reboot: System halted",
		"[  913.1] System halted.",
		"[  913.1] reboot: machine restart",
		"[  913.1] kexec_core: Starting new kernel",
		"[  913.1] Starting new kernel",
		"[  913.1] sysrq: Resetting",
		"[  913.1] Rebooting in 10 seconds..",
		"[  913.1] PM: suspend entry (deep)",
		"[  913.1] PM: hibernation: hibernation entry",
		"[  913.1][    T1] reboot: Restarting system",
		// systemd
		"[ ***  ] A stop job is running for LSB: web server (4min 6s / 5min 1s)\r",
		"[  *** ] (1 of 2) A stop job is running for Docker (34s / no limit)\r",
		"[**    ] Job data.service/stop running (34s / no limit)\r",
		"[  OK  ] Stopped target Multi-User System.",
		"[  OK  ] Stopped target timers.target - Timer Units.",
		"         Stopping Session 1 of User ec2-user...\r\n         Stopping LSB: a...\r\n         Stopping LSB: b...\r\n         Stopping LSB: c...",
		"[  OK  ] Reached target Shutdown.",
		"[  OK  ] Reached target shutdown.target - System Shutdown.",
		"[  OK  ] Reached target Unmount All Filesystems.",
		"[  OK  ] Reached target Late Shutdown Services.",
		"[  OK  ] Reached target Final Step.",
		"[  OK  ] Reached target Power-Off.",
		"[  OK  ] Reached target System Power Off.",
		"[  OK  ] Reached target Reboot.",
		"[  OK  ] Reached target kexec.target - Reboot via kexec.",
		"[  OK  ] Reached target soft-reboot.target - Reboot User Space.",
		"         Starting Reboot...",
		"         Starting System Power Off...",
		"[  OK  ] Finished systemd-reboot.service - System Reboot.",
		"[  912.4] systemd[1]: Shutting down.",
		"[  912.5] systemd-shutdown[1]: Syncing filesystems and block devices.",
		"[  912.5] systemd-shutdown[1]: Waiting for process: 812 (app)",
		"[  912.5] systemd-journald[212]: Received SIGTERM from PID 1 (systemd-shutdow).",
		"[  912.5] systemd-logind[612]: System is rebooting.",
		"Sending SIGTERM to remaining processes...",
		"Sending SIGKILL to remaining processes...",
		"dracut Warning: Killing all remaining processes",
		"Powering off.",
		"Rebooting.",
		"\r\nBroadcast message from root@host on pts/1 (Sat 2026-11-28 05:00:00 UTC):\r\n\r\nThe system will reboot now!",
		// sysvinit
		"\r\nBroadcast message from root@host (Sat Nov 28 05:00:00 2026):\r\n\r\nThe system is going down for reboot NOW!",
		"The system is going down for system halt NOW!",
		"INIT: Switching to runlevel: 6",
		"INIT: Switching to runlevel: 0",
		"INIT: Sending processes the TERM signal",
		"Stopping sshd: [  OK  ]\r\nShutting down postfix: [  OK  ]\r\nStopping crond: [  OK  ]",
		"Sending all processes the KILL signal... [  OK  ]",
		"[ ok ] Asking all remaining processes to terminate...done.",
		"[info] Will now restart.",
		"Unmounting local filesystems...done.",
		"Please stand by while rebooting the system...",
		"The system is halted. Press CTRL-ALT-DEL or turn off power",
		// Upstart, OpenRC, busybox, Talos, appliances
		" * Stopping web server apache2\r\n * Asking all remaining processes to terminate... [ OK ]\r\n * Will now restart",
		" * Terminating remaining processes ... [ ok ]",
		" * Stopping local ... [ ok ]\r\n * Stopping sshd ... [ ok ]\r\n * Stopping busybox ntpd ... [ ok ]",
		"The system is going down NOW!",
		"Sent SIGTERM to all processes",
		"Requesting system reboot",
		"[ 9000.1] [talos] reboot sequence: 12 phase(s)",
		"The system is going down NOW !!",
	} {
		for where, before := range map[string]string{"behind a prompt": up, "on a line of its own": up + "\r\n", "where the ring has forgotten all else": ""} {
			r := console.Scan([]byte(before + text + "\r\n"))
			if r.Activity != console.ShuttingDown || r.Line == "" {
				t.Errorf("%q %s: %s, %q", text, where, r.Activity, r.Line)
			}
		}
	}
}

// What has the words of a shutdown, and is said by somebody who cannot know, of something
// else, or of another time.
func TestWhatIsNoShutdown(t *testing.T) {
	for _, line := range []string{
		"[  913.1] systemd[900]: Stopped target Main User Target.",
		"[  913.2] systemd[900]: Reached target Shutdown.",
		"[  913.3] systemd[900]: Reached target Exit the Session.",
		"[  123.4] systemd[1]: Stopping User Manager for UID 1000...\r\n[  123.5] systemd[1]: Stopped User Manager for UID 1000.\r\n[  123.6] systemd[1]: Stopping User Runtime Directory /run/user/1000...\r\n[  123.7] systemd[1]: Stopped User Runtime Directory /run/user/1000.\r\n[  123.8] systemd[1]: Removed slice User Slice of UID 1000.",
		"         Stopping a...\r\n[  OK  ] Stopped a.\r\n         Stopping b...\r\n[  OK  ] Stopped b.\r\n         Stopping c...\r\n[  OK  ] Stopped c.",
		"podman[812]: [  OK  ] Reached target Power-Off.",
		"[  913.1] containerd[812]: systemd-shutdown[1]: Powering off.",
		"Nov 28 03:00:00 host systemd[1]: Reached target Shutdown.",
		"Nov 28 03:00:00 host kernel: [  913.100000] reboot: Restarting system",
		"Nov 28 03:00:00 host kernel: reboot: Restarting system",
		"2026-11-28T03:00:00+00:00 host systemd-shutdown[1]: Sending SIGTERM to remaining processes...",
		"[  913.1] app[812]: Restarting system.",
		"[  913.1] app[812]: System is rebooting.",
		"app: Rebooting.",
		"[  913.1] app[812]: the user's login: Restarting system.",
		"app[812]: the user's login: [  OK  ] Reached target Shutdown.",
		"INFO 02-27 15:02:41 [utils.py:292] Terminating remaining processes ...",
		"ERROR app: Reached target Shutdown",
		"The system is going down for reboot at Sat 2026-11-28 05:00:00 UTC!",
		"INIT: Switching to runlevel: 3",
		"         Stopping OpenSSH server daemon...\r\n[  OK  ] Stopped OpenSSH server daemon.\r\n         Starting OpenSSH server daemon...\r\n[  OK  ] Started OpenSSH server daemon.",
		"         Stopping a...\r\n         Stopping b...\r\n         Stopping c...\r\n         Starting a...\r\n[  OK  ] Started a.",
		"[ ***  ] A stop job is running for web (4min 6s / 5min 1s)\r[  OK  ] Stopped web.\r\n         Starting web...\r\n[  OK  ] Started web.",
		"[  913.1] smpboot: CPU 1 is now offline",
		"[  913.1] watchdog: Stopping a b c\r\n[  913.1] x: Stopped\r\n[  913.1] y: Stopping z",
	} {
		if r := console.Scan([]byte(up + "\r\n" + line + "\r\n")); r.Activity != console.Quiet {
			t.Errorf("%q: %s, %q", line, r.Activity, r.Line)
		}
	}
}

func TestAShutdownEndsWithWhatIsNewer(t *testing.T) {
	const (
		stopped = "[  913.1] systemd[1]: Stopped target Multi-User System.\r\n"
		reached = "[  913.1] systemd[1]: Reached target Shutdown.\r\n"
		softly  = "[  913.1] systemd[1]: Reached target soft-reboot.target - Reboot User Space.\r\n"
		welcome = "\r\nWelcome to Fedora Linux 39!\r\n"
		ready   = "[  OK  ] Reached target multi-user.target - Multi-User System.\r\n"
		day     = "[86520.1] INFO: task app:812 blocked for more than 120 seconds.\r\n"
	)
	judgeAll(t, []reading{
		{"the same second", up + restart + "[   13.022] reboot: machine restart\r\n", console.ShuttingDown},
		{"minutes later", up + "\r\n" + reached + "[ 1200.0] nvme: x\r\n", console.ShuttingDown},
		{"a day later", up + "\r\n" + reached + day, console.Quiet},
		{"a day after things were stopped", up + "\r\n" + stopped + day, console.Quiet},
		{"a day after the last word", up + restart + day, console.Quiet},
		{"a stop job that goes on", up + "\r\n" + stopped + "[ 7200.1] nvme: x\r\n[ ***  ] A stop job is running for Database (2h / no limit)\r", console.ShuttingDown},
		{"a stop job that goes on among the kernel's lines", up + "\r\n" + stopped + "[ 7200.1] nvme: x\r\n[ ***  ] A stop job is running for Database (2h / no limit)\r[ 7201.1] nvme: x\r\n", console.ShuttingDown},
		{"a stop job for hours without a word of the kernel", up + "\r\n" + stopped + "[ ***  ] A stop job is running for Database (2h / no limit)\r[ 8113.1] nvme: x\r\n", console.ShuttingDown},
		{"a stop job, its beginning forgotten", "[ ***  ] A stop job is running for Database (2h / no limit)\r[ 8113.1] nvme: x\r\n", console.ShuttingDown},
		{"a stop job that has long gone silent", up + "\r\n[ ***  ] A stop job is running for Database (2h / no limit)\r[ 8113.1] nvme: x\r\n" + day, console.Quiet},
		{"a last word of user space, its beginning forgotten", "Rebooting.\r\n[ 8113.1] reboot: Restarting system\r\n", console.ShuttingDown},
		{"things that are stopped, and a login", up + "\r\n" + stopped + prompt, console.Quiet},
		{"things that are stopped, and a rescue shell", up + "\r\n" + stopped + "You are in rescue mode. After logging in, type \"journalctl -xb\" to view\r\n", console.Quiet},
		{"a plymouth that is started on the way down", up + "\r\n" + stopped + "[  OK  ] Started Show Plymouth Reboot Screen.\r\n", console.ShuttingDown},
		{"user space alone", up + "\r\n" + softly, console.ShuttingDown},
		{"user space alone, and it begins again", up + "\r\n" + softly + welcome, console.Booting},
		{"user space alone, and it is back", up + "\r\n" + softly + welcome + ready, console.Quiet},
		{"the targets of a boot", up + "\r\n" + reached + "[  OK  ] Reached target Basic System.\r\n", console.Booting},
		{"the targets of a boot, and its end", up + "\r\n" + reached + "[  OK  ] Reached target Basic System.\r\n" + ready, console.Quiet},
		{"firmware", up + restart + "SeaBIOS (version 1.8.2)\r\nBooting from Hard Disk 0...\r\n", console.Booting},
		{"a boot loader", up + restart + "  Booting `Amazon Linux 2023'\r\n", console.Booting},
		{"a quiet kernel, and a login", up + restart + prompt, console.Quiet},
		{"a quiet kernel", up + restart + "[    3.2] nvme: x\r\n", console.Booting},
		{"a quiet kernel, long ago", up + restart + "[    3.2] nvme: x\r\n" + day, console.Quiet},
		{"a quiet kernel after kexec", up + "[  913.1] kexec_core: Starting new kernel\r\n/dev/sda1: clean, 35704/655360 files, 366185/2621179 blocks\r\n\r\nDebian GNU/Linux 9 debian ttyS0\r\n\r\ndebian login: ", console.Quiet},
		{"an appliance", up + "The system is going down NOW !!\r\nPlease stand by while rebooting the system.\r\nRestarting system.\r\n\r\nSystem is starting...\r\nappliance login: ", console.Quiet},
		{"a sleep", up + "[  913.1] PM: suspend entry (deep)\r\n[  914.1] PM: suspend exit\r\n", console.Quiet},
		{"a sleep on the disk", up + "[  913.1] PM: hibernation: hibernation entry\r\n[  920.1] reboot: Power down\r\n" + version + command + "[  921.1] PM: hibernation: hibernation exit\r\n", console.Quiet},
		{"a panic on the way down", up + "\r\n" + reached + "[  914.1] ---[ end Kernel panic - not syncing: Attempted to kill init! ]---\r\n", console.Quiet},
		{"the last word in a shutdown's middle", up + "\r\n" + reached + restart, console.ShuttingDown},
	})
}
