package console_test

import (
	"fmt"
	"strings"
	"testing"

	"crashcart/lambda/domain/console"
)

// What is printed before a boot is finished: each alone says that a machine boots.
func TestEveryWordOfABootIsABoot(t *testing.T) {
	for _, text := range []string{
		"[    0.000000] Linux version 6.1.0 (builder@example.com)",
		"[    0.000000][    T0] Command line: ro root=/dev/nvme0n1p1",
		"SeaBIOS (version 1.8.2)",
		"Booting from Hard Disk 0...",
		"BdsDxe: starting Boot0001 \"UEFI Amazon Elastic Block Store vol1\"",
		"GRUB loading.",
		"  Booting `Amazon Linux 2023'",
		"Loading Linux 6.1.0-13-amd64 ...",
		"Loading initial ramdisk ...",
		"[    2.3] systemd[1]: systemd 252 running in system mode (+PAM +AUDIT)",
		"Welcome to Amazon Linux 2!",
		"Welcome to Red Hat Enterprise Linux 9.4 (Plow) dracut-057 (Initramfs)!",
		"INIT: version 2.88 booting",
		"   OpenRC 0.52.1 is starting up Linux 6.1 (x86_64)",
		"Begin: Running /scripts/init-premount ... done.",
		"[  OK  ] Reached target Basic System.",
		"[  OK  ] Reached target local-fs.target - Local File Systems.",
		"[ ***  ] A start job is running for dev-xvdf.device (1min 2s / no limit)\r",
		"[**    ] Job data.service/start running (34s / no limit)\r",
		"[    9.3] selinux-autorelabel[700]: *** Relabeling could take a very long time, depending on file",
		"/dev/nvme1n1: recovering journal",
		"Pass 1: Checking inodes, blocks, and sizes",
		"Checking in progress on 1 disk (41.2% complete)\r",
	} {
		if r := console.Scan([]byte(text + "\r\n")); r.Activity != console.Booting || r.Line == "" || r.Booted {
			t.Errorf("%q: %s, %q", text, r.Activity, r.Line)
		}
		if r := console.Scan([]byte(up + restart + text + "\r\n")); r.Activity != console.Booting {
			t.Errorf("%q after a restart: %s, %q", text, r.Activity, r.Line)
		}
	}
}

func TestABootIsFinishedByWhatIsNewer(t *testing.T) {
	const (
		boot     = version + command
		fsck     = "[    5.1] systemd[1]: Starting File System Check on /dev/nvme1n1...\r\n"
		checking = "[ ***  ] A start job is running for File System Check on /dev/nvme1n1 (11min 40s / no limit)\r"
		late     = "[  701.2] nvme nvme1: I/O 12 QID 3 timeout, completion polled\r\n"
		later    = "[ 2000.2] nvme nvme1: I/O 12 QID 3 timeout, completion polled\r\n"
	)
	judgeAll(t, []reading{
		{"a disk that is checked", boot + fsck + late, console.Booting},
		{"a disk that is checked, said by its job", boot + fsck + late + checking, console.Booting},
		{"a disk that is checked, among the kernel's lines", boot + fsck + late + checking + "[  740.2] nvme: x\r\n", console.Booting},
		{"a disk that was checked", boot + fsck + "[  650.1] systemd[1]: Finished File System Check on /dev/nvme1n1.\r\n" + late, console.Quiet},
		{"a job for an hour without a word of the kernel", boot + checking + later, console.Booting},
		{"a job that has gone silent", boot + checking + late + later, console.Quiet},
		{"a ring full of a job", strings.Repeat(checking, 1000), console.Booting},
		{"a disk that is checked when the boot is over", boot + prompt + "\r\n/dev/nvme1n1: recovering journal\r\n", console.Quiet},
		{"files that are labelled again", boot + "[    9.3] selinux-autorelabel[700]: *** Relabeling could take a very long time, depending on file\r\n" + late, console.Booting},
		{"a start job after the login", up + "\r\n[ ***  ] A start job is running for Backup (34s / no limit)\r", console.Booting},
		{"a start job after the login that is over", up + "\r\n[ ***  ] A start job is running for Backup (34s / no limit)\r[  OK  ] Started Backup.\r\n", console.Quiet},
		{"a start job after the login that has failed", up + "\r\n[ ***  ] A start job is running for Backup (34s / no limit)\r[FAILED] Failed to start Backup.\r\n", console.Quiet},
		{"a start job that has failed, its boot forgotten", "[ ***  ] A start job is running for /dev/xvdf (1min 29s / 1min 30s)\r[ TIME ] Timed out waiting for device /dev/xvdf.\r\n[DEPEND] Dependency failed for /data.\r\n", console.Booting},
		{"a systemd that is upgraded", up + "\r\n[86520.1] systemd[1]: systemd 252 running in system mode (+PAM)\r\n", console.Quiet},
		{"a target that is stopped and reached again", up + "\r\n[86520.1] systemd[1]: Stopped target System Time Synchronized.\r\n[86521.1] systemd[1]: Reached target System Time Synchronized.\r\n", console.Quiet},
		{"a hang with its traces", up + "\r\n[86520.1] watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [kworker/1:1:123]\r\n[86520.2] Call Trace:\r\n[86520.3] XFS (nvme0n1p1): Shutting down filesystem\r\n", console.Quiet},
		{"a user's manager", boot + "[   14.1] systemd[812]: Startup finished in 71ms.\r\n", console.Booting},
		{"a container's init", boot + "[   14.1] podman[812]: [  OK  ] Reached target Multi-User System.\r\n", console.Booting},
		{"a log of an older boot", boot + "Nov 28 03:00:00 host systemd[1]: Reached target Multi-User System.\r\n", console.Booting},
		{"cloud-init at work", boot + "[   20.1] cloud-init[900]: Cloud-init v. 22.2.2 running 'modules:final' at Sat, 28 Nov 2026 05:27:28 +0000. Up 20.1 seconds.\r\n", console.Booting},
		{"cloud-init at work past ten minutes", boot + "[  640.1] cloud-init[900]: Cloud-init v. 22.2.2 running 'modules:final' at Sat, 28 Nov 2026 05:27:28 +0000. Up 640.1 seconds.\r\n[  700.1] cloud-init[900]: Get:1 http://example.com\r\n", console.Booting},
		{"cloud-init at work behind a login", boot + prompt + "\r\n[  640.1] cloud-init[900]: Cloud-init v. 22.2.2 running 'modules:final' at Sat, 28 Nov 2026 05:27:28 +0000. Up 640.1 seconds.\r\n", console.Quiet},
		{"a check's bar", boot + late + "/dev/nvme1n1: |=====       / 41.2%\r", console.Booting},
		{"an initramfs that is left", boot + "[  OK  ] Stopped target Timers.\r\n[  OK  ] Stopped target Initrd Default Target.\r\n         Stopping udev Kernel Device Manager...\r\n", console.Booting},
		{"an initramfs that is left, its beginning forgotten", "[  OK  ] Stopped target Timers.\r\n[  OK  ] Stopped target Initrd Default Target.\r\n\r\nWelcome to Amazon Linux 2!\r\n", console.Booting},
		{"a greeting after the login", up + "root\r\nWelcome to the machine!\r\n", console.Quiet},
		{"emergency mode", boot + "You are in emergency mode. After logging in, type \"journalctl -xb\" to view\r\nGive root password for maintenance\r\n(or press Control-D to continue): ", console.Quiet},
		{"an emergency without a password", boot + "Cannot open access to console, the root account is locked.\r\n", console.Quiet},
		{"an initramfs that has given up", boot + "ALERT!  /dev/x does not exist.  Dropping to a shell!\r\n(initramfs) ", console.Quiet},
		{"dracut that has given up", boot + "Entering emergency mode. Exit the shell to continue.\r\n", console.Quiet},
		{"a panic at boot", boot + "[    1.2] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---\r\n", console.Quiet},
		{"a clock that starts again on a machine that is up", up + "\r\n[ 5000.1] x\r\n[    1.1] ACPI Error: x\r\n", console.Quiet},
		{"a clock that starts again, and init", up + "\r\n[ 5000.1] x\r\n[    1.1] ACPI Error: x\r\n[  OK  ] Reached target Basic System.\r\n", console.Booting},
		{"few lines of a quiet kernel", "[    3.2] piix4_smbus 0000:00:01.3: SMBus base address uninitialized\r\n", console.Quiet},
	})
}

// Every getty's prompt, and what else says that a machine is up.
func TestEveryWordOfAMachineThatIsUp(t *testing.T) {
	for _, text := range []string{
		"\r\nAmazon Linux 2023.6.20241010\r\nKernel 6.1.112-122.189.amzn2023.x86_64 on an x86_64 (-)\r\n\r\nip-10-0-0-1 login: ",
		"\r\nUbuntu 24.04.1 LTS ip-10-0-0-1 ttyS0\r\n\r\nip-10-0-0-1 login: ",
		"\r\nlogin: ",
		"ip-10-0-0-1.eu-central-1.compute.internal login: ",
		"host login: root (automatic login)\r\n",
		"Last login: Sat Nov 28 05:00:00 UTC 2026 on ttyS0\r\n",
		"[  OK  ] Reached target Multi-User System.\r\n",
		"[  OK  ] Reached target multi-user.target - Multi-User System.\r\n",
		"[  OK  ] Reached target Graphical Interface.\r\n",
		"[  OK  ] Reached target getty.target - Login Prompts.\r\n",
		"[  OK  ] Reached target Cloud-init target.\r\n",
		"[  OK  ] Reached target cloud-init.target - Cloud-init target.\r\n",
		"[   11.1] systemd[1]: Startup finished in 2.1s (kernel) + 9s (userspace) = 11.1s.\r\n",
		"[   21.7] cloud-init[1432]: Cloud-init v. 22.2.2 finished at Sun, 22 Nov 2026 05:27:28 +0000. Datasource DataSourceEc2Local.  Up 21.70 seconds\r\n",
		"[   20.1] sshd[900]: Server listening on 0.0.0.0 port 22.\r\n",
		"[   40.1] [talos] boot sequence: done: 38s\r\n",
		"[   52.1] [talos] machine is running and ready\r\n",
		"[  701.0] nvme nvme0: x\r\n",
	} {
		for before, wantBooted := range map[string]bool{version + command: true, up + restart + "SeaBIOS (version 1.8.2)\r\n": true, up + restart: true} {
			r := console.Scan([]byte(before + text))
			if r.Activity != console.Quiet || r.Booted != wantBooted {
				t.Errorf("%q: %s, %q, booted %v", text, r.Activity, r.Line, r.Booted)
			}
		}
	}
}

// A kernel that is not quiet prints hundreds of lines in its first seconds. They show a
// boot where nothing else is left of it.
func TestABootWhoseBeginningIsForgotten(t *testing.T) {
	var b strings.Builder
	for i := range 40 {
		fmt.Fprintf(&b, "[    %d.%06d] pci 0000:00:%02x.0: BAR 0 assigned\r\n", i/10, i%10, i)
	}
	judgeAll(t, []reading{
		{"many early lines", b.String(), console.Booting},
		{"many early lines, and a login", b.String() + prompt, console.Quiet},
		{"many early lines, and a day", b.String() + "[86520.1] x\r\n", console.Quiet},
		{"many lines of another time", strings.ReplaceAll(b.String(), "[    ", "[  10"), console.Quiet},
	})
}
