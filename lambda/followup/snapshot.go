package followup

import (
	"context"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// needsSnapshot says that the root volume is the last place where the dump may be.
func needsSnapshot(t task) bool {
	f := t.r.Followup
	return t.collect.Snapshot == config.On && comesToNothingMore(t) && !collects(t) && isUndone(f.Collect.Snapshotted) &&
		!f.Account.Gone && f.Account.Absent.IsZero() && keepsDump(t)
}

// keepsDump says that the host has a dump, or may have one, that is not home. A survey that
// has found none on the disk is believed, unless something has shown that it was written.
func keepsDump(t task) bool {
	c := t.r.Followup.Collect
	switch found(t).Finding {
	case cases.FindingHungInDump:
		return true
	case cases.FindingDumped:
		return !c.HasAllDumps()
	case cases.FindingDumpFailed, cases.FindingUnproven:
		return !c.Surveyed || c.HasPart() || c.SawDump() && !c.HasAllDumps()
	default:
		return false
	}
}

func wantsSnapshot(t task) bool {
	return needsSnapshot(t) && isTime(t, t.r.Followup.Collect.Snapshotted)
}

// takeSnapshot takes a snapshot of the root volume. Without one the case ends all the same.
func takeSnapshot(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	ids, err := h.Snapshots.Take(ctx, t.r.ID, t.r.InstanceID)
	c := t.r.Followup.Collect
	c.Snapshots, c.Snapshotted = ids, c.Snapshotted.Again(t.now, err)
	if err != nil {
		h.logMissing(ctx, t.r, "no snapshot could be taken", err)
		if !isUndone(c.Snapshotted) {
			c.Missing = c.Miss(cases.MissingSnapshot, why(err))
		}
	}
	return h.kept(ctx, t, c)
}
