package intake

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
)

// consoleOf is the console as the rules see it. That EC2 has none yet is an answer: it is
// empty. That EC2 gave no answer is none, and the rule quiet then never permits.
func consoleOf(seen evidence.Evidence) fact.Of[[]byte] {
	if seen.LatestErr != nil && !errors.Is(seen.LatestErr, evidence.ErrEmpty) {
		return fact.Failed[[]byte](seen.LatestErr)
	}
	return fact.Known(seen.Latest)
}

// screenOf is the picture on the screen as the rules see it.
func screenOf(seen evidence.Evidence) fact.Of[[]byte] {
	if seen.ScreenshotErr != nil {
		return fact.Failed[[]byte](seen.ScreenshotErr)
	}
	return fact.Known(seen.Screenshot)
}

// earlyConsoles reads the consoles of those jobs that fall silent. What one shows is
// compared with the pass before. Where it can show nothing, the screen is photographed.
func (h *Handler) earlyConsoles(ctx context.Context, jobs []*job) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, consolesSideBySide)
	for _, j := range jobs {
		if !h.Guard.WantsConsole(j.question) && !h.Guard.WantsScreenshot(j.question) {
			continue
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			h.earlyConsole(ctx, j)
		})
	}
	wg.Wait()
}

// earlyStatuses asks for the status of those targets that fall silent and are in no question
// yet. A check of their volumes that fails now may pass when they are.
func (h *Handler) earlyStatuses(ctx context.Context, jobs []*job) {
	var asks []resolve.Ask
	for _, j := range jobs {
		if h.Guard.WantsConsole(j.question) || h.Guard.WantsScreenshot(j.question) {
			asks = append(asks, resolve.Ask{Instance: j.question.Instance})
		}
	}
	if len(asks) > 0 {
		h.Resolver.Statuses(ctx, asks)
	}
}

// earlyConsole reads one console, or takes a screenshot instead.
func (h *Handler) earlyConsole(ctx context.Context, j *job) {
	if h.Guard.WantsConsole(j.question) {
		seen := h.Taker.TakeConsole(ctx, j.ref.Instance)
		j.question.Console, j.consoleAt = consoleOf(seen), seen.TakenAt
	}
	if h.Guard.WantsScreenshot(j.question) {
		j.question.Screenshot = screenOf(h.Taker.TakeScreen(ctx, j.ref.Instance))
	}
}

// consolesSideBySide is how many consoles are read at once. EC2 answers a few of these calls
// a second, and takes more of them for a while ("Request throttling for the Amazon EC2 API",
// Amazon EC2 Developer Guide).
const consolesSideBySide = 16

// markDump keeps a mark in the casebook if the console shows a dump, so that the dump
// counts when its console has forgotten it. A dry run leaves nothing that counts. What
// fails is logged and changes nothing: the refusal stands.
func (h *Handler) markDump(ctx context.Context, j *job, v guard.Verdict, seen time.Time) {
	if !v.DumpShown || h.Guard.DryRun(j.trigger) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteBound)
	defer cancel()
	if err := h.Book.MarkDump(ctx, j.ref.Instance, seen); err != nil {
		j.log.ErrorContext(ctx, "the dump that its console shows has no mark in the casebook",
			slog.String("instanceId", j.ref.Instance), slog.Any("error", err))
	}
}
