package intake

import (
	"context"
	"sync"

	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// furtherRounds ask for the rest. The second asks AWS for most other facts, and the casebook
// for the slots. The third asks for what the second has found.
func (h *Handler) furtherRounds(ctx context.Context, jobs []*job) {
	if len(jobs) == 0 {
		return
	}
	asks := make([]resolve.Ask, len(jobs))
	for i, j := range jobs {
		asks[i] = resolve.Ask{Instance: j.question.Instance, Person: h.Guard.ByPerson(j.question)}
	}
	var (
		round  *resolve.Round
		budget fact.Of[cases.Slots]
		groups = slotsOf{"": fact.Known(cases.Slots{})}
	)
	named := groups.unread(jobs)
	allAtOnce(
		func() { round = h.Resolver.Second(ctx, asks) },
		func() { budget = answered(h.Book.BudgetSlots(ctx)) },
		func() { h.groupSlots(ctx, named, groups) },
	)
	found := groups.unread(jobs)
	allAtOnce(
		func() { round.Third(ctx) },
		func() { h.groupSlots(ctx, found, groups) },
	)
	for _, j := range jobs {
		j.question.Budget, j.question.GroupSlots = budget, groups[groupKey(j)]
	}
}

// slotsOf are the casebook's slots of groups, by the group's key.
type slotsOf map[string]fact.Of[cases.Slots]

// unread are the keys of the jobs' groups whose slots were not read yet.
func (s slotsOf) unread(jobs []*job) map[string]bool {
	keys := map[string]bool{}
	for _, j := range jobs {
		if _, have := s[groupKey(j)]; !have {
			keys[groupKey(j)] = true
		}
	}
	return keys
}

// groupSlots reads the slots of groups, side by side.
func (h *Handler) groupSlots(ctx context.Context, keys map[string]bool, into slotsOf) {
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	for key := range keys {
		wg.Go(func() {
			slots := answered(h.Book.GroupSlots(ctx, key))
			mu.Lock()
			defer mu.Unlock()
			into[key] = slots
		})
	}
	wg.Wait()
}

// groupKey is the casebook's key of the job's group, empty for no group.
func groupKey(j *job) string {
	return instance.GroupKey(j.question.Instance.GroupName())
}

// allAtOnce does all tasks at the same time.
func allAtOnce(tasks ...func()) {
	var wg sync.WaitGroup
	for _, do := range tasks {
		wg.Go(do)
	}
	wg.Wait()
}
