package intake

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// factsBound is how long all describes of an invocation may take together. The
// evidence can then still be taken before the facts are too old to act on.
const factsBound = guard.FactsLife - evidence.Bound

// routeBound is how long following groups and alarms may take of that. A target
// that needs no following must not lose its time to one that does.
const routeBound = factsBound / 2

// concludeSideBySide is how many targets are concluded at once. Each costs a write
// to the casebook and a message.
const concludeSideBySide = 16

// errNoView is why a view is missing. Without it a missing view would look like an
// empty one.
var errNoView = errors.New("the casebook was not read")

// decide takes all jobs through the stages. It returns one job for every instance
// that they came to, and one for everything that came to none. Once it is permitted,
// a target goes its own way. No more of them do so at once than the budget could
// let through, and none waits for a target that is only to be concluded.
func (h *Handler) decide(ctx context.Context, log *slog.Logger, jobs []*job) []*job {
	jobs = h.assess(ctx, jobs)
	var (
		wg           sync.WaitGroup
		interrupting = make(chan struct{}, max(1, h.Config.Rules.Budget))
		concluding   = make(chan struct{}, concludeSideBySide)
	)
	for _, j := range jobs {
		j.log = log
		wg.Go(func() {
			if j.verdict.Kind == guard.Permitted {
				interrupting <- struct{}{}
				h.interrupt(ctx, j)
				<-interrupting
				h.notify(ctx, log, j) // at once: what delays the others must not delay this
				return
			}
			concluding <- struct{}{}
			defer func() { <-concluding }()
			h.markDump(ctx, j, j.verdict, j.consoleAt)
			h.conclude(ctx, j, j.verdict)
		})
	}
	wg.Wait()
	return jobs
}

// assess gives every job its verdict, as far as it can be had without the evidence.
// It only reads. All jobs share the describes.
func (h *Handler) assess(ctx context.Context, jobs []*job) []*job {
	if len(jobs) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, factsBound)
	defer cancel()
	jobs = h.route(ctx, jobs)
	h.firstRound(ctx, instances(jobs))
	jobs, waiting := h.thin(jobs)

	var open, later []*job
	for _, j := range instances(jobs) {
		j.verdict = h.Guard.Screen(j.question)
		switch {
		case inQuestion(j):
			open = append(open, j)
		case j.verdict.Kind == guard.Later:
			later = append(later, j)
		}
	}
	h.furtherRounds(ctx, open)
	for _, j := range open {
		j.verdict = h.Guard.Decide(j.question)
	}
	open = slices.DeleteFunc(open, ended)
	h.earlyStatuses(ctx, later)
	h.earlyConsoles(ctx, slices.Concat(open, later))
	for _, j := range open {
		j.verdict = h.Guard.Decide(j.question)
	}
	for _, j := range later { // the console may show what refuses it
		j.verdict = h.Guard.Screen(j.question)
	}
	return h.goOn(jobs, waiting)
}

// instances are the jobs about an instance that have no verdict yet.
func instances(jobs []*job) []*job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j *job) bool { return j.verdict.Kind != "" || j.ref.Instance == "" })
}

// inQuestion says whether more facts can change or complete the verdict. What is Later or
// Refused already stays so, whatever else AWS says: a living host costs one round.
func inQuestion(j *job) bool {
	return j.verdict.Kind == guard.Permitted || j.verdict.Kind == guard.Held
}

// ended says whether a target gets no other pass, whatever its console shows.
func ended(j *job) bool {
	return j.verdict.Kind == guard.Refused || j.verdict.Kind == guard.Duplicate
}

// firstRound asks for what decides most targets. It asks AWS and the casebook at
// the same time.
func (h *Handler) firstRound(ctx context.Context, jobs []*job) {
	if len(jobs) == 0 {
		return
	}
	refs, subjects := make([]trigger.Ref, len(jobs)), make([]cases.Subject, len(jobs))
	for i, j := range jobs {
		refs[i], subjects[i] = j.ref, h.subject(j)
	}
	var (
		wg        sync.WaitGroup
		instances []*instance.Instance
		views     map[cases.Subject]cases.View
		err       error
	)
	wg.Go(func() { instances = h.Resolver.First(ctx, refs) })
	wg.Go(func() { views, err = h.Book.Read(ctx, subjects) })
	wg.Wait()
	for i, j := range jobs {
		j.question = guard.Question{Trigger: j.trigger, Ref: j.ref, Instance: instances[i]}
		if view, ok := views[subjects[i]]; ok {
			j.question.Book = fact.Known(view)
		} else {
			j.question.Book = fact.Failed[cases.View](errors.Join(errNoView, err))
		}
	}
}

// subject is what the casebook is asked about for the job.
func (h *Handler) subject(j *job) cases.Subject {
	return cases.Subject{InstanceID: j.ref.Instance, SourceKey: j.trigger.SourceKey, DryRun: h.Guard.DryRun(j.trigger)}
}

// answered is the fact that an answer makes.
func answered[T any](v T, err error) fact.Of[T] {
	if err != nil {
		return fact.Failed[T](err)
	}
	return fact.Known(v)
}
