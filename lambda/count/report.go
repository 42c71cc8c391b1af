package count

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"crashcart/lambda/domain/cases"
)

// named is how many cases of a kind a report names. There are seldom more, and a log
// line must stay readable after a storm.
const named = 10

// Report is what was counted among the cases that nobody has closed. Each of them is
// either open or overdue, and may be stuck besides.
type Report struct {
	Open    int `json:"open"`    // their instances can have no other case
	Overdue int `json:"overdue"` // over by time: claimed more than config.OpenFor ago
	Stuck   int `json:"stuck"`   // the result of the interrupt is lost; it may have been sent

	OldestSeconds float64 `json:"oldestSeconds,omitempty"` // since the claim of the oldest one; 0 for none

	OverdueCases []string `json:"overdueCases,omitempty"` // ids, the oldest first, ten at most
	StuckCases   []string `json:"stuckCases,omitempty"`   // likewise
}

// count counts the cases that nobody has closed, and logs the report.
func (h *Handler) count(ctx context.Context) (Report, error) {
	records, err := h.Book.Unclosed(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("counting the cases: %w", err)
	}
	r, now := Report{}, h.Now()
	for _, c := range slices.Backward(records) {
		r.count(c, now)
	}
	level := slog.LevelInfo
	if r.Overdue+r.Stuck > 0 {
		level = slog.LevelWarn
	}
	h.Log.LogAttrs(ctx, level, "count", r.attrs(now)...)
	return r, nil
}

// count adds a case to the report. The oldest case must come first.
func (r *Report) count(c cases.Record, now time.Time) {
	if r.Open+r.Overdue == 0 {
		r.OldestSeconds = max(0, now.Sub(c.ClaimedAt).Seconds())
	}
	if c.Overdue() {
		r.Overdue++
		r.OverdueCases = name(r.OverdueCases, c.ID)
	} else {
		r.Open++
	}
	if c.Stuck(now) {
		r.Stuck++
		r.StuckCases = name(r.StuckCases, c.ID)
	}
}

// name adds an id, as long as there is room for it.
func name(ids []string, id string) []string {
	if len(ids) == named {
		return ids
	}
	return append(ids, id)
}
