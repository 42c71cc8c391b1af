package followup

import (
	"context"
	"fmt"
	"time"

	"crashcart/lambda/domain/cases"
)

// Manifests writes the list of what there is of a case.
type Manifests interface {
	Write(ctx context.Context, r cases.Record, at time.Time) error
}

func unlisted(t task) bool {
	return concluded(t) && isUndone(t.r.Followup.Manifest)
}

// writeManifest writes the list of the case's evidence. It is an error that it could not,
// so that it is tried again in seconds. The last try is none: a case ends without its list.
func writeManifest(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	bound, cancel := context.WithTimeout(ctx, storeBound)
	defer cancel()
	failed := h.Manifests.Write(bound, t.r, t.now)
	next := t.r.Followup
	next.Manifest = next.Manifest.Again(t.now, failed)
	r, err := h.Book.Follow(ctx, t.r, next)
	switch {
	case err != nil || failed == nil:
		return r, err
	case isUndone(next.Manifest):
		return r, fmt.Errorf("listing the evidence of case %s, try %d: %w", r.ID, next.Manifest.Tries, failed)
	default:
		h.logMissing(ctx, r, "the list of the evidence could not be written", failed)
		return r, nil
	}
}
