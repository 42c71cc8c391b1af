package intake

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// route turns jobs about whatever a trigger names into jobs about instances. A job
// stays in the list, with a verdict, if it comes to no instance or if a part of it
// could not be followed.
func (h *Handler) route(ctx context.Context, jobs []*job) []*job {
	ctx, cancel := context.WithTimeout(ctx, routeBound)
	defer cancel()
	var ours, routed []*job
	var refs []trigger.Ref
	for _, j := range jobs {
		if h.foreign(ctx, j) {
			routed = append(routed, j)
			continue
		}
		ours, refs = append(ours, j), append(refs, j.named())
	}
	for i, r := range h.Router.Follow(ctx, refs) {
		j := ours[i]
		if len(r.Instances) == 0 || r.Err != nil {
			h.unnamed(j, r)
			routed = append(routed, j)
		}
		for _, ref := range r.Instances {
			routed = append(routed, &job{trigger: j.trigger, ref: ref, parent: j, messageID: j.messageID, sender: j.sender})
		}
		j.nobody = r.Nobody
	}
	return routed
}

// named is the job's ref with the alarm that named it. Whatever the ref leads to
// then says the whole way on which it was found. An instance is found in one step.
func (j *job) named() trigger.Ref {
	ref := j.ref
	if ref.Instance == "" && j.trigger.Alarm != nil {
		ref.From += " of alarm " + j.trigger.Alarm.Name
	}
	return ref
}

// unnamed gives the verdict on a ref that came to no instance. It is Later, as long
// as the trigger is fresh, if AWS gave no answer or if the ref stands for no instance
// at this moment. Otherwise it is refused.
func (h *Handler) unnamed(j *job, r resolve.Route) {
	j.question = guard.Question{Trigger: j.trigger, Ref: j.ref, Instance: &instance.Instance{}}
	kind, why := guard.Refused, r.Never
	switch {
	case r.Err != nil:
		kind, why = guard.Later, "it could not be followed: "+r.Err.Error()
	case r.Nobody != "":
		kind, why = guard.Later, r.Nobody
	}
	j.verdict = h.Guard.Unnamed(j.trigger, kind, why)
}

// thin drops the candidates that show no sign of a hang. Candidates are the members
// of a group that the trigger names as a whole. A member of which AWS gave no answer
// stays, with a job of its own. If no member of a group is left, the group's own job
// takes their place. What is left is one job for each target.
//
// waiting are the groups that still have members in the list, and of which another
// part was dropped or has no instance yet.
func (h *Handler) thin(jobs []*job) (thinned, waiting []*job) {
	kept, unsure, groups := h.sift(jobs)
	kept = append(kept, h.doubtful(unsure, append(slices.Clone(kept), groups...))...)
	for _, g := range groups {
		switch {
		case slices.Contains(kept, g):
		case slices.ContainsFunc(kept, func(j *job) bool { return j.parent == g }):
			waiting = append(waiting, g)
		default:
			h.unnamed(g, resolve.Route{Nobody: fmt.Sprintf("no member of %s fails a check or is silent", name(g.ref))})
			kept = append(kept, g)
		}
	}
	return once(kept), waiting
}

// sift sorts the jobs. kept are those to go on with. unsure are the members of which
// AWS gave no answer. groups are the groups of which a part was left out.
func (h *Handler) sift(jobs []*job) (kept, unsure, groups []*job) {
	leave := func(parent *job) {
		if parent != nil && !slices.Contains(groups, parent) {
			groups = append(groups, parent)
		}
	}
	for _, j := range jobs {
		if j.parent != nil && j.parent.nobody != "" {
			leave(j.parent)
		}
		if !j.ref.Candidate {
			kept = append(kept, j)
			continue
		}
		switch fails, err := h.Guard.Fails(j.question); {
		case err != nil:
			unsure = append(unsure, j)
			j.parent.doubt = cmp.Or(j.parent.doubt, err)
		case fails:
			kept = append(kept, j)
		default:
			leave(j.parent)
		}
	}
	return kept, unsure, groups
}

// doubtful are the jobs that take the place of the members of which AWS gave no
// answer. If AWS answered for others of their group, each of them goes on by itself,
// with what is known of it. If it answered for none, the group goes on instead.
func (h *Handler) doubtful(unsure, answered []*job) []*job {
	var kept []*job
	for _, j := range unsure {
		known := slices.ContainsFunc(answered, func(other *job) bool { return other == j.parent || other.parent == j.parent })
		switch {
		case known:
			kept = append(kept, j)
		case !slices.Contains(kept, j.parent):
			h.unnamed(j.parent, resolve.Route{Err: j.parent.doubt})
			kept = append(kept, j.parent)
		}
	}
	return kept
}

// goOn adds the waiting groups that have no member in question any more. A member
// that was refused or interrupted must not hide another one that begins to fail a
// minute later.
func (h *Handler) goOn(jobs, waiting []*job) []*job {
	for _, g := range waiting {
		open := func(j *job) bool {
			return j.parent == g && j.verdict.Kind != guard.Refused && j.verdict.Kind != guard.Duplicate
		}
		if !slices.ContainsFunc(jobs, open) {
			why := cmp.Or(g.nobody, fmt.Sprintf("no other member of %s fails a check or is silent", name(g.ref)))
			h.unnamed(g, resolve.Route{Nobody: why})
			jobs = append(jobs, g)
		}
	}
	return jobs
}

// once joins the jobs of one trigger that came to one instance on several ways.
// Otherwise a trigger would be its own duplicate.
func once(jobs []*job) []*job {
	type subject struct {
		trigger  *trigger.Trigger
		instance string
	}
	var kept []*job
	have := map[subject]*job{}
	for _, j := range jobs {
		s := subject{j.trigger, j.ref.Instance}
		first, twice := have[s]
		if s.instance == "" || !twice {
			have[s] = j
			kept = append(kept, j)
			continue
		}
		first.ref = resolve.Stronger(first.ref, j.ref)
		first.question.Ref = first.ref
		first.question.Instance.From, first.question.Instance.Via = first.ref.From, first.ref.Via
	}
	return kept
}
