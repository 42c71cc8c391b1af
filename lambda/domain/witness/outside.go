package witness

import (
	"fmt"
	"strings"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/printable"
)

const (
	// maxReason is how long EC2's reason may be, in bytes.
	maxReason = 150
	// clocks is how far the clocks of AWS's services may be apart from ours.
	clocks = time.Minute
	// checkLag is how long a reachability check may still say what was true before a
	// reboot: it runs every minute, and fails after some of these (Amazon EC2 User Guide,
	// "Status checks for Amazon EC2 instances").
	checkLag = 5 * time.Minute
	// agentTime is how long the agent must have spoken since the capture kernel's last word
	// where nothing shows a boot. A capture kernel that starts all its programs may start
	// an agent, too.
	agentTime = 10 * time.Minute
)

// Why a host may not be back.
const (
	doubtARP   = "only AWS's reachability check says so, and a hung kernel may answer it, too"
	doubtBlind = "its console shows nothing of it"
)

// addInstance adds what EC2 and Auto Scaling say of the instance.
func addInstance(a *cases.Account, s Sight) {
	if s.Known && s.State != "" {
		a.Absent = time.Time{}
	}
	switch {
	case !s.Known:
	case s.State == "":
		addAbsence(a, s)
		return
	default:
		addState(a, s)
	}
	if isLeaving(s.Lifecycle) {
		keep(&a.Raced, fmt.Sprintf("its Auto Scaling group replaces it (%s)", printable.Line(s.Lifecycle, maxReason)))
	}
}

// addState adds what the state of the instance says.
func addState(a *cases.Account, s Sight) {
	switch reason := printable.Line(s.Reason, maxReason); s.State {
	case "terminated", "stopped", "shutting-down", "stopping":
		a.Gone = s.State == "terminated" || s.State == "stopped"
		if !isOwn(reason) {
			keep(&a.Raced, fmt.Sprintf("the instance is %s%s", s.State, inBrackets(reason)))
		} else if reached(*a, cases.StageCaptureKernel) && a.Gone {
			keep(&a.Failed, "the instance has stopped by itself")
		}
		return
	case "running":
		a.Gone = false
	}
	if s.Launched.After(a.SentAt.Add(clocks)) {
		keep(&a.Raced, "the instance was stopped and started again at "+s.Launched.UTC().Format(time.TimeOnly)+" UTC")
	}
}

// addAbsence adds that EC2 does not know the instance. One such answer may be wrong: EC2 is
// eventually consistent. A later one must agree.
func addAbsence(a *cases.Account, s Sight) {
	if a.Absent.IsZero() {
		a.Absent = s.At
	}
	if s.At.Sub(a.Absent) >= settleTime {
		a.Gone = true
		keep(&a.Raced, "the instance does not exist any more")
	}
}

// isOwn says that the instance has stopped without anybody's asking EC2 for it: a capture
// kernel that fails may power off. EC2 gives the user's wish as "User initiated", and a
// service's with its name (Amazon EC2 User Guide, "Troubleshoot instance launch issues").
func isOwn(reason string) bool {
	return reason == "" || strings.Contains(reason, "InstanceInitiatedShutdown") || strings.Contains(reason, "Instance initiated shutdown")
}

func inBrackets(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// isLeaving says that a group ends its member. One in Terminating:Wait is held by a hook,
// and runs on (Amazon EC2 Auto Scaling User Guide, "Amazon EC2 Auto Scaling instance
// lifecycle").
func isLeaving(lifecycle string) bool {
	_, state, warmed := strings.Cut(lifecycle, "Warmed:")
	if !warmed {
		state = lifecycle
	}
	return state == "Terminated" || strings.HasPrefix(state, "Terminating") && state != "Terminating:Wait"
}

// addCheck adds what AWS's reachability check says. It is an ARP request, which most hung
// kernels answer. So it shows a return only behind a boot, or where it has failed before.
func addCheck(a *cases.Account, s Sight) {
	switch s.Check.Status {
	case "":
		return // it could not be had
	case "ok":
		addPass(a, s)
		return
	case "impaired":
		if a.Impaired.IsZero() {
			a.Impaired = s.At
		}
	}
	a.Passing = time.Time{}
}

// addPass adds that the check passes. Where the console will not show a boot, the check
// alone shows a return. Then two looks must agree, and the check must have had the time to
// see the crash: what failed before the interrupt may pass once, and mean nothing.
func addPass(a *cases.Account, s Sight) {
	if a.Passing.IsZero() {
		a.Passing = s.At
	}
	failed := !a.Impaired.IsZero()
	if failed && (a.Windows || !a.Shown) && s.At.After(a.Passing) && s.At.Sub(a.SentAt) >= checkLag {
		prove(a, cases.Proof{Stage: cases.StageRebooted, By: byCheck, SeenAt: s.At, Doubt: doubtARP})
	}
	rebooted, ok := a.Reached(cases.StageRebooted)
	if ok && (failed || s.At.Sub(rebooted.SeenAt) >= checkLag) {
		prove(a, cases.Proof{Stage: cases.StageReachable, By: byCheck, SeenAt: s.At, Doubt: doubtARP})
	}
}

// lastProven is when the boot was first seen, or the end of the dump where none was.
func lastProven(a cases.Account) time.Time {
	p, ok := a.Reached(cases.StageRebooted)
	if !ok {
		p, _ = a.Reached(cases.StageDumpComplete)
	}
	return p.SeenAt
}

// addPing adds what the agent shows. An agent that has spoken after the interrupt is one
// that is back, or one on a host that never crashed.
func addPing(a *cases.Account, s Sight) {
	if !s.Ping.After(a.SentAt.Add(clocks)) {
		return
	}
	crashed := reached(*a, cases.StageCaptureKernel)
	switch {
	case reached(*a, cases.StageRebooted), reached(*a, cases.StageDumpComplete):
		if s.Ping.Before(lastProven(*a).Add(-clocks)) {
			return
		}
	case crashed && answersOn(a, s):
		prove(a, cases.Proof{Stage: cases.StageRebooted, By: byAgent, SeenAt: s.At, Doubt: doubtBlind})
	case crashed, reached(*a, cases.StagePanicked):
		return
	default:
		addUnexplained(a, s)
		return
	}
	prove(a, cases.Proof{Stage: cases.StageReachable, By: byAgent, SeenAt: s.At})
}

// addUnexplained adds that the agent has spoken where nothing has shown a crash. Its host
// never crashed where the console would show a boot: it goes on from the one from before the
// interrupt, or its kernel has run for longer than the case.
func addUnexplained(a *cases.Account, s Sight) {
	proof := cases.Proof{Stage: cases.StageReachable, By: byAgent, SeenAt: s.At}
	read := len(s.Console) > 0 && !a.Windows
	switch {
	case a.Booted != "":
		if s.Ping.Before(a.BootedAt.Add(-clocks)) {
			return
		}
		prove(a, cases.Proof{Stage: cases.StageRebooted, Line: a.Booted, By: byConsole, SeenAt: s.At, Doubt: doubtUptime})
	case read && a.Rolled && s.Before == nil:
		proof.Doubt = doubtAlone
	case read && a.Rolled:
		proof.Doubt = doubtRolled
	case read && a.Timed:
		a.Lively = true
		keep(&a.Lives, "its agent answered at "+s.Ping.UTC().Format(time.TimeOnly)+" UTC, and its console shows no boot")
		return
	default:
		proof.Doubt = doubtBlind
	}
	prove(a, proof)
}

// answersOn says that the agent has spoken for some time since the console last showed
// anything of the capture kernel. It is an ordinary kernel's then, of which the ring has
// forgotten the boot.
func answersOn(a *cases.Account, s Sight) bool {
	captured, _ := a.Reached(cases.StageCaptureKernel)
	moved := latest(captured.SeenAt, a.MovedAt)
	if !s.Ping.After(moved) {
		return false
	}
	if !a.Pinged.After(moved) {
		a.Pinged = s.Ping
	}
	return s.Ping.Sub(a.Pinged) >= agentTime
}
