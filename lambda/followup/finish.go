package followup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/witness"
)

// Finished is what an execution ends with. The finding is empty for a case that somebody
// has closed before it had one.
type Finished struct {
	CaseID  string        `json:"caseId"`
	Finding cases.Finding `json:"finding"`
}

// mostFinishing is how many steps one Finish makes: all there are, and some that were
// lost to others.
const mostFinishing = 16

// finish is the one way in which a case ends. It makes what is due of the last steps. f
// is nil unless Advance has failed for good. A case that is closed, or that is not there,
// has ended.
func (h *Handler) finish(ctx context.Context, caseID string, f *failure) (Finished, error) {
	for range mostFinishing {
		r, err := h.Book.CaseByID(ctx, caseID)
		if errors.Is(err, casebook.ErrNoCase) {
			h.Log.WarnContext(ctx, "no such case", slog.String("caseId", caseID))
			return Finished{CaseID: caseID}, nil
		}
		if err != nil {
			return Finished{}, err
		}
		if !r.Follows() {
			return Finished{CaseID: caseID, Finding: r.Followup.Finding}, nil
		}
		t := h.task(r, f)
		if _, due := first(finishing, t); !due {
			return Finished{}, fmt.Errorf("finishing case %s: %w", caseID, casebook.ErrUnderWay)
		}
		if _, err := h.step(ctx, finishing, t); err != nil {
			return Finished{}, err
		}
	}
	return Finished{}, fmt.Errorf("finishing case %s: others write it all the time", caseID)
}

// conclude writes what the case has come to. Nobody is told of another finding then.
func conclude(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	if unfollowed(t) {
		return leave(ctx, h, t)
	}
	c := found(t)
	if !c.Done && t.failure != nil {
		c = cutShort(c, t.r.Followup.Account, *t.failure)
	}
	if t.r.Followup.Blind {
		c.Doubt = joined(c.Doubt, "EC2 has not shown it lately")
	}
	if c.Finding == "" { // its host was never observed
		c.Finding, c.Why = cases.FindingUnproven, "its follow-up has seen nothing of it"
	}
	next := t.r.Followup
	next.Collect = cutCollect(t, c.Finding)
	next.Finding, next.Why, next.Doubt, next.ConcludedAt = c.Finding, c.Why, c.Doubt, t.now
	return h.Book.Follow(ctx, t.r, next)
}

// cutShort is what a case has come to whose follow-up has failed. What is proven stays so:
// only how it went on is not known. Of a dump that was being written nobody knows the end.
func cutShort(c witness.Conclusion, a cases.Account, f failure) witness.Conclusion {
	for _, p := range a.Proofs {
		if p.Stage != cases.StageSent && !c.Dumping && !mayStillDump(c, a) {
			return witness.Conclusion{Finding: c.Finding, Why: c.Why, Doubt: joined(c.Doubt, f.why())}
		}
	}
	return witness.Conclusion{Finding: cases.FindingUnproven, Why: f.why(), Doubt: c.Doubt}
}

// mayStillDump says that a finding rests on the capture kernel not having shown so far. A
// case that is not done was not watched for long enough to say that it did not run. The
// kernel's own word proves it: the end of its panic, its reboot, or that it goes on.
func mayStillDump(c witness.Conclusion, a cases.Account) bool {
	_, rebooted := a.Reached(cases.StageRebooted)
	switch c.Finding {
	case cases.FindingNoDump:
		return !rebooted && !a.Ended
	case cases.FindingIgnored:
		return a.Ignored == ""
	default:
		return false
	}
}

// joined is one doubt after another.
func joined(doubt, more string) string {
	if doubt == "" {
		return more
	}
	return doubt + "; " + more
}

// maxCause bounds what a finding says of a failure, in bytes. The log has all of it.
const maxCause = 300

// why is the sentence of a case that was not followed to its end.
func (f failure) why() string {
	return printable.Line("its follow-up failed, with "+f.code+": "+f.cause, maxCause)
}

// closeCase closes the case, in one transaction with what it holds. The call that has
// closed it counts it.
func closeCase(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	r, ended, err := h.Book.End(ctx, t.r)
	if ended {
		h.logEnd(ctx, r)
	}
	return r, err
}
