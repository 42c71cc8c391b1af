package followup

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"crashcart/lambda/aws/emf"
	"crashcart/lambda/aws/notify"
	"crashcart/lambda/aws/standby"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// mostTries is how often a notification is tried. By the state machine's definition Finish
// is made nine times, after 5, 10, 20 seconds and so on at most. Seven tries take up to
// five minutes, and leave two for what else may fail.
const mostTries = 7

// againAfter is how long a notification waits for its next try while a case goes on.
const againAfter = time.Minute

// tell gives the step that notifies people of some news. What is written down is that it
// was tried, and whether the topic took it. Untold news never stops a case.
func tell(n cases.News) func(context.Context, *Handler, task) (cases.Record, error) {
	return func(ctx context.Context, h *Handler, t task) (cases.Record, error) {
		failed := h.Notify.Update(ctx, h.update(t, n))
		told := t.r.Followup.Told[n]
		told = told.Again(t.now, failed)
		next := t.r.Followup
		next.Told = with(next.Told, n, told)
		r, err := h.Book.Follow(ctx, t.r, next)
		switch {
		case err != nil || failed == nil:
			return r, err
		case told.Tries >= mostTries:
			h.logUntold(ctx, r, n, failed)
			return r, nil
		case n == cases.NewsEnded:
			return r, fmt.Errorf("notifying of the end of case %s, try %d: %w", r.ID, told.Tries, failed)
		default:
			h.logMissing(ctx, r, "a notification was not taken", failed)
			return r, nil
		}
	}
}

// kinds are the news as the notifier calls them.
var kinds = map[cases.News]notify.UpdateKind{
	cases.NewsLost: notify.UpdateLost, cases.NewsDumping: notify.UpdateDumping,
	cases.NewsStalled: notify.UpdateStalled, cases.NewsCollect: notify.UpdateCollect, cases.NewsEnded: notify.UpdateEnded,
}

// update is the case as people are notified of it.
func (h *Handler) update(t task, n cases.News) notify.Update {
	r, f := t.r, t.r.Followup
	u := notify.Update{
		Kind: kinds[n], CaseID: r.ID, InstanceID: r.InstanceID,
		Proofs: f.Account.Proofs, SentAt: f.Account.SentAt, At: t.now, Percent: f.Account.Percent, Left: f.Account.Left,
		Bucket: h.Store.Bucket, Collect: f.Collect,
		Evidence: r.Notes.Evidence, Windows: f.Host.Windows, Group: r.Hold.Group,
		Source: source(r.Origin), Reason: r.Origin.Reason, RequestedBy: r.Origin.RequestedBy,
	}
	switch n {
	case cases.NewsEnded:
		u.Finding, u.Why, u.Doubt, u.At = f.Finding, f.Why, f.Doubt, f.ConcludedAt
		if f.Host.Lifecycle == lifecycleStandby {
			u.Undo, _ = standby.Commands(h.Region, r.InstanceID, f.Host.Group)
		}
	case cases.NewsLost:
		u.Why = "the function that claimed this case ended before it wrote what became of its interrupt; it may have been sent, and is not sent again"
	default:
		c := found(t)
		u.Why, u.Doubt = c.Why, c.Doubt
	}
	return u
}

// source is what asked: the alarm's name, which may hold colons, or the way it came.
func source(o cases.Origin) string {
	_, name, _ := strings.Cut(o.Alarm, ":alarm:")
	return cmp.Or(name, o.Alarm, o.Source, o.Kind)
}

// lifecycleStandby is the state of a group's member that is kept out of service
// ("LifecycleState", Amazon EC2 Auto Scaling API Reference).
const lifecycleStandby = "Standby"

// with gives the news with one telling more, and leaves those of the record as they are.
func with(told map[cases.News]cases.Telling, n cases.News, one cases.Telling) map[cases.News]cases.Telling {
	all := maps.Clone(told)
	if all == nil {
		all = map[cases.News]cases.Telling{}
	}
	all[n] = one
	return all
}

// logUntold writes the line, and the metric, of a notification that is given up.
func (h *Handler) logUntold(ctx context.Context, r cases.Record, n cases.News, err error) {
	h.Log.LogAttrs(ctx, slog.LevelError, "untold", slog.String("caseId", r.ID), slog.String("news", string(n)), slog.Any("error", err),
		slog.Int(config.MetricUntold, 1),
		emf.Attr(config.MetricNamespace, h.Now(), emf.Set{Metrics: []emf.Metric{{Name: config.MetricUntold, Unit: emf.Count}}}))
}
