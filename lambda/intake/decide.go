package intake

import (
	"context"
	"errors"
	"sync"
	"time"

	"crashcart/lambda/casebook"
	"crashcart/lambda/guard"
	"crashcart/lambda/target"
	"crashcart/lambda/trigger"
)

// factsBound is how long all describes of an invocation may take together.
// Facts are only worth something while they are fresh, and the function must
// have time left for the shot.
const factsBound = 15 * time.Second

// errNoView keeps a view that is missing from passing for one with nothing in it.
var errNoView = errors.New("the casebook was not read")

// decide takes all jobs through the stages. The describes are shared; from the
// look on every permitted target goes its own way.
func (h *Handler) decide(ctx context.Context, jobs []*job) {
	if len(jobs) == 0 {
		return
	}
	factsCtx, cancel := context.WithTimeout(ctx, factsBound)
	defer cancel()
	h.firstRound(factsCtx, jobs)

	var open []*job
	for _, j := range jobs {
		v := h.Guard.Screen(j.question)
		if inQuestion(j, v) {
			open = append(open, j)
			continue
		}
		h.conclude(ctx, j, v)
	}
	h.secondRound(factsCtx, open)

	var wg sync.WaitGroup
	for _, j := range open {
		v := h.Guard.Decide(j.question)
		if v.Kind != guard.Permitted {
			h.conclude(ctx, j, v)
			continue
		}
		wg.Go(func() { h.shoot(ctx, j) })
	}
	wg.Wait()
}

// inQuestion says whether more facts can change or complete the verdict. A check
// that failed and does so no longer is told from one that lacks data only by the
// full status.
func inQuestion(j *job, v guard.Verdict) bool {
	return v.Kind == guard.Permitted || v.Kind == guard.Held || (v.Kind == guard.Later && j.ref.CheckFailed)
}

// firstRound asks for what decides most targets: AWS and the casebook at once.
func (h *Handler) firstRound(ctx context.Context, jobs []*job) {
	refs, subjects := make([]trigger.Ref, len(jobs)), make([]casebook.Subject, len(jobs))
	for i, j := range jobs {
		refs[i], subjects[i] = j.ref, h.subject(j)
	}
	var (
		wg        sync.WaitGroup
		instances []*target.Instance
		views     map[casebook.Subject]casebook.View
		err       error
	)
	wg.Go(func() { instances = h.Resolver.First(ctx, refs) })
	wg.Go(func() { views, err = h.Book.Read(ctx, subjects) })
	wg.Wait()
	for i, j := range jobs {
		j.question = guard.Question{Trigger: j.trigger, Ref: j.ref, Instance: instances[i]}
		if view, ok := views[subjects[i]]; ok {
			j.question.Book = target.Known(view)
		} else {
			j.question.Book = target.Failed[casebook.View](errors.Join(errNoView, err))
		}
	}
}

func (h *Handler) subject(j *job) casebook.Subject {
	return casebook.Subject{InstanceID: j.ref.Instance, SourceKey: j.trigger.SourceKey, Leashed: h.Guard.Leashed(j.trigger)}
}

// secondRound asks for the rest: AWS and the slots at once.
func (h *Handler) secondRound(ctx context.Context, jobs []*job) {
	if len(jobs) == 0 {
		return
	}
	instances, keys := make([]*target.Instance, len(jobs)), map[string]target.Fact[casebook.Slots]{}
	for i, j := range jobs {
		instances[i] = j.question.Instance
		if key := groupKey(j); key != "" {
			keys[key] = target.Fact[casebook.Slots]{}
		}
	}
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		budget target.Fact[casebook.Slots]
		groups = map[string]target.Fact[casebook.Slots]{"": target.Known(casebook.Slots{})}
	)
	wg.Go(func() { h.Resolver.Second(ctx, instances) })
	wg.Go(func() { budget = fact(h.Book.BudgetSlots(ctx)) })
	for key := range keys {
		wg.Go(func() {
			slots := fact(h.Book.GroupSlots(ctx, key))
			mu.Lock()
			defer mu.Unlock()
			groups[key] = slots
		})
	}
	wg.Wait()
	for _, j := range jobs {
		j.question.Budget, j.question.GroupSlots = budget, groups[groupKey(j)]
	}
}

func groupKey(j *job) string {
	d, err := j.question.Instance.Description.Get()
	if err != nil {
		return ""
	}
	return target.GroupKey(d.Group())
}

func fact[T any](v T, err error) target.Fact[T] {
	if err != nil {
		return target.Failed[T](err)
	}
	return target.Known(v)
}
