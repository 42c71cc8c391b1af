package followup

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/observe"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/witness"
)

const nameObserve = "observe"

// stateRunning is the state of an instance that runs ("InstanceState", Amazon EC2 API
// Reference).
const stateRunning = "running"

// observeHost looks at the host, and writes what is known with it. It always writes: what
// could not be had is left out, and the deadlines of the witness go on.
func observeHost(ctx context.Context, h *Handler, t task) (cases.Record, error) {
	next := t.r.Followup
	if next.Account.SentAt.IsZero() {
		// The interrupt is sent seconds after the claim. What came before it must not count.
		next.Account.SentAt = t.r.ClaimedAt
	}
	host := h.look(ctx, t)
	if host.Known && host.State != "" {
		next.Host.Windows = host.Windows
	}
	if host.Grouped {
		next.Host.Group, next.Host.Lifecycle = host.Group, host.Lifecycle
	}
	before, text, answered := h.consoles(ctx, t)
	// An instance that does not run has no console, and there is nothing to wait for.
	next.Blind = !host.Known || host.State == stateRunning && !answered
	next.Account = witness.Add(next.Account, witness.Sight{
		At: t.now, Before: before, Console: text, Windows: next.Host.Windows,
		Known: host.Known, State: host.State, Reason: host.Reason, Launched: host.Launched,
		Check: host.Check, Ping: host.Ping, Lifecycle: host.Lifecycle,
	})
	if worthKeeping(t.r.Followup, next, t.now) {
		next.Kept = h.keep(ctx, t.r, text)
	}
	return h.Book.Follow(ctx, t.r, next)
}

func (h *Handler) look(ctx context.Context, t task) observe.Host {
	host, err := h.Observer.Look(ctx, t.r.InstanceID)
	if err != nil {
		h.logMissing(ctx, t.r, "the host could not be seen whole", err)
	}
	return host
}

// consoles gives the console from before the interrupt, and that of now, and says whether
// EC2 has answered. Without the one from before, a crash of last week that is still in the
// ring could count as this one. So a console is left out while the one from before may
// still be had.
func (h *Handler) consoles(ctx context.Context, t task) (before, now []byte, answered bool) {
	before, err := h.After.Before(ctx, t.r.ID)
	if err != nil {
		h.logMissing(ctx, t.r, "the console from before could not be read", err)
	}
	if age := t.now.Sub(t.r.ClaimedAt); before == nil && (err != nil && age < beforePatience || !evidenceIsThere(t.r, age)) {
		return nil, nil, false
	}
	now, answered = h.console(ctx, t.r)
	return before, now, answered
}

// beforePatience is how long a console from before that cannot be read is waited for. By
// then the ring may have lost what it has to show.
const beforePatience = 5 * time.Minute

// evidenceIsThere says whether the interrupt function has stored its evidence: its note
// says so, and after the function's time there is no other.
func evidenceIsThere(r cases.Record, age time.Duration) bool {
	return !r.NotedAt.IsZero() || age > config.FunctionTimeout
}

// console gives the newest console that can be had, and says whether EC2 has answered. The
// one that EC2 kept at the last start, stop or reboot stands in for it if it is from after
// the interrupt.
func (h *Handler) console(ctx context.Context, r cases.Record) (text []byte, answered bool) {
	e := h.Taker.TakeConsole(ctx, r.InstanceID)
	if e.LatestErr == nil {
		return e.Latest, true
	}
	h.logMissing(ctx, r, "the console could not be read", e.LatestErr)
	answered = errors.Is(e.LatestErr, evidence.ErrEmpty)
	if e = h.Taker.TakeBuffered(ctx, r.InstanceID); e.BufferedErr != nil || e.BufferedAt.Before(r.ClaimedAt) {
		return nil, answered
	}
	return e.Buffered, true
}

// worthKeeping says whether the console of this step must be kept: it shows a stage that
// none showed before, or it is the last.
func worthKeeping(was, is cases.Followup, now time.Time) bool {
	for _, p := range is.Account.Proofs {
		if _, had := was.Account.Reached(p.Stage); !had && p.Stage != cases.StageSent {
			return true
		}
	}
	return !is.Blind && witness.Conclude(is.Account, now).Done
}

// keep stores the console, and gives how many are kept then.
func (h *Handler) keep(ctx context.Context, r cases.Record, text []byte) int {
	if len(text) == 0 {
		return r.Followup.Kept
	}
	kept, err := h.After.Keep(ctx, r.ID, r.Followup.Kept, text)
	if err != nil {
		h.logMissing(ctx, r, "a console could not be kept", err)
	}
	return kept
}

func (h *Handler) logMissing(ctx context.Context, r cases.Record, what string, err error) {
	h.Log.LogAttrs(ctx, slog.LevelWarn, "missing", slog.String("caseId", r.ID), slog.String("what", what), slog.Any("error", err))
}
