package followup

import (
	"context"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/printable"
)

// unfollowed says that nobody has followed a case in its time: its host was never observed,
// and the case is older than any may be. Such cases are there when the follow-up is installed
// where there was none. What the host shows today says nothing of its interrupt, and may be
// of another one. So it is not observed, and not asked for a dump.
func unfollowed(t task) bool {
	return t.failure == nil && t.r.Followup.Account.SentAt.IsZero() && t.now.Sub(t.r.ClaimedAt) > config.OpenFor
}

// leave concludes a case that nobody has followed. Nobody is notified of its end, unless
// there was a notification that awaits it: there may be a hundred such cases at once, and
// nothing is to be done for any of them. The casebook and the log have the finding.
func leave(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	next := t.r.Followup
	if len(next.Told) == 0 {
		next.Told = with(nil, cases.NewsEnded, cases.Telling{Tries: mostTries}) // it counts as given up
	}
	next.Finding, next.ConcludedAt = cases.FindingUnproven, t.now
	next.Why = "nobody followed it: it was opened " + printable.Duration(t.now.Sub(t.r.ClaimedAt)) + " ago"
	return h.Book.Follow(ctx, t.r, next)
}
