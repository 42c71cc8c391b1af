package witness_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/witness"
)

// The beginnings and ends of consoles, in the words of a Linux that writes its log there.
const (
	version = "[    0.000000] Linux version 5.14.0-427.13.1.el9_4.x86_64 (builder@example.com)\r\n"
	command = "[    0.000000] Command line: BOOT_IMAGE=(hd0,gpt3)/vmlinuz root=/dev/nvme0n1p4 ro console=ttyS0,115200n8 crashkernel=256M\r\n"
	capture = "[    0.000000] Command line: elfcorehdr=0x57000000 BOOT_IMAGE=(hd0,gpt3)/vmlinuz root=/dev/nvme0n1p4 ro irqpoll nr_cpus=1 reset_devices\r\n"
	prompt  = "\r\nip-10-0-0-7 login: "
	seen    = "[ 4000.100000] Uhhuh. NMI received for unknown reason 21 on CPU 0.\r\n"
	panics  = "[ 4000.200000] Kernel panic - not syncing: NMI: Not continuing\r\n"
	dazed   = "[ 4000.200000] Dazed and confused, but trying to continue\r\n"
	restart = "[   33.100000] reboot: Restarting system\r\n"
	copying = "\rCopying data                                      : [ 41.0 %] \\           eta: 9m10s"
	copied  = "\rCopying data                                      : [100.0 %] |           eta: 0s\r\n"
	whole   = "The dumpfile is saved to /sysroot/var/crash/127.0.0.1-2026-11-28-12:00:00/vmcore-incomplete.\r\n\r\nmakedumpfile Completed.\r\n"

	// hung is the console of a machine before the interrupt.
	hung = version + command + "[  OK  ] Reached target multi-user.target - Multi-User System.\r\n" + prompt +
		"\r\n[ 3900.000000] INFO: task systemd:1 blocked for more than 120 seconds.\r\n"
	up = version + command + "[  OK  ] Reached target multi-user.target - Multi-User System.\r\n" + prompt
)

// A story is a console from after an interrupt, and what it proves.
type story struct {
	name, text string
	finding    cases.Finding
	stages     []cases.Stage
}

func (s story) check(t *testing.T, before string) witness.Reading {
	t.Helper()
	got := witness.Read([]byte(before), []byte(before+s.text))
	if got.Finding != s.finding || !slices.Equal(named(got.Stages), s.stages) {
		t.Errorf("%s: %s by %v, want %s by %v", s.name, got.Finding, named(got.Stages), s.finding, s.stages)
	}
	return got
}

func stages(names ...cases.Stage) []cases.Stage { return names }

const (
	stSeen     = cases.StageSeen
	stPanicked = cases.StagePanicked
	stCapture  = cases.StageCaptureKernel
	stDmesg    = cases.StageDmesgSaved
	stDumped   = cases.StageDumpComplete
	stRebooted = cases.StageRebooted
	stBack     = cases.StageReachable
)

// dracut is what kdump-utils writes, RHEL 8 and newer, Fedora and Amazon Linux 2023. The
// dump's own words go between its two parts.
func dracut(dump string) string {
	return "[    6.100000] kdump[467]: saving to /sysroot/var/crash/127.0.0.1-2026-11-28-12:00:00/\r\n" +
		"[    6.200000] kdump[472]: saving vmcore-dmesg.txt to /sysroot/var/crash/127.0.0.1-2026-11-28-12:00:00/\r\n" +
		"[    6.300000] kdump[478]: saving vmcore-dmesg.txt complete\r\n" +
		"[    6.400000] kdump[480]: saving vmcore\r\n" + dump +
		"[   31.100000] kdump[488]: saving the /run/initramfs/kexec-dmesg.log to /sysroot/var/crash/x/\r\n" +
		"[   32.100000] kdump[494]: Executing final action systemctl reboot -f\r\n"
}

// echoes is the same of RHEL 7 and Amazon Linux 2, whose makedumpfile says nothing but its
// progress.
func echoes(dump string) string {
	return "kdump: dump target is /dev/nvme0n1p1\r\nkdump: saving to /sysroot//var/crash/127.0.0.1-2026.11.28-12:00:00/\r\n" +
		"kdump: saving vmcore-dmesg.txt\r\nkdump: saving vmcore-dmesg.txt complete\r\nkdump: saving vmcore\r\n" + dump
}

// suse is what the kdump of SLES 15 SP6 and newer writes.
func suse(dump string) string {
	return "         Starting save kernel crash dump...\r\n[    9.1] kdump-save[311]: Saved temporary README.txt\r\n" +
		"[    9.2] kdump-save[311]: Saved dmesg\r\n" + dump + "[   20.1] kdump-save[311]: Saved final README.txt\r\n"
}

// kdumptool is what that of older ones writes.
func kdumptool(dump string) string {
	return "Extracting dmesg\r\n-----\r\n\r\nThe dmesg log is saved to /kdump/mnt0/var/crash/2026-11-28-12:00/dmesg.txt.\r\n\r\nmakedumpfile Completed.\r\n" +
		"-----\r\nSaving dump using makedumpfile\r\n-----\r\n" + dump + "-----\r\nGenerating README              Finished.\r\nCopying System.map             Finished.\r\n"
}

func TestNoFamilyIsReadAsAnotherCrash(t *testing.T) {
	saved := stages(stCapture, stDmesg, stDumped, stRebooted, stBack)
	failed := stages(stCapture, stDmesg, stRebooted, stBack)
	for _, s := range []story{
		{"dracut", version + capture + dracut(copied+whole+"[   31.0] kdump[486]: saving vmcore complete\r\n") + restart + up, cases.FindingDumped, saved},
		{"dracut, a quiet makedumpfile", version + capture + dracut("[   31.0] kdump[486]: saving vmcore complete\r\n") + restart + up, cases.FindingDumped, saved},
		{"dracut, with a panic", seen + panics + version + capture + dracut(copied+whole) + restart + up, cases.FindingDumped, slices.Concat(stages(stSeen, stPanicked), saved)},
		{"dracut, full", version + capture + dracut("Can't write the dump file(x). No space left on device\r\nmakedumpfile Failed.\r\n[   31.0] kdump[486]: saving vmcore failed, exitcode:1\r\n") + restart + up, cases.FindingDumpFailed, failed},
		{"dracut, that dies", version + capture + dracut(copying) + up, cases.FindingDumpFailed, failed},
		{"dracut, in its midst", version + capture + "[    6.4] kdump[480]: saving vmcore\r\n" + copying, cases.FindingHungInDump, stages(stCapture)},
		{"dracut, no dump target", version + capture + "[    9.1] kdump[467]: failed to dump to '/sysroot', it's not a mount point!\r\nEntering kdump emergency mode.\r\n", cases.FindingHungInDump, stages(stCapture)},
		{"el7", version + capture + echoes(copied+"kdump: saving vmcore complete\r\n") + "Rebooting.\r\n" + restart + up, cases.FindingDumped, saved},
		{"el7 without a boot on the console", echoes(copied+"kdump: saving vmcore complete\r\n") + "Rebooting.\r\n" + restart + prompt, cases.FindingDumped, saved},
		{"el7, that fails", version + capture + echoes("kdump: saving vmcore failed\r\n") + restart + up, cases.FindingDumpFailed, failed},
		{"sles", version + capture + suse(copied+"\r\nmakedumpfile: x\r\n"+whole+"[   19.1] kdump-save[311]: Saved vmcore\r\n") + restart + up, cases.FindingDumped, saved},
		{"sles, a quiet makedumpfile", version + capture + suse("[   19.1] kdump-save[311]: Saved vmcore\r\n") + restart + up, cases.FindingDumped, saved},
		{"sles, that fails", version + capture + suse("[   19.1] kdump-save[311]: Error: Failed saving vmcore\r\nmakedumpfile Failed.\r\n") + restart + up, cases.FindingDumpFailed, failed},
		{"sles, that deletes it", version + capture + suse("Saved vmcore\r\nRemaining space (12 MB) less than KDUMP_FREE_DISK_SIZE (64 MB)\r\nDeleting vmcore\r\n") + restart + up, cases.FindingDumpFailed, failed},
		{"kdumptool", version + capture + kdumptool(copied+"\r\n"+whole) + restart + up, cases.FindingDumped, saved},
		{"kdumptool, that fails", version + capture + kdumptool("makedumpfile Failed.\r\n") + restart + up, cases.FindingDumpFailed, failed},
	} {
		s.check(t, hung)
	}
}

// kdump-tools looks at the end of a pipe, so that its word counts for a plain copy alone.
func TestSavedVmcoreAloneIsNeverADump(t *testing.T) {
	const saves = "[    9.1] kdump-tools[129]: running makedumpfile -F -c -d 31 /proc/vmcore | compress > /var/crash/x/dump-incomplete\r\n"
	const claims = "[   12.1] kdump-tools[129]: kdump-tools: saved vmcore in /var/crash/x\r\n"
	const done = "[   11.1] kdump-tools[130]: makedumpfile Completed.\r\n"
	for _, s := range []story{
		{"alone", version + capture + saves + claims + restart + up, cases.FindingDumpFailed, stages(stCapture, stRebooted, stBack)},
		{"behind another end of makedumpfile", version + capture + "[    9.0] kdump-tools[129]: running makedumpfile --dump-dmesg /proc/vmcore /var/crash/x/dmesg.x.\r\n" + done + saves + claims + restart + up, cases.FindingDumpFailed, stages(stCapture, stRebooted, stBack)},
		{"behind an end that was before", version + capture + saves + "[   11.1] kdump-tools[130]: The dumpfile is saved to STDOUT.\r\n" + saves + done + claims + restart + up, cases.FindingDumpFailed, stages(stCapture, stRebooted, stBack)},
		{"behind a copy", version + capture + saves + "[   11.1] kdump-tools[129]: kdump-tools: makedumpfile failed, falling back to 'cp' ... failed!\r\n" + claims + restart + up, cases.FindingDumped, stages(stCapture, stDumped, stRebooted, stBack)},
	} {
		s.check(t, hung)
	}
}

// An older crash, a quotation and an ordinary life are no crash.
func TestWhatIsNoCrashIsNeverOne(t *testing.T) {
	const older = version + capture + "[    6.4] kdump[480]: saving vmcore\r\n" + whole + restart + up + "\r\n[ 3900.1] x\r\n"
	none := func(name, before, text string) {
		t.Helper()
		got := witness.Read([]byte(before), []byte(before+text))
		if got.Finding != cases.FindingUnproven || len(got.Stages) != 0 {
			t.Errorf("%s: %s by %v", name, got.Finding, got.Stages)
		}
	}
	none("nothing new", hung, "")
	none("an older crash", older, "")
	none("an older crash, and words", older, "hello\r\n")
	none("older words on the interrupt", hung+seen+dazed, "")
	none("a log that repeats one", hung, strings.ReplaceAll("Nov 28 12:00:00 host kernel: "+seen+"Nov 28 12:00:00 host kernel: "+version+"Nov 28 12:00:00 host kernel: "+capture+"Nov 28 12:00:00 host kernel: "+panics, "\r\n\r\n", "\r\n"))
	none("a version whose command line is to come", hung, version)
	none("a command line that goes on", hung, version+strings.TrimSuffix(command, "\r\n"))
	none("a command line that was cut", hung, version+"[    0.000000] Command line: "+strings.Repeat("x", 1000)+"\r\n")
	for name, text := range map[string]string{
		"an ordinary boot": up, "two of them": up + "\r\n" + restart + up, "nothing": "", "a hung machine": hung,
		"a shutdown": up + "\r\n[  OK  ] Reached target shutdown.target - System Shutdown.\r\n" + restart,
	} {
		if got := witness.Read(nil, []byte(text)); got.Finding != cases.FindingUnproven || len(got.Stages) != 0 {
			t.Errorf("%s: %s by %v", name, got.Finding, got.Stages)
		}
	}
}

// A reboot is no proof of a crash, and an orderly shutdown is one of somebody else.
func TestAShutdownIsNeverACrash(t *testing.T) {
	const down = "[  OK  ] Stopped target multi-user.target.\r\n[  OK  ] Reached target shutdown.target - System Shutdown.\r\n[ 4100.1] reboot: Restarting system\r\n"
	for _, s := range []story{
		{"a shutdown", down, cases.FindingRaced, nil},
		{"a reboot", down + up, cases.FindingRaced, stages(stRebooted, stBack)},
		{"a forced reboot", "[ 4100.1] sysrq: Resetting\r\n" + up, cases.FindingRaced, stages(stRebooted, stBack)},
		{"a boot", up, cases.FindingUnproven, stages(stRebooted, stBack)},
		{"firmware and a boot", "SeaBIOS (version 1.16)\r\n" + prompt, cases.FindingUnproven, stages(stRebooted, stBack)},
		{"the last word of a kernel that says nothing else", restart + up, cases.FindingUnproven, stages(stRebooted, stBack)},
		{"a boot that speaks of a dump", seen + panics + version + command + "[    5.1] kdump[1]: saving vmcore\r\n", cases.FindingNoDump, stages(stSeen, stPanicked, stRebooted)},
		{"a panic that reboots", seen + panics + "[ 4005.2] Rebooting in 5 seconds..\r\n" + up, cases.FindingNoDump, stages(stSeen, stPanicked, stRebooted, stBack)},
		{"a log of a panic that is printed", seen + panics + prompt, cases.FindingIgnored, stages(stSeen)},
		{"a panic whose line is lost", "[ 4005.2] Rebooting in 5 seconds..\r\n" + up, cases.FindingUnproven, stages(stRebooted, stBack)},
		{"a shutdown after the kernel has ignored it", seen + dazed + down, cases.FindingIgnored, stages(stSeen)},
		{"ignored, and alive", seen + dazed + "[ 4001.1] x\r\nip-10-0-0-7 login: ", cases.FindingIgnored, stages(stSeen)},
		{"a program that speaks of a crash", "[ 3999.1] app[812]: Kernel panic - not syncing: no\r\n[ 3999.2] app[812]: Uhhuh. NMI received for unknown reason 21 on CPU 0.\r\n", cases.FindingIgnored, nil},
		{"kdump that is armed again", "[ 3999.1] kdumpctl[900]: kdump: Starting kdump: [OK]\r\n[ 3999.2] kdump-tools[116]: loaded kdump kernel.\r\n", cases.FindingIgnored, nil},
		{"alive without a word of it", "[ 4001.1] x\r\n[  OK  ] Started app.service.\r\n", cases.FindingIgnored, nil},
	} {
		s.check(t, hung)
	}
}

// What another crash of the same machine shows is not ours.
func TestAnotherCrashIsNeverOurs(t *testing.T) {
	ours := version + capture + dracut(copying) + up
	story{"a second crash that dumps", ours + "\r\n" + version + capture + dracut(copied+whole) + restart + up, cases.FindingDumpFailed, stages(stCapture, stDmesg, stRebooted, stBack)}.check(t, hung)
	story{"a second crash with a prompt", version + capture + dracut(copying) + restart + version + command + restart + version + capture + prompt, cases.FindingDumpFailed, stages(stCapture, stDmesg, stRebooted)}.check(t, hung)
	story{"a second crash behind a panic", seen + panics + up + "\r\n" + version + capture + dracut(copied+whole), cases.FindingNoDump, stages(stSeen, stPanicked, stRebooted, stBack)}.check(t, hung)
}

// A capture kernel may print the log of the crashed one, whose boot is in it.
func TestTheCrashedKernelsLogIsNeverItsReboot(t *testing.T) {
	log := version + command + seen + panics
	story{"the log", version + capture + "[    5.1] kdump[1]: saving vmcore\r\n" + log, cases.FindingHungInDump, stages(stCapture)}.check(t, hung)
	if a := follow(sight(time.Minute, version+capture+"[    5.1] kdump[1]: saving vmcore\r\n"+log)); a.Broken != "" {
		t.Errorf("its panic is the capture kernel's: %s", a.Broken)
	}
	story{"the log, and the dump", version + capture + log + "[    9.1] kdump[480]: saving vmcore\r\n" + copied + whole, cases.FindingDumped, stages(stCapture, stDumped)}.check(t, hung)
}

// Without a console from before, the newest crash counts, from its beginning to its end.
func TestTheNewestCrashIsReadAsAWhole(t *testing.T) {
	const older = version + capture + "[    6.4] kdump[480]: saving vmcore\r\n" + whole + restart + up + "\r\n"
	log := version + command + seen + panics
	for _, s := range []story{
		{"with its panic", older + seen + panics + version + capture + dracut(copying), cases.FindingHungInDump, stages(stSeen, stPanicked, stCapture, stDmesg)},
		{"without", older + version + capture + dracut(copying), cases.FindingHungInDump, stages(stCapture, stDmesg)},
		{"behind an older dump", older + seen + dazed, cases.FindingIgnored, stages(stSeen)},
		{"behind an older interrupt", seen + dazed + seen + panics + up, cases.FindingNoDump, stages(stSeen, stPanicked, stRebooted, stBack)},
		{"before its log is printed", version + capture + dracut(copied+whole) + restart + up + "\r\n" + seen + panics, cases.FindingDumped, stages(stCapture, stDmesg, stDumped, stRebooted, stBack)},
		{"before a panic that reboots", version + capture + dracut(copied+whole) + restart + up + "\r\n" + seen + panics + up, cases.FindingNoDump, stages(stSeen, stPanicked, stRebooted, stBack)},
		{"with the crashed kernel's log", version + capture + "[    5.1] kdump[1]: saving vmcore\r\n" + log, cases.FindingHungInDump, stages(stCapture)},
	} {
		got := witness.Read(nil, []byte(s.text))
		if got.Finding != s.finding || !slices.Equal(named(got.Stages), s.stages) {
			t.Errorf("%s: %s by %v, want %s by %v", s.name, got.Finding, named(got.Stages), s.finding, s.stages)
		}
	}
}

// The command line of a machine that has run for long is forgotten.
func TestAHostThatRunsOnIsNeverACaptureKernel(t *testing.T) {
	before := "[ 3900.000000] INFO: task systemd:1 blocked for more than 120 seconds.\r\n"
	story{"words of a dump, and a login", "[ 3999.1] kdump[1]: saving vmcore\r\n" + prompt, cases.FindingIgnored, nil}.check(t, before)
	story{"words of a dump alone", "[    6.1] kdump[1]: saving vmcore\r\n", cases.FindingHungInDump, stages(stCapture)}.check(t, before)
	story{"words of a dump at the time of the interrupted kernel", "[ 3999.1] kdump[1]: saving vmcore\r\n", cases.FindingIgnored, nil}.check(t, before)
}

// A console may begin with another line than it ended with: its ring is cut in a character.
func TestACutLineNeverMakesAnOlderCrashNew(t *testing.T) {
	const older = version + capture + "[    6.4] kdump[480]: saving vmcore\r\n" + whole + restart + up + "\r\n[ 3900.1] x\r\n"
	got := witness.Read([]byte(older), []byte("?"+older[1:]+seen+dazed))
	if got.Finding != cases.FindingIgnored || !slices.Equal(named(got.Stages), stages(stSeen)) {
		t.Errorf("%s by %v", got.Finding, got.Stages)
	}
}

// EC2 shows lines of a Windows's log, and may show the same again.
func TestAWindowsSaysItByItsLog(t *testing.T) {
	const ready = "2026/11/28 11:00:00Z: Windows is Ready to use\r\n"
	const again = "2026/11/28 12:09:00Z: Windows is Ready to use\r\n"
	const bug = "2026/11/28 12:08:00Z: The computer has rebooted from a bugcheck.  The bugcheck was: 0x00000080 (0x4f4454). A dump was saved in: C:\\Windows\\MEMORY.DMP.\r\n"
	for _, s := range []story{
		{"nothing new", ready, cases.FindingUnproven, nil},
		{"a restart", again, cases.FindingUnproven, stages(stRebooted, stBack)},
		{"a crash", bug + again, cases.FindingDumped, stages(stPanicked, stDumped, stRebooted, stBack)},
		{"a crash without a dump", strings.Split(bug, " A dump")[0] + "\r\n" + again, cases.FindingNoDump, stages(stPanicked, stRebooted, stBack)},
	} {
		s.check(t, ready)
	}
	if got := witness.Read([]byte(ready+bug), []byte(bug+again)); got.Finding != cases.FindingUnproven {
		t.Errorf("an older crash: %s by %v", got.Finding, got.Stages)
	}
}
