package notify

import "crashcart/lambda/domain/cases"

// Commands that only updates end with.
const (
	cmdShell    = "aws ssm start-session --region {region} --target {instance}"
	cmdSnapshot = "aws ec2 create-snapshots --region {region} --instance-specification InstanceId={instance} --description 'Crashcart {case}'"
	cmdWho      = "aws cloudtrail lookup-events --region {region} --lookup-attributes AttributeKey=ResourceName,AttributeValue={instance}"
)

// Sentences before a command that ends Standby.
const (
	undoAfterDump = "Once its dump is safe, end its Standby, one way or the other:"
	undoNow       = "End its Standby, one way or the other:"
)

// whileItRuns is what to do before the case has a finding, by kind.
var whileItRuns = map[UpdateKind][]step{
	UpdateDumping: {
		{"Do not reboot, stop or replace it. While it writes its dump it answers nobody.", ""},
		follow,
		{"Watch it dump:", cmdConsole},
	},
	UpdateStalled: {
		{"Do not reboot it yet: a dump may stand still for minutes and go on. The end of the case has a message of its own.", ""},
		{"See whether its console moves:", cmdConsole},
		follow,
	},
	UpdateLost: {
		{"Do not reboot, stop or replace it, and do not interrupt it again: a second interrupt kills the dump of the first.", ""},
		{"See whether it crashed:", cmdConsole},
		{"The case is followed as one whose interrupt was sent. Follow it:", cmdCase},
	},
}

// ending is what to do after the end of a case on one family of systems.
type ending struct{ linux, windows []step }

// afterFinding is what to do at the end of a case, by finding. How to make the host back
// up differs by nothing but its system.
var afterFinding = map[cases.Finding]ending{
	cases.FindingDumpFailed: {
		linux: []step{
			{"Make room for the dump in /var/crash, as much as the memory that is in use, and give the capture kernel more memory (crashkernel=) if it ran out. " +
				"The console says which:", cmdConsole},
		},
		windows: []step{{"Give the page file on the boot volume and the volume of the dump more room.", ""}},
	},
	cases.FindingHungInDump: {
		linux: []step{
			{"It will not come back by itself. Keep what it has written before you reboot it:", cmdSnapshot},
			{"Then give the capture kernel more memory (crashkernel=), and set panic=60 and softlockup_panic=1 on its command line, so that the next one restarts.", ""},
		},
		windows: []step{
			{"It will not come back by itself. Keep what it has written before you reboot it:", cmdSnapshot},
			{"Then give the page file on the boot volume and the volume of the dump more room.", ""},
		},
	},
	cases.FindingNoDump: {
		linux: []step{
			{"Load a capture kernel: reserve memory (crashkernel=), and enable kdump or kdump-tools. This must print 1 on the host:", "cat /sys/kernel/kexec_crash_loaded"},
		},
		windows: []step{{"Set it to write a kernel dump, with a page file on the boot volume that is large enough. This must not print 0 there:",
			`reg query HKLM\SYSTEM\CurrentControlSet\Control\CrashControl /v CrashDumpEnabled`}},
	},
	cases.FindingIgnored: {
		linux: []step{
			{"If it still hangs, nothing more is to be had of it: reboot it.", ""},
			{"Then have its kernel panic on the interrupt, for the next hang. This must print 1 on the host:", "sysctl kernel.unknown_nmi_panic"},
		},
		windows: []step{
			{"If it still hangs, nothing more is to be had of it: reboot it.", ""},
			{"Then have it crash on the interrupt, for the next hang. This must not print 0 there:",
				`reg query HKLM\SYSTEM\CurrentControlSet\Control\CrashControl /v NMICrashDump`},
		},
	},
	cases.FindingRaced: {
		linux:   []step{whoDidIt, keepItSo},
		windows: []step{whoDidIt, keepItSo},
	},
	cases.FindingUnproven: {
		linux: []step{
			console,
			{"If it is back, see in /var/crash whether it wrote a dump. If its console is empty, give it a console on ttyS0, so that the next crash shows.", ""},
		},
		windows: []step{
			console,
			{`If it is back, see whether it wrote C:\Windows\MEMORY.DMP.`, ""},
		},
	},
}

var (
	whoDidIt = step{"See who did it:", cmdWho}
	keepItSo = step{"Keep reboot alarms, health checks and people away from the next one: see what protects the instance (CRASHCART_PROTECT, the tag of its group).", ""}
)

// Steps to the dump of a host.
var (
	bringHome        = step{"Take the dump off the host before anybody ends it. Open a shell there:", cmdShell}
	whereLinux       = step{"Debian, Ubuntu and SLES keep a dump in a directory of /var/crash named by the time, Amazon Linux, RHEL and Fedora in one named by address and time. Copy it, into a bucket of yours:", "sudo aws s3 cp --recursive /var/crash s3://BUCKET/{case}/"}
	whereWindows     = step{"Windows keeps the last dump, unless it is set otherwise, in one file. Copy it, into a bucket of yours:", `aws s3 cp C:\Windows\MEMORY.DMP s3://BUCKET/{case}/`}
	keepVolume       = step{"The dump is on its own disk, and it is not back: do not replace it. Keep the disk first:", cmdSnapshot}
	rebootAfterwards = step{"Then see why it does not come back, and reboot it:", cmdConsole}
)

// updateSteps are the steps of an update, as they are shown.
func (nt *Notifier) updateSteps(u Update) []string {
	if u.Kind != UpdateEnded {
		out := nt.wordedFor(u.InstanceID, u.CaseID, whileItRuns[u.Kind])
		if u.Kind == UpdateLost {
			out = append(out, undoing(undoStep, u.Undo)...)
		}
		return out
	}
	steps := u.toTheDump()
	if steps == nil {
		if steps = afterFinding[u.Finding].linux; u.Windows {
			steps = afterFinding[u.Finding].windows
		}
	}
	undo := undoNow
	if u.mayHaveDump() {
		undo = undoAfterDump
	}
	return append(nt.wordedFor(u.InstanceID, u.CaseID, append(steps[:len(steps):len(steps)], follow)), undoing(undo, u.Undo)...)
}

// toTheDump are the steps to a dump that is known to be there.
func (u Update) toTheDump() []step {
	if _, complete := u.proof(cases.StageDumpComplete); u.Finding != cases.FindingDumped && !complete {
		return nil
	}
	if _, back := u.proof(cases.StageReachable); !back {
		return []step{keepVolume, rebootAfterwards}
	}
	if u.Windows {
		return []step{bringHome, whereWindows}
	}
	return []step{bringHome, whereLinux}
}

// mayHaveDump says whether a dump, or a part of one, may be on the instance's disk.
func (u Update) mayHaveDump() bool {
	return u.Finding != cases.FindingIgnored && u.Finding != cases.FindingNoDump
}
