package sim

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"crashcart/lab/sim/world"
	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// job is one target in one pass, as in lambda/intake.
type job struct {
	visit    *visit
	ref      trigger.Ref
	parent   bool // it stands for the whole of what the visit names
	question guard.Question
	verdict  guard.Verdict
}

// pass takes one visit through the stages, in the handler's order (lambda/intake, decide.go,
// route.go and interrupt.go). It gives the visits that follow.
func (p *player) pass(v visit, see func(*Decision) bool) []visit {
	ctx := context.Background()
	jobs, group := p.route(ctx, &v)
	p.first(ctx, jobs)
	jobs, group = p.thin(jobs, group)
	var open, later []*job
	for _, j := range jobs {
		j.verdict = p.guard.Screen(j.question)
		switch j.verdict.Kind {
		case guard.Permitted, guard.Held:
			open = append(open, j)
		case guard.Later:
			later = append(later, j)
		case guard.Duplicate, guard.Refused:
		}
	}
	p.further(ctx, open)
	p.consoles(open)
	silent := slices.DeleteFunc(later, func(j *job) bool {
		return !p.guard.WantsConsole(j.question) && !p.guard.WantsScreenshot(j.question)
	})
	p.statuses(ctx, silent)
	p.consoles(silent)
	for _, j := range silent { // of the others nothing more is known
		j.verdict = p.guard.Screen(j.question)
	}
	for _, j := range open {
		j.verdict = p.guard.Decide(j.question)
		if j.verdict.Kind == guard.Permitted {
			j.question.Console, j.question.Screenshot = p.console(j.ref.Instance), p.screen(j.ref.Instance)
			_, j.verdict = p.guard.Claim(ctx, j.question)
		}
	}
	return p.conclude(jobs, group, see)
}

// route follows what the visit names to instances. What has no instance, or has other parts
// that have none, is the group's own job.
func (p *player) route(ctx context.Context, v *visit) (jobs []*job, group *job) {
	ref := v.trigger.Targets[0]
	if ref.Instance != "" {
		return []*job{{visit: v, ref: ref}}, nil
	}
	r := p.router.Follow(ctx, []trigger.Ref{ref})[0]
	if errors.Is(r.Err, world.ErrNotModelled) {
		p.err = cmp.Or(p.err, r.Err)
	}
	group = &job{visit: v, ref: ref, parent: true}
	if len(r.Instances) == 0 || r.Err != nil {
		p.unnamed(group, r)
	}
	for _, one := range r.Instances {
		jobs = append(jobs, &job{visit: v, ref: one})
	}
	return jobs, group
}

// unnamed gives a group's job its verdict.
func (p *player) unnamed(j *job, r resolve.Route) {
	j.question = guard.Question{Trigger: &j.visit.trigger, Ref: j.ref, Instance: &instance.Instance{}}
	kind, why := guard.Refused, r.Never
	switch {
	case r.Err != nil:
		kind, why = guard.Later, r.Err.Error()
	case r.Nobody != "":
		kind, why = guard.Later, r.Nobody
	}
	j.verdict = p.guard.Unnamed(&j.visit.trigger, kind, why)
}

// first asks for the facts of the first round. The casebook is empty.
func (p *player) first(ctx context.Context, jobs []*job) {
	refs := make([]trigger.Ref, len(jobs))
	for n, j := range jobs {
		refs[n] = j.ref
	}
	if len(jobs) == 0 {
		return
	}
	for n, i := range p.resolver.First(ctx, refs) {
		p.err = cmp.Or(p.err, notModelled(i))
		jobs[n].question = guard.Question{Trigger: &jobs[n].visit.trigger, Ref: jobs[n].ref, Instance: i, Book: fact.Known(cases.View{})}
	}
}

// thin drops the candidates that show no sign of a hang. group is left only if it still has
// something to wait for.
func (p *player) thin(jobs []*job, group *job) ([]*job, *job) {
	if group == nil || group.verdict.Kind != "" && len(jobs) == 0 {
		return jobs, group
	}
	kept, unsure, left, doubt := p.sift(jobs)
	if len(unsure) > 0 && len(kept) == 0 && !left { // AWS answered for none of them
		p.unnamed(group, resolve.Route{Err: doubt})
		return nil, group
	}
	kept = append(kept, unsure...)
	if group.verdict.Kind != "" {
		return kept, group
	}
	if !left {
		return kept, nil
	}
	if len(kept) == 0 {
		p.unnamed(group, resolve.Route{Nobody: "no member fails a check or is silent"})
	}
	return kept, group
}

// sift sorts the members of a group: those to go on with, and those of which AWS gave no
// answer, with the reason. left says that some were dropped.
func (p *player) sift(jobs []*job) (kept, unsure []*job, left bool, doubt error) {
	for _, j := range jobs {
		if !j.ref.Candidate {
			kept = append(kept, j)
			continue
		}
		switch fails, err := p.guard.Fails(j.question); {
		case err != nil:
			unsure, doubt = append(unsure, j), cmp.Or(doubt, err)
		case fails:
			kept = append(kept, j)
		default:
			left = true
		}
	}
	return kept, unsure, left, doubt
}

// further asks for the facts of the second and the third round.
func (p *player) further(ctx context.Context, open []*job) {
	if len(open) == 0 {
		return
	}
	asks := make([]resolve.Ask, len(open))
	for n, j := range open {
		asks[n] = resolve.Ask{Instance: j.question.Instance}
	}
	p.resolver.Second(ctx, asks).Third(ctx)
	for _, j := range open {
		p.err = cmp.Or(p.err, notModelled(j.question.Instance))
		j.question.Budget, j.question.GroupSlots = fact.Known(cases.Slots{}), fact.Known(cases.Slots{})
	}
}

// statuses asks for the status of those of whose console or screen this pass reads early.
func (p *player) statuses(ctx context.Context, jobs []*job) {
	var asks []resolve.Ask
	for _, j := range jobs {
		asks = append(asks, resolve.Ask{Instance: j.question.Instance})
	}
	p.resolver.Statuses(ctx, asks)
}

// consoles reads the early consoles and screens.
func (p *player) consoles(jobs []*job) {
	for _, j := range jobs {
		if p.guard.WantsConsole(j.question) {
			j.question.Console = p.console(j.ref.Instance)
		}
		if p.guard.WantsScreenshot(j.question) {
			j.question.Screenshot = p.screen(j.ref.Instance)
		}
	}
}

// conclude hands every decision on a host to see, and gives the visits that follow.
func (p *player) conclude(jobs []*job, group *job, see func(*Decision) bool) []visit {
	var next []visit
	open := false
	for _, j := range jobs {
		again, last := p.again(j)
		d := p.decision(j)
		d.End = last
		open = open || d.Verdict.Kind != guard.Refused && d.Verdict.Kind != guard.Duplicate
		if last && d.Verdict.Kind == guard.Later {
			d.Verdict = d.Verdict.Last()
		}
		if see(d) && !last {
			next = append(next, again)
		}
	}
	if group != nil {
		next = append(next, p.goOn(group, open)...)
	}
	return next
}

// goOn gives the next visit of a group that still has something to wait for. open says that
// one of its members is still in question.
func (p *player) goOn(group *job, open bool) []visit {
	if group.verdict.Kind == "" && !open {
		p.unnamed(group, resolve.Route{Nobody: "no other member fails a check or is silent"})
	}
	if group.verdict.Kind != guard.Later {
		return nil
	}
	if again, last := p.again(group); !last {
		return []visit{again}
	}
	return nil
}

func (p *player) decision(j *job) *Decision {
	n := p.byID[j.ref.Instance]
	d := &Decision{
		At: p.now, Alarm: j.visit.alarm, Host: n, Pass: j.visit.trigger.Pass,
		Verdict: j.verdict, Vitals: p.guard.Vitals(j.question), Life: p.world.Lives(n, p.now),
	}
	if d.Verdict.Kind == guard.Permitted {
		d.Region = p.limited.Decide(j.question).Rule == cases.RuleRegion
	}
	return d
}

// again is the next visit of a target. last says that it gets none.
func (p *player) again(j *job) (again visit, last bool) {
	if j.verdict.Kind != guard.Later {
		return visit{}, true
	}
	t := &j.visit.trigger
	if t.Pass >= trigger.MaxPasses {
		return visit{}, true
	}
	wait := delay(j)
	if !p.now.Add(wait).Before(p.guard.Lapses(j.question)) {
		return visit{}, true
	}
	ref := j.ref
	if ref.Instance != "" {
		ref.Seen = p.guard.Seen(j.question)
	}
	return visit{at: p.now.Add(wait), trigger: trigger.Later(*t, ref), alarm: j.visit.alarm}, false
}

// delay is how long a target waits for its next pass (lambda/intake, later.go).
func delay(j *job) time.Duration {
	least := passDelay
	if d, err := j.question.Instance.Description.Get(); err == nil && d.Windows {
		least = passDelayWindows
	}
	left := time.Duration(trigger.MaxPasses - j.visit.trigger.Pass)
	share := (j.verdict.Again()/left + time.Second - 1).Truncate(time.Second)
	return min(max(least, share), maxDelay)
}
