package intake

import (
	"context"
	"sync"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/trigger"
)

// Explain returns what would become of a batch, and changes nothing: it asks AWS
// and the casebook what Handle would ask, takes the look, and stops where Handle
// would claim. A target that would be interrupted, or rehearsed, is told as that.
func (h *Handler) Explain(ctx context.Context, batch trigger.Batch) []Outcome {
	var jobs []*job
	for _, rec := range batch.Records {
		if rec.Trigger != nil {
			jobs = append(jobs, newJobs(rec, "")...)
		}
	}
	jobs = h.assess(ctx, jobs)
	var wg sync.WaitGroup
	looks := make(chan struct{}, max(1, h.Config.Rules.Budget))
	for _, j := range jobs {
		wg.Go(func() {
			looks <- struct{}{}
			defer func() { <-looks }()
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

func (h *Handler) foresee(ctx context.Context, j *job) {
	v := j.verdict
	if v.Kind == guard.Permitted {
		j.question.Console = fact.Known(h.Taker.Take(ctx, j.ref.Instance).Latest)
		v = h.Guard.Decide(j.question)
	}
	kind := OutcomeKind(v.Kind)
	if v.Kind == guard.Permitted {
		kind = OutcomeInterrupted
		if h.Guard.DryRun(j.trigger) {
			kind = OutcomeDryRun
		}
	}
	j.end(kind, v)
}
