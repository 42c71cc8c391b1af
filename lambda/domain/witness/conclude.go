package witness

import (
	"fmt"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/printable"
)

// How long is waited for what may still come.
const (
	// crashTime is how long a kernel that has noticed the interrupt, or has panicked, may
	// take to its capture kernel. In the lab it is a second; firmware and devices of a
	// large machine take minutes at most.
	crashTime = 10 * time.Minute
	// settleTime is how long a case stays open although its host shows a sign of life, or
	// somebody stops it. A program may have written that sign just before the interrupt. A
	// crash would show by the end of this time.
	settleTime = 5 * time.Minute
	// backTime is how long a host may take from its complete dump to its return. A check of
	// a large disk is what takes longest.
	backTime = 30 * time.Minute
	// bootTime is how long an ordinary boot may take where there is no dump to wait for.
	bootTime = 10 * time.Minute
	// stallTime is how long a dump may be silent until people hear that it does not move.
	stallTime = 10 * time.Minute
	// hungTime is how long a capture kernel may be silent, or its dump may stay at the same
	// percentage, until it counts as hung. makedumpfile prints nothing for the whole dump where its output is no console
	// (kdump-tools prints its progress in one burst at the end), and a large machine takes
	// an hour.
	hungTime = 2 * time.Hour
	// captureTime is how long a capture kernel may go on printing without ever saying how
	// far its dump is. One that is out of memory does so for ever.
	captureTime = 12 * time.Hour
	// linuxTime is how long a console may show nothing at all. A kernel answers an
	// interrupt at once, and its capture kernel boots in minutes.
	linuxTime = time.Hour
	// windowsTime is the same for Windows, which writes its dump before its console, its
	// status check or its agent can show anything.
	windowsTime = 3 * time.Hour
	// last is when a case ends whatever is seen. It is less than what the state machine
	// may take.
	last = 47 * time.Hour
)

// Conclude says what the account comes to at the moment now.
func Conclude(a cases.Account, now time.Time) Conclusion {
	c := conclude(a, now)
	if staysOpen(a, now) {
		c.Done = false
	}
	if c.Done = c.Done || now.Sub(a.SentAt) >= last; c.Done {
		c.Dumping, c.Stalled = false, false
	}
	return c
}

// conclude takes the strongest proof first.
func conclude(a cases.Account, now time.Time) Conclusion {
	switch {
	case reached(a, cases.StageDumpComplete):
		return dumped(a, now)
	case reached(a, cases.StageCaptureKernel):
		return captured(a, now)
	case reached(a, cases.StagePanicked):
		return panicked(a, now)
	case reached(a, cases.StageSeen):
		return survived(a, now)
	case a.Raced != "":
		return Conclusion{
			Finding: cases.FindingRaced, Done: a.Gone || now.Sub(a.SentAt) >= settleTime,
			Why: sentence("%s, before anything showed a crash", a.Raced),
		}
	case livesIn(a) != "":
		return survived(a, now)
	}
	return nothing(a, now)
}

// dumped is a dump that is complete.
func dumped(a cases.Account, now time.Time) Conclusion {
	p, _ := a.Reached(cases.StageDumpComplete)
	c := Conclusion{Finding: cases.FindingDumped, Doubt: p.Doubt}
	if capture, ok := a.Reached(cases.StageCaptureKernel); ok {
		c.Doubt = and(capture.Doubt, c.Doubt)
	}
	when := since(a, p) + " after the interrupt"
	if a.Failed != "" {
		c.Doubt = and(c.Doubt, "its script said later: "+a.Failed)
	}
	back, isBack := a.Reached(cases.StageReachable)
	switch {
	case isBack:
		when = fmt.Sprintf("%s after the interrupt, and it was back after %s", since(a, p), since(a, back))
		c.Doubt, c.Done = and(c.Doubt, back.Doubt), true
	case a.Gone, a.Raced != "":
		c.Doubt = and(c.Doubt, "it did not come back: "+orElse(a.Raced, "the instance does not run any more"))
		c.Done = a.Gone || now.Sub(p.SeenAt) >= backTime
	case now.Sub(p.SeenAt) >= backTime:
		c.Doubt = and(c.Doubt, fmt.Sprintf("it did not come back within %s", printable.Duration(backTime)))
		c.Done = true
	}
	c.Why = sentence("its dump was seen complete %s%s", when, by(p))
	return c
}

// captured is a capture kernel of which no complete dump is known.
func captured(a cases.Account, now time.Time) Conclusion {
	p, _ := a.Reached(cases.StageCaptureKernel)
	quiet := now.Sub(latest(a.MovedAt, p.SeenAt))
	c := Conclusion{Doubt: p.Doubt}
	if boot, left := a.Reached(cases.StageRebooted); left {
		c.Finding, c.Why = cases.FindingDumpFailed, failed(a)
		if a.Cut && a.Broken == "" {
			c.Doubt = and(c.Doubt, doubtReset)
		}
		if a.Failed == "" {
			c.Finding, c.Why = cases.FindingUnproven, "Its capture kernel ran and is gone, but nothing shows any more how its dump ended"
		}
		c.Done = isBack(a) || now.Sub(boot.SeenAt) >= bootTime
		return c
	}
	switch {
	case a.Raced != "":
		c.Finding, c.Why = cases.FindingRaced, sentence("%s, while its capture kernel ran", a.Raced)
	case a.Failed != "":
		c.Finding, c.Why = cases.FindingDumpFailed, sentence("its dump has failed, and it has not rebooted: %s", a.Failed)
	default:
		return hung(a, p, now)
	}
	c.Dumping, c.Stalled, c.Done = !a.Gone, !a.Gone && quiet >= stallTime, a.Gone || quiet >= hungTime
	return c
}

// failed says how a dump failed. kdump-tools may say that it has saved one all the same.
func failed(a cases.Account) string {
	if a.Broken != "" {
		return sentence("its capture kernel panicked before makedumpfile said that the dump is complete: %s", a.Broken)
	}
	return sentence("its capture kernel left, and makedumpfile has not said that the dump is complete; the last line on it: %s", a.Failed)
}

// hung is a capture kernel that may still be at work.
func hung(a cases.Account, p cases.Proof, now time.Time) Conclusion {
	quiet := now.Sub(latest(a.MovedAt, p.SeenAt))
	c := Conclusion{
		Finding: cases.FindingHungInDump, Doubt: p.Doubt, Dumping: true, Stalled: quiet >= stallTime,
		Done: quiet >= hungTime || stuck(a, p, now),
		Why:  sentence("its capture kernel ran %s after the interrupt, and no complete dump has been seen%s", since(a, p), by(p)),
	}
	if a.Percent != "" {
		c.Why = sentence("its capture kernel has written %s of a dump, and no more for %s", a.Percent, printable.Duration(still(a, p, now)))
	}
	if a.Broken != "" {
		c.Why = sentence("its capture kernel has panicked: %s", a.Broken)
		c.Dumping, c.Stalled, c.Done = false, false, quiet >= crashTime
	}
	return c
}

// stuck says that a dump does not get on, whatever its console prints.
func stuck(a cases.Account, p cases.Proof, now time.Time) bool {
	if a.Percent == "" {
		return now.Sub(p.SeenAt) >= captureTime
	}
	return still(a, p, now) >= hungTime
}

// still is for how long the dump has stayed at its percentage.
func still(a cases.Account, p cases.Proof, now time.Time) time.Duration {
	return now.Sub(latest(a.PercentAt, p.SeenAt))
}

// panicked is a panic behind which no capture kernel was seen.
func panicked(a cases.Account, now time.Time) Conclusion {
	p, _ := a.Reached(cases.StagePanicked)
	c := Conclusion{
		Finding: cases.FindingNoDump, Doubt: p.Doubt,
		Why: sentence("it panicked, and no capture kernel ran%s", by(p)),
	}
	_, left := a.Reached(cases.StageRebooted)
	if !left && !a.Ended && !a.Windows {
		c.Doubt = and(c.Doubt, doubtSilent)
	}
	c.Done = left && isBack(a) || a.Gone || now.Sub(p.SeenAt) >= crashTime
	return c
}

// survived is a kernel that has noticed the interrupt and went on, or one that runs on
// without a word of it.
func survived(a cases.Account, now time.Time) Conclusion {
	p, seen := a.Reached(cases.StageSeen)
	c := Conclusion{Finding: cases.FindingIgnored, Doubt: p.Doubt}
	lives := livesIn(a)
	settled := lives != "" && (now.Sub(a.SentAt) >= crashTime || (a.Lively || a.Ignored != "") && now.Sub(a.SentAt) >= settleTime)
	c.Done = a.Gone || settled || seen && now.Sub(p.SeenAt) >= crashTime
	switch {
	case a.Ignored != "":
		c.Why = sentence("the kernel noticed the interrupt and goes on: %s", a.Ignored)
	case lives != "":
		c.Why = sentence("the interrupt had no effect: %s", lives)
	case reached(a, cases.StageRebooted):
		return rebooted(a, now)
	default: // it did not say that it goes on: a capture kernel that prints nothing may run
		c.Finding = cases.FindingUnproven
		c.Why = sentence("the kernel noticed the interrupt, and nothing shows what it did then%s", by(p))
	}
	return c
}

// livesIn is what shows that the interrupted boot goes on. A boot since then disproves it.
// A line that may be from just before the interrupt shows nothing where the ring has been
// overwritten behind it: a crash may have come, and be forgotten.
func livesIn(a cases.Account) string {
	if reached(a, cases.StageRebooted) || a.Booted != "" || a.Rolled && !a.Lively {
		return ""
	}
	return a.Lives
}

// doubtReset is why a dump may not have failed by itself.
const doubtReset = "its capture kernel said no last word: it may have been reset from outside"

// doubtSilent is why a capture kernel may have run behind a panic.
const doubtSilent = "its console has shown nothing since, and a capture kernel may run without a word"

// nothing is an account without a proof of what the kernel did.
func nothing(a cases.Account, now time.Time) Conclusion {
	if reached(a, cases.StageRebooted) || reached(a, cases.StageReachable) {
		return rebooted(a, now)
	}
	limit := linuxTime
	if a.Windows || !a.Timed { // it cannot show a dump, which may take as long
		limit = windowsTime
	}
	waited := now.Sub(a.SentAt)
	c := Conclusion{Finding: cases.FindingUnproven, Done: a.Gone || waited >= limit}
	if a.Booted != "" { // its agent may show in a moment that it is back
		c.Doubt = "the time of its kernel shows a boot since then: " + a.Booted
		c.Done = a.Gone || c.Done && now.Sub(a.BootedAt) >= bootTime
	}
	c.Why = sentence("nothing has been seen of a crash in the %s since the interrupt", printable.Duration(waited))
	if a.Gone {
		c.Why = "The instance has stopped by itself, and nothing showed a crash"
	}
	return c
}

// rebooted is a boot of which nothing shows the cause.
func rebooted(a cases.Account, now time.Time) Conclusion {
	boot, ok := a.Reached(cases.StageRebooted)
	if !ok {
		boot, _ = a.Reached(cases.StageReachable)
	}
	c := Conclusion{
		Finding: cases.FindingUnproven, Doubt: boot.Doubt, Done: isBack(a) || now.Sub(boot.SeenAt) >= bootTime,
		Why: sentence("it has rebooted %s after the interrupt, and nothing shows a crash or a dump%s", since(a, boot), by(boot)),
	}
	if !ok {
		c.Why = sentence("its agent answers again, %s after the interrupt, and nothing shows what became of it", since(a, boot))
		c.Done = now.Sub(boot.SeenAt) >= bootTime
	}
	return c
}

func isBack(a cases.Account) bool { return reached(a, cases.StageReachable) }

// since is how long after the interrupt a stage was seen.
func since(a cases.Account, p cases.Proof) string {
	return printable.Duration(p.SeenAt.Sub(a.SentAt))
}

// by names the line that shows a stage, or what else does.
func by(p cases.Proof) string {
	if p.Line == "" {
		return " (by " + p.By + ")"
	}
	return ": " + p.Line
}
