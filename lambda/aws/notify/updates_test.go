package notify_test

import (
	"testing"
	"time"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/cases"
)

// struck is when the interrupt of the updates was sent.
var struck = time.Date(2026, 11, 22, 4, 40, 0, 0, time.UTC)

// proof is a stage that was reached some seconds after the interrupt.
func proof(stage cases.Stage, after int, by, line string) cases.Proof {
	return cases.Proof{Stage: stage, By: by, Line: line, SeenAt: struck.Add(time.Duration(after) * time.Second)}
}

// The stages as a Linux goes through them, and as a Windows does.
var (
	sentIt   = proof(cases.StageSent, 0, "EC2", "")
	seenIt   = proof(cases.StageSeen, 15, "console", "[ 3605.120011] Uhhuh. NMI received for unknown reason 20 on CPU 0.")
	captured = proof(cases.StageCaptureKernel, 15, "console", "[    0.000000] Command line: root=/dev/nvme0n1p1 elfcorehdr=0x2f000000 nr_cpus=1")
	logSaved = proof(cases.StageDmesgSaved, 32, "console", "[   12.004410] kdump-tools[214]: kdump-tools: saved dmesg content in /var/crash/202611220440")
	complete = proof(cases.StageDumpComplete, 161, "console", "[  141.220013] kdump-tools[214]: kdump-tools: saved vmcore in /var/crash/202611220440.")
	rebooted = proof(cases.StageRebooted, 177, "console", "[    0.000000] Command line: root=/dev/nvme0n1p1 ro quiet")
	answers  = proof(cases.StageReachable, 192, "agent", "")

	gone     = proof(cases.StagePanicked, 75, "status check", "")
	dumpFile = proof(cases.StageDumpComplete, 420, "console", "event 1001: The computer has rebooted from a bugcheck. A dump was saved in: C:\\Windows\\MEMORY.DMP.")
)

var standby = []string{
	"aws autoscaling exit-standby --instance-ids " + host + " --auto-scaling-group-name=web --region=eu-central-1",
	"aws autoscaling terminate-instance-in-auto-scaling-group --instance-id " + host + " --no-should-decrement-desired-capacity --region=eu-central-1",
}

// base is an update with what all of them have.
func base(kind notify.UpdateKind) notify.Update {
	return notify.Update{
		Kind: kind, CaseID: caseID, InstanceID: host, SentAt: struck, At: struck.Add(200 * time.Second),
		Evidence: "s3://crashcart-evidence/cases/" + caseID + "/before/", Group: "asg/web", Source: "web-1 is silent",
	}
}

func change(u notify.Update, change func(*notify.Update)) notify.Update {
	change(&u)
	return u
}

// updates are the messages that somebody on call may get after an interrupt.
var updates = map[string]notify.Update{
	"dumping": change(base(notify.UpdateDumping), func(u *notify.Update) {
		u.Why, u.Percent, u.Left = "its capture kernel writes a dump: 41 %, 9m1s to go", "41 %", "9m1s"
		u.Proofs = []cases.Proof{sentIt, seenIt, captured}
	}),
	"dumping-windows": change(base(notify.UpdateDumping), func(u *notify.Update) {
		u.Why, u.Windows = "it has answered nobody for 2m since the interrupt, as a Windows does while it writes its dump", true
		u.Doubt = "its console shows nothing of a dump"
		u.Proofs = []cases.Proof{sentIt, gone}
	}),
	"stalled": change(base(notify.UpdateStalled), func(u *notify.Update) {
		u.Why, u.Percent, u.Left = "its dump stands at 41 % for 10m", "41 %", "9m1s"
		u.Proofs = []cases.Proof{sentIt, captured}
	}),
	"collect": change(base(notify.UpdateCollect), func(u *notify.Update) {
		u.Why, u.Proofs = "its dump was complete after 2m41s, and it answered after 3m12s", []cases.Proof{sentIt, captured, logSaved, complete, rebooted, answers}
		u.Bucket, u.Collect = bucket, underWay
	}),
	"lost": change(base(notify.UpdateLost), func(u *notify.Update) {
		u.Why, u.Undo = "the function that claimed it ended without a result, 2m10s ago", standby
		u.Reason, u.RequestedBy = "hangs since the deploy", "ana@example.com"
	}),
	"ended": change(base(notify.UpdateEnded), func(u *notify.Update) {
		u.Finding, u.Why = cases.FindingDumped, "its dump was complete after 2m41s, and it answered after 3m12s"
		u.Proofs, u.Undo = []cases.Proof{sentIt, seenIt, captured, logSaved, complete, rebooted, answers}, standby
	}),
	"ended-home": change(base(notify.UpdateEnded), func(u *notify.Update) {
		u.Finding, u.Why = cases.FindingDumped, "its dump was complete after 2m41s, and it answered after 3m12s"
		u.Proofs, u.Undo = []cases.Proof{sentIt, seenIt, captured, logSaved, complete, rebooted, answers}, standby
		u.Bucket, u.Collect = bucket, allHome
	}),
	"ended-windows": change(base(notify.UpdateEnded), func(u *notify.Update) {
		u.Finding, u.Why, u.Windows = cases.FindingDumped, "its event log names the dump", true
		u.Proofs = []cases.Proof{sentIt, gone, dumpFile, proof(cases.StageReachable, 480, "agent", "")}
	}),
	"ended-hostile": {
		Kind: notify.UpdateEnded, CaseID: caseID, InstanceID: host, Finding: cases.FindingDumpFailed, SentAt: struck, At: struck.Add(time.Hour),
		Why: hostile, Doubt: hostile, Percent: hostile, Left: hostile, Evidence: hostile, Undo: []string{hostile}, Group: hostile, Source: hostile,
		Reason: hostile, RequestedBy: hostile, Bucket: hostile, Collect: hostileHome(hostile),
		Proofs: []cases.Proof{{Stage: cases.StageCaptureKernel, By: hostile, Line: hostile, Doubt: hostile, SeenAt: struck}},
	},
}

func (w world) update(t *testing.T, u notify.Update) note {
	t.Helper()
	before := len(w.notes)
	if err := w.notifier.Update(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if len(w.notes) != before+1 {
		t.Fatalf("%d messages of one update", len(w.notes)-before)
	}
	n := w.notes[before]
	for _, problem := range problems(n) {
		t.Error(problem)
	}
	return n
}
