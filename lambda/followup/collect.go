package followup

import (
	"context"
	"slices"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/printable"
)

// collecting are the steps by which a dump comes home, between the last that is observed of
// a crash and its finding:
//
//	ask -> read the survey -> send -> read the report -> seal the manifest -> snapshot
//
// Sending and reading its report are repeated as long as something is missing.
var collecting = []step{
	{"give up the dump", collectIsLate, giveUpCollect},
	{"ask for a survey", asksSurvey, askSurvey},
	{"read the survey", readsSurvey, readSurvey},
	{"send", sends, send},
	{"read the report", readsReport, readReport},
	sealing,
	{"snapshot", wantsSnapshot, takeSnapshot},
}

// sealing is a step of Finish as well: a case may have been cut short.
var sealing = step{"seal the manifest", seals, seal}

// collectFindings are what a case may come to whose host is asked for its dump. A console
// that shows none proves nothing: it may have been silent. One that has ignored the
// interrupt has none, one that hangs in its dump answers nobody, and the host of a race is
// another by now.
var collectFindings = []cases.Finding{
	cases.FindingDumped, cases.FindingDumpFailed, cases.FindingNoDump, cases.FindingUnproven,
}

// wantsCollect says that a host is to be asked for what its crash has left: nothing more is
// to be seen of the crash from outside.
func wantsCollect(t task) bool {
	a := t.r.Followup.Account
	return comesToNothingMore(t) && t.collect.Dumps == config.On && slices.Contains(collectFindings, found(t).Finding) && !a.Gone && a.Absent.IsZero()
}

// collects says that the dump is not home yet, and may come.
func collects(t task) bool {
	c := t.r.Followup.Collect
	return settled(t) && !concluded(t) && !c.Ended() && (c.Began() || wantsCollect(t))
}

// mayAsk says that a command can be sent now: none is under way, and the last one that
// brought nothing is long enough ago.
func mayAsk(t task) bool {
	c := t.r.Followup.Collect
	return collects(t) && c.Command == "" && !t.now.Before(c.NextAt)
}

// maxWhy bounds what a case says of something that failed, in bytes. The log has all of it.
const maxWhy = 300

// why is an error as a part of a sentence.
func why(err error) string { return printable.Line(err.Error(), maxWhy) }

// kept writes the step with what is known of the dump's way home from now on.
func (h *Handler) kept(ctx context.Context, t task, c cases.Collecting) (cases.Record, error) {
	next := t.r.Followup
	next.Collect = c
	return h.Book.Follow(ctx, t.r, next)
}

// mostPatience is the longest wait between two commands.
const mostPatience = 8 * time.Minute

// failed gives the collecting after a command that brought nothing, for this reason. Each
// such command makes the host, and us, wait longer for the next: it has work to do.
func failed(c cases.Collecting, why string) cases.Collecting {
	wait := min(mostPatience, time.Minute<<min(c.Fails, 3))
	c.Command, c.Problem, c.Fails, c.NextAt = "", why, c.Fails+1, c.AskedAt.Add(wait)
	return c
}

// sent gives the collecting after a command was sent, or refused by the error.
func sent(c cases.Collecting, now time.Time, id string, err error) cases.Collecting {
	c.Tries++
	c.Command, c.AskedAt = id, now
	if err == nil {
		c.Refused = time.Time{}
		return c
	}
	if c.Refused.IsZero() {
		c.Refused = now
	}
	c.Problem, c.NextAt = why(err), now.Add(time.Minute)
	return c
}

// ended gives the collecting at its end. Of a file that does not come, the upload has the
// reason, or what was left out has.
func ended(c cases.Collecting, now time.Time) cases.Collecting {
	c.Command, c.EndedAt = "", now
	if c.Surveyed && !c.SawDump() {
		c.Missing = c.Miss(cases.MissingDump, noDump)
	}
	return c
}

const noDump = "its disk has no dump written since the interrupt"
