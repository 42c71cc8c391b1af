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

// route turns jobs about whatever a trigger names into jobs about instances. A
// job that comes to no instance, or of which a part could not be followed, stays
// in the list, with its verdict.
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

// named is the job's ref with the alarm that named it, so that whatever it leads
// to tells the whole way. An instance has only one station, and needs no way.
func (j *job) named() trigger.Ref {
	ref := j.ref
	if ref.Instance == "" && j.trigger.Alarm != nil {
		ref.From += " of alarm " + j.trigger.Alarm.Name
	}
	return ref
}

// unnamed gives its verdict to a ref that came to no instance. One that AWS could
// not answer for, or that stands for nobody yet, is Later while it is news.
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

// thin drops the candidates that do not fail: members of a group that is named
// as a whole. One of whom AWS gave no answer stays, to be looked at by itself. A
// group none of whose members fails takes their place. What is left is one job a
// target; waiting are the groups of which somebody was dropped, or stands for
// nobody yet, beside members that were kept.
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

// sift tells the jobs to keep from the members of whom AWS gave no answer, and
// names the groups of which a part was left out.
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

// doubtful is what to do about members of whom AWS gave no answer. Where it gave
// one of others of their group, each is looked at again by itself, which keeps what
// is known of it; where it gave none at all, the group is.
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

// goOn adds those of the waiting groups none of whose members is in question any
// more: one that was refused, or has had its shot, must not hide another that
// begins to fail a minute later.
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

// once joins the jobs of one trigger that came to one instance on several ways:
// it must not be its own duplicate.
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

// name is what a person calls a ref.
func name(ref trigger.Ref) string {
	switch {
	case ref.Instance != "":
		return ref.Instance
	case ref.AutoScalingGroup != "":
		return "Auto Scaling group " + ref.AutoScalingGroup
	case ref.TargetGroup != "":
		return "target group " + ref.TargetGroup
	default:
		return "alarm " + ref.Alarm
	}
}
