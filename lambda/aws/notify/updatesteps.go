package notify

import (
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// Commands that only updates end with.
const (
	cmdShell    = "aws ssm start-session --region {region} --target {instance}"
	cmdSnapshot = "aws ec2 create-snapshots --region {region} --instance-specification InstanceId={instance} --description 'Crashcart {case}'"
	// cmdCrashControl needs the name of a value ("Configure system failure and recovery
	// options in Windows", Microsoft Learn).
	cmdCrashControl = `reg query HKLM\SYSTEM\CurrentControlSet\Control\CrashControl /v `
	cmdWho          = "aws cloudtrail lookup-events --region {region} --lookup-attributes AttributeKey=ResourceName,AttributeValue={instance}"
)

// Sentences before a command that ends Standby. One of the commands ends the instance,
// and all that is on it.
const (
	undoAfterDump = "Once its dump is safe, end its Standby, one way or the other:"
	undoAfterLook = "Once you know that no dump is left on it, end its Standby, one way or the other:"
	undoNow       = "End its Standby, one way or the other:"
	undoHome      = "Its dump is in the bucket. End its Standby, one way or the other:"
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
	UpdateCollect: {
		{"Do not reboot, stop or replace it before its dump has arrived. The end of the case has a message of its own.", ""},
		follow,
	},
	UpdateLost: {
		{"Do not reboot, stop or replace it, and do not interrupt it again: a second interrupt kills the dump of the first.", ""},
		{"See whether it crashed:", cmdConsole},
		{"The case is followed as one whose interrupt was sent. Follow it:", cmdCase},
	},
}

// ending is what to do at the end of a case, by the state and the system of its host.
type ending struct {
	away           []step // first, as long as the host does not answer and nothing is in doubt
	linux, windows []step
}

// afterFinding is what to do at the end of a case without a dump, by finding.
var afterFinding = map[cases.Finding]ending{
	cases.FindingDumpFailed: {
		linux: []step{
			{"Make room for a dump in /var/crash, or reserve more memory for the capture kernel (crashkernel=). The console says what it lacked:", cmdConsole},
		},
		windows: []step{largerFile},
	},
	cases.FindingHungInDump: {
		away:    []step{{"It will not come back by itself. Keep what it has written before you reboot it:", cmdSnapshot}},
		linux:   []step{{"Reserve more memory for the capture kernel (crashkernel=). See where it got stuck:", cmdConsole}},
		windows: []step{largerFile},
	},
	cases.FindingNoDump: {
		away: []step{{"A kernel without a capture kernel may stay as it is after its panic. If it does, reboot it. There is nothing left to lose.", ""}},
		linux: []step{
			{"Have a capture kernel loaded: reserve memory (crashkernel=), and enable kdump or kdump-tools. This must print 1 on the host:", "cat /sys/kernel/kexec_crash_loaded"},
		},
		windows: []step{{"Set it to write a kernel dump. This must not print 0 there:", cmdCrashControl + "CrashDumpEnabled"}, largerFile},
	},
	cases.FindingIgnored: {
		away: []step{stillHangs},
		linux: []step{
			{"Have its kernel panic on the next interrupt. This must print 1 on the host:", "sysctl kernel.unknown_nmi_panic"},
		},
		windows: []step{
			{"Windows Server 2012 and later crash on an interrupt as they are. On an older one this must print 1:", cmdCrashControl + "NMICrashDump"},
		},
	},
	cases.FindingRaced: {
		linux:   []step{whoDidIt, keepItSo},
		windows: []step{whoDidIt, keepItSo},
	},
	cases.FindingUnproven: {
		linux: []step{
			console,
			{"See in /var/crash whether it wrote a dump, once it is back. If its console is empty, give it one on ttyS0, so that the next crash shows.", ""},
		},
		windows: []step{
			console,
			{`See whether it wrote C:\Windows\MEMORY.DMP, once it is back.`, ""},
		},
	},
}

var (
	firstLook  = step{"This may be otherwise, and it may still write a dump. See its console before you do anything to it:", cmdConsole}
	stillHangs = step{"If it still hangs, nothing more is to be had of it: reboot it.", ""}
	largerFile = step{"Give its page file on the boot volume, and the volume of the dump, more room.", ""}
	whoDidIt   = step{"See who did it:", cmdWho}
	keepItSo   = step{"So that the next dump is left alone: have the group's members put into Standby (" + config.EnvProtect + ", and the tag " + config.TagKey +
		" on the group), and take reboot actions off the alarms.", ""}
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
	steps := append(u.fetch(), u.keptInSnapshot(u.toTheRest())...)
	steps = append(steps, step{"See the whole case:", cmdCase})
	return append(nt.wordedFor(u.InstanceID, u.CaseID, steps), undoing(u.beforeUndo(), u.Undo)...)
}

// toTheRest are the steps to what is not in the bucket.
func (u Update) toTheRest() []step {
	switch {
	case u.dumpIsHome() && u.isBack():
		return nil
	case u.dumpIsHome():
		return []step{rebootAfterwards}
	case u.hasDump():
		return u.toTheDump()
	default:
		return u.withoutDump()
	}
}

// toTheDump are the steps to a dump that is there.
func (u Update) toTheDump() []step {
	switch {
	case !u.isBack():
		return []step{keepVolume, rebootAfterwards}
	case u.Windows:
		return []step{bringHome, whereWindows}
	default:
		return []step{bringHome, whereLinux}
	}
}

// withoutDump are the steps where there is no dump, or none that is known.
func (u Update) withoutDump() []step {
	var steps []step
	e := afterFinding[u.Finding]
	switch {
	case u.isBack():
	case u.Doubt != "":
		steps = append(steps, firstLook)
	default:
		steps = append(steps, e.away...)
	}
	if u.Windows {
		return append(steps, e.windows...)
	}
	return append(steps, e.linux...)
}

// isBack says whether the host was seen to answer after the interrupt.
func (u Update) isBack() bool {
	_, answers := u.proof(cases.StageReachable)
	return answers
}

// hasDump says that a complete dump was seen, whatever the case came to.
func (u Update) hasDump() bool {
	_, complete := u.proof(cases.StageDumpComplete)
	return complete || u.Finding == cases.FindingDumped
}

// beforeUndo is the sentence before a command that ends Standby.
func (u Update) beforeUndo() string {
	switch {
	case u.dumpIsHome() && u.Doubt == "":
		return undoHome
	case u.hasDump():
		return undoAfterDump
	case u.Doubt == "" && (u.Finding == cases.FindingIgnored || u.Finding == cases.FindingNoDump):
		return undoNow
	default:
		return undoAfterLook
	}
}
