package intake

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/send"
	"crashcart/lambda/aws/standby"
	"crashcart/lambda/domain/cases"
)

// sent is what there is to look after once the send is over.
type sent struct {
	claim  cases.Case
	result send.Result
	seen   evidence.Evidence
}

// real says that the interrupt was sent, or may have been.
func (s sent) real() bool {
	return s.result.Kind == send.Interrupted || s.result.Kind == send.Unknown && !s.claim.DryRun
}

// afterSend settles the case and hands it to the follow-up, stores the evidence, and
// keeps the instance until it has dumped. It does all three side by side: a group may
// replace the instance at any moment, and a case that stays claimed counts as one that
// may have been sent. What fails is logged and changes nothing. It goes on when the
// invocation ends.
func (h *Handler) afterSend(ctx context.Context, j *job, s sent) {
	ctx = context.WithoutCancel(ctx)
	var (
		wg     sync.WaitGroup
		stored string
		kept   standby.Result
	)
	writing, cancel := context.WithTimeout(ctx, settleBound)
	defer cancel()
	wg.Go(func() {
		if err := h.Book.Settle(writing, s.claim, stateOf(s.result, s.claim.DryRun), s.result.Code); err != nil {
			j.log.ErrorContext(ctx, "the case could not be settled", slog.String("caseId", s.claim.ID), slog.Any("error", err))
		}
		if s.real() {
			h.follow(ctx, j, s.claim.ID)
		}
	})
	wg.Go(func() { stored = h.keepEvidence(writing, j, s) })
	wg.Go(func() {
		if s.real() {
			kept = h.Standby.Keep(writing, s.claim.InstanceID, j.question.Instance.Group)
		}
	})
	wg.Wait()
	j.outcome.Evidence, j.outcome.Protected, j.outcome.Undo = stored, kept.Why, kept.Undo

	if len(kept.Undo) > 0 {
		j.log.InfoContext(ctx, "protected", slog.String("instanceId", s.claim.InstanceID), slog.String("caseId", s.claim.ID),
			slog.String("why", kept.Why), slog.Any("undo", kept.Undo))
	}

	noting, cancel := context.WithTimeout(ctx, noteBound)
	defer cancel()
	if err := h.Book.Note(noting, s.claim, cases.Notes{Evidence: stored, Protected: kept.Why}); err != nil {
		j.log.ErrorContext(ctx, "the case has no note of its evidence and its protection", slog.String("caseId", s.claim.ID),
			slog.String("evidence", stored), slog.String("protected", kept.Why), slog.Any("error", err))
	}
}

// keepEvidence stores the evidence and says where it is, or what is missing.
func (h *Handler) keepEvidence(ctx context.Context, j *job, s sent) string {
	prefix := evidence.Prefix(s.claim.ID, s.claim.DryRun)
	if err := h.Store.Put(ctx, prefix, s.seen); err != nil {
		j.log.ErrorContext(ctx, "the evidence could not be stored", slog.String("caseId", s.claim.ID), slog.Any("error", err))
		return fmt.Sprintf("console and screenshot from before the interrupt could not be stored in s3://%s/%s: see the function's log", h.Store.Bucket, prefix)
	}
	return strings.Join(append([]string{fmt.Sprintf("s3://%s/%s/", h.Store.Bucket, prefix)}, s.seen.Missing()...), ", ")
}

// stateOf is the state that a result leaves the case in. A dry run sends
// nothing, so its case is over however it ends.
func stateOf(r send.Result, dryRun bool) cases.State {
	switch {
	case dryRun:
		return cases.StateDryRun
	case r.Kind == send.Interrupted:
		return cases.StateInterrupted
	case r.Kind == send.Rejected:
		return cases.StateRejected
	default:
		return cases.StateUnknown
	}
}
