package followup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crashcart/lambda/aws/collect"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/printable"
)

// collectUntil is how old a case may be whose dump is still on its way home. The witness
// ends every case then.
const collectUntil = 47 * time.Hour

// collectIsLate says that the dump has had its time, or that there is nobody to send it.
func collectIsLate(t task) bool {
	c := t.r.Followup.Collect
	return c.Began() && collects(t) && tooLate(t) != ""
}

// tooLate says why nothing more is waited for.
func tooLate(t task) string {
	f := t.r.Followup
	switch {
	case f.Account.Gone:
		return gone
	case t.now.Sub(f.Collect.BeganAt) >= t.collect.For:
		return fmt.Sprintf("it was not home within %s", printable.Duration(t.collect.For))
	case t.now.Sub(t.r.ClaimedAt) >= collectUntil:
		return "its case has had all its time"
	}
	return ""
}

const gone = "the instance does not run any more"

// giveUpCollect ends the wait for a dump. What has arrived of it stays in the bucket, as an
// upload that is not finished.
func giveUpCollect(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	c := h.lastWord(ctx, t)
	if c.Surveyed && !c.Files.Open() {
		return h.kept(ctx, t, ended(c, t.now))
	}
	return h.kept(ctx, t, givenUp(c, tooLate(t), t.now))
}

// lastWord takes the report of the command that is under way, if there is one by now: a
// host may have sent all of its dump before it was terminated. And it counts what has
// arrived of the rest, for those who read why it is lost.
func (h *Handler) lastWord(ctx context.Context, t task) cases.Collecting {
	c := t.r.Followup.Collect
	if !c.Surveyed || c.Command == "" {
		return c
	}
	bound, cancel := context.WithTimeout(ctx, storeBound)
	defer cancel()
	var problem error
	output, state, _ := h.poll(ctx, t, sendFor)
	if report, err := dump.ParseReport(output); state == ran && err == nil {
		c.Files, problem = h.Store.Finish(bound, c.Files, report)
	}
	files, err := h.Store.Count(bound, c.Files)
	if problem = errors.Join(problem, err); problem != nil {
		h.logMissing(ctx, t.r, "an upload could not be ended", problem)
	}
	c.Files = files
	return c
}

func givenUp(c cases.Collecting, reason string, now time.Time) cases.Collecting {
	if c.Problem != "" {
		reason = printable.Line(reason+"; the last that was in the way: "+c.Problem, 2*maxWhy)
	}
	if !c.Surveyed {
		c.Missing = c.Miss(cases.MissingDump, reason)
	}
	c.Files = collect.Abandon(c.Files, reason)
	return ended(c, now)
}

// seals says that the manifest's URLs are needed no more. Nobody knows whether a function
// that was killed has put one, so it is sealed wherever one may be.
func seals(t task) bool {
	c := t.r.Followup.Collect
	return settled(t) && c.Ended() && len(c.Files.Uploads) > 0 && isUndone(c.Sealed) && isTime(t, c.Sealed)
}

func seal(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	err := h.Store.Seal(ctx, t.r.ID)
	if err != nil {
		h.logMissing(ctx, t.r, "the manifest could not be sealed", err)
	}
	c := t.r.Followup.Collect
	c.Sealed = c.Sealed.Again(t.now, err)
	return h.kept(ctx, t, c)
}

// mostSmall is how often the list of the evidence, the seal of the parts' URLs (they end by
// themselves after an hour) and a snapshot are tried. See mostTries for what the state
// machine allows.
const mostSmall = 3

// isUndone says that something was not done yet, and may be tried again.
func isUndone(done cases.Telling) bool { return !done.Done && done.Tries < mostSmall }

// isTime says that the next try is due. The end of a case does not wait for it.
func isTime(t task, done cases.Telling) bool {
	return concluded(t) || t.now.Sub(done.Last) >= againAfter
}

// isHome says that nothing more is done for the dump of a case that has come to its finding.
func isHome(t task) bool {
	c := t.r.Followup.Collect
	sealed := !c.Ended() || len(c.Files.Uploads) == 0 || !isUndone(c.Sealed)
	return !collects(t) && sealed && !needsSnapshot(t)
}

// cutCollect gives the collecting of a case at its conclusion. What is still on its way
// then is lost, and what nobody has asked for is missing.
func cutCollect(t task, finding cases.Finding) cases.Collecting {
	c := t.r.Followup.Collect
	reason := ""
	if t.failure != nil {
		reason = t.failure.why()
	}
	switch {
	case c.Ended():
	case c.Began():
		if reason == "" {
			reason = "its case has ended"
		}
		return givenUp(c, reason, t.now)
	case unasked(t, finding) != "":
		if reason == "" {
			reason = unasked(t, finding)
		}
		c.Missing = c.Miss(cases.MissingDump, reason)
	}
	return c
}

// unasked is why the host of a case was not asked for the dump that it has or may have.
// It is empty where there is nothing to miss.
func unasked(t task, finding cases.Finding) string {
	switch finding {
	case cases.FindingDumped, cases.FindingDumpFailed, cases.FindingHungInDump:
	case cases.FindingUnproven:
		if t.failure == nil || t.collect.Dumps == config.Off {
			return "" // nothing shows that there is any
		}
	default:
		return ""
	}
	switch a := t.r.Followup.Account; {
	case t.collect.Dumps == config.Off:
		return "this stack does not bring dumps home (" + config.EnvCollect + ")"
	case a.Gone, !a.Absent.IsZero():
		return gone
	case finding == cases.FindingHungInDump:
		return "its host did not come back from its dump"
	default:
		return "its host was not asked"
	}
}
