package intake

import (
	"context"
	"sync"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/trigger"
)

// Explain returns what would become of a batch, and changes nothing. It asks AWS
// and the casebook what Handle would ask, takes the evidence, and stops where
// Handle would claim. A target that would be interrupted has the outcome
// interrupted, and one that would be a dry run has the outcome dry-run.
func (h *Handler) Explain(ctx context.Context, batch trigger.Batch) []Outcome {
	var jobs []*job
	for _, rec := range batch.Records {
		if rec.Trigger != nil {
			jobs = append(jobs, newJobs(rec, "")...)
		}
	}
	jobs = h.assess(ctx, jobs)
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(1, h.Config.Rules.Budget))
	for _, j := range jobs {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			h.foresee(ctx, j)
		})
	}
	wg.Wait()
	outcomes := make([]Outcome, len(jobs))
	for i, j := range jobs {
		outcomes[i] = j.outcome
	}
	return outcomes
}

// foresee gives a job the outcome that it would come to.
func (h *Handler) foresee(ctx context.Context, j *job) {
	v := j.verdict
	if v.Kind == guard.Permitted {
		j.question.Console = consoleOf(h.Taker.Take(ctx, j.ref.Instance))
		v = h.Guard.Decide(j.question)
	}
	outcome := cases.Outcome(v.Kind) // both have the same words, but for what is permitted
	if v.Kind == guard.Permitted {
		outcome = cases.OutcomeInterrupted
		if h.Guard.DryRun(j.trigger) {
			outcome = cases.OutcomeDryRun
		}
	}
	j.end(outcome, v)
	j.outcome.Vitals = h.vitals(j)
}
