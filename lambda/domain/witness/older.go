package witness

import (
	"slices"
	"strings"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/console"
)

// doubtOlder is why a stage may not be so where there is nothing to compare the console with.
const doubtOlder = "no console from before the interrupt was kept, so that it may be of an older crash"

// mayBeOlder says that a proof may be of a crash before the interrupt.
func mayBeOlder(p cases.Proof) bool {
	return strings.Contains(p.Doubt, doubtOlder) || strings.Contains(p.Doubt, doubtUndated)
}

// isOfOlder says that what was proven is of an older crash, by a console without one from
// before: the newest kernel has run since before the interrupt, or the console shows a
// newer crash. What rests on a comparison with the console from before is never older.
func isOfOlder(a cases.Account, s Sight, r *reader) bool {
	if s.Before != nil || a.Windows || slices.ContainsFunc(a.Proofs, isCompared) {
		return false
	}
	if isOlder(r.reading, a, s) {
		return r.denies(a, cases.StageCaptureKernel) || r.denies(a, cases.StageRebooted)
	}
	return r.joined && showsAnother(a, r)
}

// denies says that a stage was proven, and that the console does not show it. It counts only
// where the console would still show it.
func (r *reader) denies(a cases.Account, s cases.Stage) bool { return reached(a, s) && !r.has(s) }

// isCompared says that a proof by the console is surely newer than the interrupt.
func isCompared(p cases.Proof) bool { return p.By == byConsole && !mayBeOlder(p) }

// showsAnother says that the crash on the console is not the one that was proven. The ring
// loses its oldest text first. So a console that shows the beginning of a crash shows all of
// that crash. If stages are missing that were proven, it is another one. A panic alone is
// not, behind a dump: whoever has dumped would dump again, and somebody prints a saved log.
func showsAnother(a cases.Account, r *reader) bool {
	if !r.has(cases.StageCaptureKernel) && (!r.has(cases.StagePanicked) || reached(a, cases.StageCaptureKernel)) {
		return false
	}
	reboot, _ := a.Reached(cases.StageRebooted)
	return reboot.By == byConsole && r.denies(a, cases.StageRebooted) ||
		r.begins() && r.dump.failed == nil && r.denies(a, cases.StageDumpComplete)
}

// begins says that the console shows how the capture kernel has begun, or its crash.
func (r *reader) begins() bool {
	return slices.ContainsFunc(r.found, func(f found) bool {
		return f.stage == cases.StagePanicked || f.stage == cases.StageCaptureKernel && f.line.Sign == console.SignCapture
	})
}

// forget takes everything from the account that was seen of an older crash, and of what
// came after it.
func forget(a *cases.Account) {
	*a = cases.Account{
		SentAt: a.SentAt, Proofs: slices.DeleteFunc(a.Proofs, func(p cases.Proof) bool { return p.Stage != cases.StageSent }),
		Windows: a.Windows, Shown: a.Shown, Timed: a.Timed,
		Raced: a.Raced, Gone: a.Gone, Absent: a.Absent, Impaired: a.Impaired, Passing: a.Passing,
	}
}

// staysOpen says that a case goes on although its account is complete: what decides it may
// be of an older crash, and the new one may still come.
func staysOpen(a cases.Account, now time.Time) bool {
	age := now.Sub(a.SentAt)
	switch {
	case a.Gone || !mayBeOlder(deciding(a)):
		return false
	case answers(a):
		return age < settleTime
	}
	return age < crashTime+backTime
}

// deciding is the proof on which the finding of an account rests, if there is one.
func deciding(a cases.Account) cases.Proof {
	for _, s := range []cases.Stage{cases.StageDumpComplete, cases.StageCaptureKernel, cases.StagePanicked, cases.StageSeen} {
		if p, ok := a.Reached(s); ok {
			return p
		}
	}
	if a.Raced != "" {
		return cases.Proof{}
	}
	p, _ := a.Reached(cases.StageRebooted)
	return p
}

// answers says that the host's agent has spoken after the interrupt. No older crash can
// show that, and a host that hangs in its new one cannot.
func answers(a cases.Account) bool {
	p, _ := a.Reached(cases.StageReachable)
	return a.Lively || p.By == byAgent
}
