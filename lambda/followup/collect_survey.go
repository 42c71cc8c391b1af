package followup

import (
	"context"
	"fmt"
	"slices"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/dump"
	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/witness"
)

const (
	// sinceSlack is how far before the interrupt a file may have been written, by the
	// host's clock.
	sinceSlack = time.Minute
	// refusedFor is how long Systems Manager may refuse a survey. Its agent starts with the
	// host's other services, and the host answers already.
	refusedFor = 15 * time.Minute
	// mostSurveys is how many surveys may fail.
	mostSurveys = 3
	// surveyFor is how long a survey may take: the ten minutes in which its command may
	// wait for the agent, and some for the script.
	surveyFor = 15 * time.Minute
	// busyFor is how long a file may still be written when it is surveyed. Windows copies
	// its dump out of the page file after the boot.
	busyFor = 30 * time.Minute
	// hiddenFor is how long a disk may have no dump that must be there: a folder may be
	// mounted late, and Windows makes its file after the boot.
	hiddenFor = 10 * time.Minute
)

func asksSurvey(t task) bool {
	return mayAsk(t) && !t.r.Followup.Collect.Surveyed
}

// askSurvey asks the host what its crash has left.
func askSurvey(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	c := t.r.Followup.Collect
	if !c.Began() {
		c.BeganAt = t.now
	}
	id, err := h.Commands.Survey(ctx, t.r.InstanceID, t.r.Followup.Account.SentAt.Add(-sinceSlack))
	if err != nil {
		h.logMissing(ctx, t.r, "the host could not be asked for its dump", err)
	}
	c = sent(c, t.now, id, err)
	switch {
	case err == nil:
		return h.kept(ctx, t, c)
	case t.now.Sub(c.Refused) < refusedFor:
		return observeRefused(ctx, h, t, c)
	}
	c = ended(c, t.now)
	c.Missing = c.Miss(cases.MissingDump, fmt.Sprintf("the host could not be asked for it for %s: %s", printable.Duration(refusedFor), c.Problem))
	return h.kept(ctx, t, c)
}

// observeRefused observes a host that cannot be asked. It may be so because the instance is
// not there any more.
func observeRefused(ctx context.Context, h *Handler, t task, c cases.Collecting) (cases.Record, error) {
	t.r.Followup.Collect = c
	return observeHost(ctx, h, t)
}

func readsSurvey(t task) bool { return polls(t) && !t.r.Followup.Collect.Surveyed }

// readSurvey reads what the host has, and opens the uploads for it.
func readSurvey(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	output, state, problem := h.poll(ctx, t, surveyFor)
	if state == stillRuns {
		return observeHost(ctx, h, t)
	}
	survey, err := dump.ParseSurvey(output)
	if state == gaveUp || err != nil {
		return h.surveyFailed(ctx, t, because(problem, err))
	}
	return h.surveyed(ctx, t, survey)
}

// surveyFailed writes that a survey brought nothing. The last one is the end.
func (h *Handler) surveyFailed(ctx context.Context, t task, why string) (cases.Record, error) {
	c := failed(t.r.Followup.Collect, why)
	if c.Fails >= mostSurveys {
		c = ended(c, t.now)
		c.Missing = c.Miss(cases.MissingDump, fmt.Sprintf("the host was asked for it %d times, and gave no answer: %s", mostSurveys, c.Problem))
	}
	return h.kept(ctx, t, c)
}

// surveyed writes what the host has. A dump on its disk is proof of itself.
func (h *Handler) surveyed(ctx context.Context, t task, s dump.Survey) (cases.Record, error) {
	next := t.r.Followup
	next.Account = witness.AddSurvey(next.Account, s, t.now)
	c := &next.Collect
	switch since := t.now.Sub(c.BeganAt); {
	case isBusy(s) && since < busyFor:
		*c = askAgain(*c, t.now, "a file was still being written")
		return h.Book.Follow(ctx, t.r, next)
	case !listsDump(s) && expectsDump(t.r.Followup) && since < hiddenFor:
		*c = askAgain(*c, t.now, "its disk did not have the dump yet")
		return h.Book.Follow(ctx, t.r, next)
	}
	bound, cancel := context.WithTimeout(ctx, storeBound)
	defer cancel()
	files, err := h.Store.Start(bound, t.r.ID, s, t.collect.Limit())
	if err != nil {
		// The answer stays with Systems Manager. It is read again later.
		h.logMissing(ctx, t.r, "the uploads could not be opened", err)
		c.Problem = why(err)
		t.r.Followup = next
		return observeHost(ctx, h, t)
	}
	c.Command, c.Surveyed, c.Files, c.Skipped, c.Fails, c.Problem, c.NextAt = "", true, files, s.Skipped, 0, "", t.now
	if !files.Open() {
		*c = ended(*c, t.now)
	}
	return h.Book.Follow(ctx, t.r, next)
}

// isBusy says that a file was still being written.
func isBusy(s dump.Survey) bool {
	return slices.ContainsFunc(s.Skipped, func(x dump.Skipped) bool { return x.Why == dump.WhyBusy })
}

// listsDump says that a survey has a dump, or one that is left out with a reason.
func listsDump(s dump.Survey) bool {
	return len(s.Skipped) > 0 || slices.ContainsFunc(s.Files, func(f dump.File) bool { return f.Kind != dump.KindDmesg })
}

// expectsDump says that a dump should be there: it was proven, or its host is a Windows,
// whose console would not show it.
func expectsDump(f cases.Followup) bool {
	_, dumped := f.Account.Reached(cases.StageDumpComplete)
	return dumped || f.Host.Windows
}

// askAgain gives the collecting whose host is to be asked once more, in a minute.
func askAgain(c cases.Collecting, now time.Time, why string) cases.Collecting {
	c.Command, c.NextAt, c.Problem = "", now.Add(time.Minute), why
	return c
}
