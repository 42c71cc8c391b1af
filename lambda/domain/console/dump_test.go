package console_test

import (
	"strings"
	"testing"

	"crashcart/lambda/domain/console"
)

// up is a machine that has booted and shows its prompt. Nobody ends the line of a prompt.
const up = version + command + "[  OK  ] Reached target Multi-User System.\r\n" + prompt

// A reading is a console, and what it must be read as.
type reading struct {
	name, console string
	want          console.Activity
}

func judgeAll(t *testing.T, readings []reading) {
	t.Helper()
	for _, c := range readings {
		t.Run(c.name, func(t *testing.T) {
			r := console.Scan([]byte(c.console))
			if r.Activity != c.want || (r.Line == "") != (r.Activity == console.Quiet) {
				t.Errorf("Scan = %s, %q, want %s", r.Activity, r.Line, c.want)
			}
		})
	}
}

// The words of every kdump that is known: each alone says that a dump is being saved.
func TestEveryWordOfADumpIsADump(t *testing.T) {
	for _, line := range []string{
		// makedumpfile
		"Checking for memory holes                         : [  0.0 %] /",
		"Excluding unnecessary pages                       : [ 87.5 %] \\",
		"Excluding free pages                              : [ 12 %] ",
		"Copying data                                      : [ 41.0 %] |           eta: 9m10s",
		"Copying data                       : [ 41 %] ",
		"pying data                                      : [ 18.3 %] -          eta: 9m2s",
		" : [ 18.3 %] -          eta: 9m2s",
		"The dumpfile is saved to STDOUT.",
		"The dmesg log is saved to /var/crash/202611220459/dmesg.202611220459.",
		"makedumpfile Completed.",
		"STEP [Copying data               ] : 512.070000 seconds",
		// Debian and Ubuntu
		"[    9.8] kdump-tools[129]: running makedumpfile --dump-dmesg /proc/vmcore /var/crash/x/dmesg.x.",
		"[    5.2] kdump-tools[747]:  * running makedumpfile -F -c -d 31 /proc/vmcore | compress > /var/crash/x/dump-incomplete",
		"kdump-tools[12]: sending makedumpfile -F -c -d 31 /proc/vmcore to kdump@example.com : /var/crash/x/dump-incomplete",
		"[    9.9] kdump-tools[129]: kdump-tools: saved dmesg content in /var/crash/202611220459.",
		"[    9.9] kdump-tools[129]: kdump-tools: makedumpfile failed, falling back to 'cp' ... failed!",
		"[   35.1] kdump-tools[223]: kdump-tools: saved vmcore in /var/crash/202611220436.",
		"[   35.1] kdump-tools[223]: kdump-tools: failed to save vmcore in /var/crash/202611220436 ... failed!",
		"         Starting kdump-tools-dump.\u2026rnel crash dump capture service...",
		// RHEL, CentOS, Fedora, Amazon Linux
		"         Starting Kdump Vmcore Save Service...",
		"         Starting kdump-capture.se\u2026Vmcore Save Service...",
		"kdump: dump target is /dev/xvda1",
		"kdump: saving to /sysroot//var/crash/127.0.0.1-2026.11.28-01:02:03/",
		"kdump: saving vmcore-dmesg.txt",
		"kdump: saving vmcore complete",
		"[   11.4] kdump[467]: saving vmcore",
		"[   11.4] kdump[467]: saving vmcore-dmesg.txt to /sysroot/var/crash/127.0.0.1-2026-11-28-01:02:03/",
		"[   14.3] kdump.sh[297]: kdump: saving vmcore failed, _exitcode:1",
		"[   30.1] kdump[480]: saving the /run/initramfs/kexec-dmesg.log to /sysroot/var/crash/x//",
		"[   30.1] kdump[490]: Executing final action systemctl reboot -f",
		"Entering kdump emergency mode.",
		"kdump:/# ",
		"Copied 512 MB / 4096 MB",
		"[    2.1] dracut-cmdline[250]: Using kernel command line parameters: ro elfcorehdr=0x57000000 irqpoll",
		// SLES
		"Extracting dmesg",
		"Saving dump using makedumpfile",
		"Saving dump                    |####----------|  41%",
		"Generating README              Finished.",
		"Copying System.map             Finished.",
		"Dump saving completed.",
		"         Starting save kernel crash dump...",
		"Saved temporary README.txt",
		"Saved dmesg",
		"Saved vmcore",
		"Error: Failed saving vmcore",
		// Bottlerocket, Arch Linux, Yocto
		"         Starting Capture dump after kernel crash...",
		"[    3.4] systemd[1]: capture-kernel-dump.service: Consumed 1.0s CPU time.",
		"         Starting Create dump after kernel crash...",
		"Saving a vmcore to /var/crash/x.",
	} {
		for where, text := range map[string]string{
			"alone":                   line,
			"after an older life":     up + "\r\n[ 9999.1] sysrq: Trigger a crash\r\n" + line + "\r\n",
			"with hours of kernel":    line + "\r\n[ 7200.1] nvme nvme0: I/O 12 QID 3 timeout, completion polled\r\n",
			"behind kernel's text":    "[    1.1] piix4_smbus 0000:00:01.3: SMBus base address uninitialized\r\n" + line,
			"after a silent reboot":   restart + line,
			"before a capture prompt": line + prompt,
		} {
			cut := strings.HasPrefix(line, " : [") || strings.HasPrefix(line, "pying")
			if cut && where != "alone" && where != "with hours of kernel" {
				continue // text is cut at the beginning of a ring only
			}
			if r := console.Scan([]byte(text)); r.Activity != console.Dumping || !r.Dump || r.Booted {
				t.Errorf("%s %s: %s, %q", line, where, r.Activity, r.Line)
			}
		}
	}
}

// What names kdump or vmcore in an ordinary life.
func TestWhatIsNoDump(t *testing.T) {
	for _, line := range []string{
		"[    9.05] kdump-tools[107]: Starting kdump-tools:",
		"[   11.4] kdump-tools[116]: loaded kdump kernel.",
		"[  OK  ] Finished kdump-tools.servi\u2026Kernel crash dump capture service.",
		"[    9.06] kdump-tools[115]: no crashkernel= parameter in the kernel cmdline ... failed!",
		"[   19.1] kdumpctl[900]: kdump: kexec: loaded kdump kernel",
		"[   19.2] kdumpctl[900]: kdump: Starting kdump: [OK]",
		"[   11.3] kdump[420]: Kdump is using the default log level(3).",
		"[  OK  ] Started Crash recovery kernel arming.",
		"[    2.1] dracut-cmdline[250]: early-kdump is enabled.",
		"[    2.3] dracut-cmdline[250]: kexec: loaded early-kdump kernel",
		"[    2.1] dracut-cmdline[250]: Using kernel command line parameters: BOOT_IMAGE=x ro crashkernel=256M",
		"[    3.1] systemd[1]: initrd-parse-etc.service: ConditionPathExists=!/proc/vmcore succeeded.",
		"[    5.2] systemd[1]: kdump-tools-dump.service - Kernel crash dump capture service was skipped because of an unmet condition check (ConditionPathExists=/proc/vmcore).",
		"[    5.2] systemd[1]: Condition check resulted in save kernel crash dump being skipped.",
		"cat: /proc/vmcore: No such file or directory",
		"ls: cannot access '/proc/vmcore': No such file or directory",
		"Fatal error: /proc/vmcore does not exist; kdump initrd booted from non-kdump kernel?",
		"      This argument is generally /proc/vmcore.",
		"Usage: makedumpfile [OPTION] VMCORE DUMPFILE",
		"Nov 28 03:00:00 host kdump[467]: saving vmcore",
		"Nov 28 03:00:00 host kdump-tools[12]: saved vmcore in /var/crash/x",
		"2026-11-28T03:00:00.123456+00:00 host kdump-tools[12]: makedumpfile Completed.",
		"[  913.1] app[812]: saving vmcore",
		"[  913.1] app[812]: Saved dmesg",
		"app: Copied 512 files",
		"[ 41 %] of the index is built",
	} {
		if r := console.Scan([]byte(up + "\r\n" + line + "\r\n")); r.Activity != console.Quiet {
			t.Errorf("%s: %s, %q", line, r.Activity, r.Line)
		}
	}
}

func TestADumpEndsWithItsLife(t *testing.T) {
	const saving = "[   20.5] kdump[450]: saving vmcore\r\n"
	const reset = "Rebooting.\r\n[   31.1] reboot: Restarting system\r\n"
	judgeAll(t, []reading{
		{"it reboots", saving + reset, console.ShuttingDown},
		{"it reboots, and the firmware speaks", saving + reset + "SeaBIOS (version 1.8.2)\r\n", console.Booting},
		{"it reboots, and the clock starts again", saving + reset + "[    1.1] ACPI Error: x\r\n", console.Booting},
		{"it reboots, and a disk is checked", saving + reset + "/dev/sda1: clean, 35704/655360 files\r\n", console.Booting},
		{"it reboots, and init starts things", saving + reset + "         Starting Network Service...\r\n", console.Booting},
		{"it reboots, and a log is written", saving + reset + "Nov 28 03:00:00 host app[1]: hello\r\n", console.Booting},
		{"it reboots quietly", saving + reset + prompt, console.Quiet},
		{"it reboots quietly, without a getty", saving + reset + "[  OK  ] Reached target Multi-User System.\r\n", console.Quiet},
		{"it reboots quietly, long ago", saving + reset + "[86520.1] INFO: task app:812 blocked for more than 120 seconds.\r\n", console.Quiet},
		{"a login without a reboot", saving + prompt, console.Dumping},
		{"the firmware without a last word", saving + "BdsDxe: starting Boot0001 \"UEFI Amazon Elastic Block Store\"\r\n", console.Booting},
		{"a reset, and a quiet kernel", saving + "[    1.1] ACPI Error: x\r\n", console.Dumping},
		{"a reset, and init", saving + "[    1.1] ACPI Error: x\r\n[  OK  ] Reached target Basic System.\r\n", console.Booting},
		{"a reset, and a login", saving + "[    1.1] ACPI Error: x\r\n" + prompt, console.Quiet},
		{"a reset, long ago", saving + "[    1.1] ACPI Error: x\r\n[86520.1] INFO: task app:812 blocked\r\n", console.Quiet},
		{"a reset that was none", saving + "[    1.1] an older log\r\n[   21.0] kdump[451]: saving vmcore complete\r\n[ 7200.1] nvme: x\r\n", console.Dumping},
		{"a command line that says otherwise", saving + command, console.Booting},
		{"a command line before", command + saving + prompt, console.Quiet},
		{"a command line that was too long", command + saving, console.Dumping},
		{"an old log of a dump, printed after a boot", up + "\r\n# grep kdump messages\r\nNov 28 03:00:00 host kdump[1]: saving vmcore\r\n", console.Quiet},
	})
}

// EL7 sends makedumpfile's progress to the console, about once a second. After a quarter of
// an hour nothing else is left in the ring.
func TestARingFullOfProgressIsADumpWhereverItIsCut(t *testing.T) {
	line := "\rCopying data                                      : [ 18.3 %] -          eta: 9m2s"
	text := []byte(strings.Repeat(line, 2*console.MaxBytes/len(line)))
	for cut := range 2 * len(line) {
		r := console.Scan(text[:len(text)-cut])
		if r.Activity != console.Dumping || r.Progress != "18 %" {
			t.Fatalf("cut by %d: %s, %q, %q", cut, r.Activity, r.Line, r.Progress)
		}
	}
}

func TestTheProgressIsTheNewestCopy(t *testing.T) {
	for _, c := range []struct{ text, percent, left string }{
		{"kdump: saving vmcore\r\n", "", ""},
		{"Copying data                                      : [ 41.9 %] \\           eta: 9m10s", "41 %", "9m10s"},
		{"Copying data                                      : [100.0 %] |           eta: 0s\r\n", "100 %", "0s"},
		{"Copying data                       : [  7 %] ", "7 %", ""},
		{"Copying data : [ 41.0 %] \\ eta: 9m10s\rCopying data : [ 42.5 %] | eta: 9m1s[   44.3] nvme: x\r\n", "42 %", "9m1s"},
		{"Excluding unnecessary pages                       : [ 87.5 %] \\", "87 %", ""},
		{"Excluding unnecessary pages : [100.0 %] \\\rCopying data : [  3.0 %] -  eta: 9m", "3 %", "9m"},
		{"Copying data : [ 50.0 %] -  eta: 9m\rExcluding unnecessary pages : [ 10.0 %] \\", "50 %", "9m"},
		{"Saving dump                    |####----------|  41%", "41 %", ""},
		{"Copied 1024 MB / 4096 MB\r\n", "25 %", ""},
		{"Copied 9 MB / 0 MB\r\nkdump: saving vmcore\r\n", "", ""},
		{"Copying data : [999.9 %] -  eta: 9m2s", "100 %", "9m2s"},
		{"Copying data : [ 18.3 %] -  eta: \x1b[31mrm -rf", "18 %", ""},
		{"Copying data : [ 18.3 %] -  eta: 1m\r\n" + restart, "", ""},
		{"Copying data : [ 18.3 %] -  eta: 1m\r\n" + restart + up, "", ""},
	} {
		r := console.Scan([]byte(c.text))
		if r.Progress != c.percent || r.Left != c.left {
			t.Errorf("%q: %q, %q left, want %q, %q", c.text, r.Progress, r.Left, c.percent, c.left)
		}
	}
}
