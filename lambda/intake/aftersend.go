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

// aftermath settles the case, keeps the look, and keeps the instance until it has
// dumped: side by side, since a group may replace the instance at any moment and a
// case that stays claimed is taken for one that may have been sent. What fails is
// said, and changes nothing. It goes on whatever becomes of the invocation.
func (h *Handler) aftermath(ctx context.Context, j *job, c cases.Case, result send.Result, seen evidence.Evidence) {
	ctx = context.WithoutCancel(ctx)
	var (
		wg    sync.WaitGroup
		stood string
		kept  standby.Result
	)
	writing, cancel := context.WithTimeout(ctx, settleBound)
	defer cancel()
	wg.Go(func() {
		if err := h.Book.Settle(writing, c, stateOf(result, c.DryRun), result.Code); err != nil {
			j.log.ErrorContext(ctx, "the case could not be settled", slog.String("caseId", c.ID), slog.Any("error", err))
		}
	})
	wg.Go(func() { stood = h.keepEvidence(writing, j, c, seen) })
	wg.Go(func() {
		if result.Kind == send.Interrupted || result.Kind == send.Unknown && !c.DryRun {
			kept = h.Protect.Keep(writing, c.InstanceID, j.question.Instance.Group)
		}
	})
	wg.Wait()
	j.outcome.Evidence, j.outcome.Protected, j.outcome.Undo = stood, kept.Why, kept.Undo

	if len(kept.Undo) > 0 {
		j.log.InfoContext(ctx, "protected", slog.String("instanceId", c.InstanceID), slog.String("caseId", c.ID),
			slog.String("why", kept.Why), slog.Any("undo", kept.Undo))
	}

	noting, cancel := context.WithTimeout(ctx, noteBound)
	defer cancel()
	if err := h.Book.Note(noting, c, cases.Notes{Evidence: stood, Protected: kept.Why}); err != nil {
		j.log.ErrorContext(ctx, "the case has no note of its evidence and its protection", slog.String("caseId", c.ID),
			slog.String("evidence", stood), slog.String("protected", kept.Why), slog.Any("error", err))
	}
}

// keepEvidence stores the look and says where it is, or what is missing.
func (h *Handler) keepEvidence(ctx context.Context, j *job, c cases.Case, seen evidence.Evidence) string {
	prefix := evidence.Prefix(c.ID, c.DryRun)
	if err := h.Evidence.Put(ctx, prefix, seen); err != nil {
		j.log.ErrorContext(ctx, "the evidence could not be stored", slog.String("caseId", c.ID), slog.Any("error", err))
		return fmt.Sprintf("console and screenshot from before the interrupt could not be stored in s3://%s/%s: see the function's log", h.Evidence.Bucket, prefix)
	}
	return strings.Join(append([]string{fmt.Sprintf("s3://%s/%s/", h.Evidence.Bucket, prefix)}, seen.Missing()...), ", ")
}

// stateOf is the state that a result leaves the case in. A dry run sends
// nothing, so however it ends it is over.
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
