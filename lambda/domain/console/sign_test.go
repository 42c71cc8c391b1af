package console_test

import (
	"strings"
	"testing"

	"crashcart/lambda/domain/console"
)

const (
	version = "[    0.000000] Linux version 6.1.0 (builder@example.com)\r\n"
	command = "[    0.000000] Command line: root=/dev/nvme0n1p1 ro console=ttyS0,115200n8 crashkernel=256M\r\n"
	capture = "[    0.000000] Command line: root=/dev/nvme0n1p1 ro irqpoll nr_cpus=1 elfcorehdr=458100K\r\n"
	prompt  = "\r\nip-10-0-0-7 login: "
	restart = "[   13.021823] reboot: Restarting system\r\n"
)

func TestReadRules(t *testing.T) {
	for _, c := range []struct {
		name, console string
		want          console.Activity
	}{
		{"nothing", "", console.Quiet},
		{"a boot", version + command, console.Booting},
		{"a boot that is done", version + command + prompt, console.Quiet},
		{"a boot long ago", version + command + "[  601.000000] nvme nvme0: I/O 21 timeout\r\n", console.Quiet},
		{"a boot ten minutes ago", version + command + "[  600.999999] nvme nvme0: I/O 21 timeout\r\n", console.Booting},
		{"ready by its target", version + "[  OK  ] Reached target multi-user.target - Multi-User System.\r\n", console.Quiet},
		{"ready by an old systemd's target", version + "[\x1b[32m  OK  \x1b[0m] Reached target Multi-User System.\r\n", console.Quiet},
		{"ready by systemd's sum", version + "systemd[1]: Startup finished in 2.1s (kernel) + 9s (userspace) = 11.1s.\r\n", console.Quiet},
		{"ready by cloud-init", version + "[   21.7] cloud-init[1432]: Cloud-init v. 22.2.2 finished at Sun, 22 Nov 2026 05:27:28 +0000.\r\n", console.Quiet},
		{"another target is not ready", version + "[  OK  ] Reached target basic.target - Basic System.\r\n", console.Booting},
		{"a boot behind a prompt", prompt + "\x1b[?2004hroot# \x1b[?2004l\r" + version, console.Booting},
		{"a boot with the caller's id", prompt + "[    0.000000][    T0] Linux version 6.12.1\r\n", console.Booting},
		{"a boot without times", prompt + "\r\nLinux version 6.1.0 (builder@example.com)\r\n", console.Booting},
		{"a boot without times behind a prompt", prompt + "root# \x1b[?2004l\rLinux version 6.1.0 (builder@example.com)\r\n", console.Booting},
		{"a version that is only quoted", prompt + "\r\n[  812.000000] app: Linux version 6.1\r\n", console.Quiet},
		{"a version long after the boot", prompt + "\r\n[  812.000000] Linux version 6.1 is too old for this module\r\n", console.Quiet},
		{"a boot behind a quotation", prompt + "\r\necho Linux version [    0.000000] Linux version 6.1.0\r\n", console.Booting},
		{"the version cut away", "0] Linux version 6.1.0\r\n" + command, console.Booting},

		{"a capture kernel", version + capture, console.Dumping},
		{"a capture kernel without times", "Linux version 6.1.0\nCommand line: ro elfcorehdr=458100K\n", console.Dumping},
		{"a capture kernel's second command line", "[    0.048409] Kernel command line: ro elfcorehdr=458100K\r\n", console.Dumping},
		{"a capture kernel with the caller's id", "[    0.000000][    T0] Command line: ro elfcorehdr=458100K\r\n", console.Dumping},
		{"a capture kernel with a login", version + capture + prompt, console.Dumping},
		{"a capture kernel after an hour", version + capture + "[ 3600.000000] nvme nvme0: I/O 21 timeout\r\n", console.Dumping},
		{"a capture kernel that restarts", version + capture + restart, console.Dumping},
		{"a program's command line does not end a dump", version + capture + "kdump[90]: Command line: makedumpfile -F\r\n", console.Dumping},
		{"a dump before the newest boot", version + capture + restart + version + command, console.Booting},
		{"a dump before a finished boot", version + capture + restart + version + command + prompt, console.Quiet},
		{"a dump before a quiet boot", version + capture + restart + prompt, console.Quiet},
		{"a dump whose command line is lost", "kdump[90]: running makedumpfile -F /proc/vmcore\r\n", console.Dumping},
		{"a program that finds no vmcore", version + command + "cat: /proc/vmcore: No such file or directory\r\n" + prompt, console.Quiet},
		{"a word that only ends so", version + "[    0.000000] Command line: ro noelfcorehdr=1\r\n", console.Booting},

		{"a restart", prompt + restart, console.ShuttingDown},
		{"a power off", prompt + "[  913.1] reboot: Power down\r\n", console.ShuttingDown},
		{"a halt", prompt + "[  913.1] reboot: System halted\r\n", console.ShuttingDown},
		{"a machine restart", prompt + "[  913.1] reboot: machine restart\r\n", console.ShuttingDown},
		{"a shutdown by its target", prompt + "[  OK  ] Reached target shutdown.target - System Shutdown.\r\n", console.ShuttingDown},
		{"a shutdown by an old systemd's target", prompt + "[\x1b[32m  OK  \x1b[0m] Reached target \x1b[0;1;39mReboot\x1b[0m.\r\n", console.ShuttingDown},
		{"a power off by its target", prompt + "systemd[1]: Reached target poweroff.target - System Power Off.\r\n", console.ShuttingDown},
		{"a shutdown by its last program", prompt + "[  912.5] systemd-shutdown[1]: Syncing filesystems and block devices.\r\n", console.ShuttingDown},
		{"a shutdown during the boot", version + command + "systemd-shutdown[1]: Sending SIGTERM to remaining processes...\r\n", console.ShuttingDown},
		{"a user who logs out", prompt + "[ 90.1] systemd[2210]: Reached target shutdown.target - Shutdown.\r\n", console.Quiet},
		{"a shutdown and a boot", prompt + restart + version + command, console.Booting},
		{"a shutdown and a quiet boot", prompt + restart + prompt, console.Quiet},
		{"a target of shutdown before a login", prompt + "[  OK  ] Reached target reboot.target - System Reboot.\r\n" + prompt, console.Quiet},
		{"a shutdown that finishes a unit first", prompt + "[  OK  ] Reached target shutdown.target.\r\nsystemd[1]: Startup finished in 9s.\r\n", console.ShuttingDown},
		{"an older shutdown", prompt + restart + version + command + prompt, console.Quiet},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a, line := console.Read([]byte(c.console)); a != c.want {
				t.Errorf("Read = %s (%q), want %s", a, line, c.want)
			}
		})
	}
}

// No more than 64 KB is read. EC2 keeps no more, and the work is bounded.
func TestReadIgnoresWhatIsOlderThanTheRing(t *testing.T) {
	text := version + capture + strings.Repeat("x", console.MaxBytes)
	if a, line := console.Read([]byte(text)); a != console.Quiet {
		t.Errorf("Read = %s (%q), want %s", a, line, console.Quiet)
	}
}
