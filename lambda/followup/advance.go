package followup

import (
	"context"
	"errors"
	"log/slog"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
)

// Advanced is what the state machine gets back from a step: "Done?" reads done, and
// "Wait" waitSeconds.
type Advanced struct {
	CaseID      string `json:"caseId"`
	Done        bool   `json:"done"`
	WaitSeconds int    `json:"waitSeconds"`
}

// advance makes the next step of a case, if one is due. A case that has come to its
// finding, or that is no longer the follow-up's, is done: somebody may have closed it by
// hand.
func (h *Handler) advance(ctx context.Context, caseID string) (Advanced, error) {
	r, err := h.Book.CaseByID(ctx, caseID)
	if errors.Is(err, casebook.ErrNoCase) {
		h.Log.WarnContext(ctx, "no such case", slog.String("caseId", caseID))
		return Advanced{CaseID: caseID, Done: true}, nil
	}
	if err != nil {
		return Advanced{}, err
	}
	t := h.task(r, nil)
	if unfollowed(t) { // a message may come as late as the sweep
		return Advanced{CaseID: caseID, Done: true}, nil
	}
	if !over(r) {
		if r, err = h.step(ctx, advancing, t); err != nil {
			return Advanced{}, err
		}
	}
	a := Advanced{CaseID: caseID, Done: over(r)}
	if !a.Done {
		a.WaitSeconds = int(h.until(r).Seconds())
	}
	return a, nil
}

// over says whether there is nothing more to find out.
func over(r cases.Record) bool { return !r.Follows() || r.Followup.Concluded() }

// step makes the first of the steps that is due, and gives the record as it is then. When
// another was faster, the record is what that one has written.
func (h *Handler) step(ctx context.Context, steps []step, t task) (cases.Record, error) {
	s, ok := first(steps, t)
	if !ok {
		return t.r, nil
	}
	r, err := s.do(ctx, h, t)
	if errors.Is(err, casebook.ErrStepped) {
		h.logStep(ctx, s.name, t.r, err)
		return h.Book.CaseByID(ctx, t.r.ID)
	}
	h.logStep(ctx, s.name, r, err)
	return r, err
}
