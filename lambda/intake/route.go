package intake

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"crashcart/lambda/guard"
	"crashcart/lambda/target"
	"crashcart/lambda/trigger"
)

// route turns jobs about whatever a trigger names into jobs about instances. A
// job that comes to no instance, or of which a part could not be followed, stays
// in the list, with its verdict.
func (h *Handler) route(ctx context.Context, jobs []*job) []*job {
	var ours, routed []*job
	var refs []trigger.Ref
	for _, j := range jobs {
		if h.foreign(ctx, j) {
			routed = append(routed, j)
			continue
		}
		ours, refs = append(ours, j), append(refs, j.ref)
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
	}
	return routed
}

// unnamed gives its verdict to a ref that came to no instance. One that AWS could
// not answer for, or that stands for nobody yet, is Later while it is news.
func (h *Handler) unnamed(j *job, r target.Route) {
	j.question = guard.Question{Trigger: j.trigger, Ref: j.ref, Instance: &target.Instance{}}
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
// as a whole. A group none of whose members fails takes their place, and so does
// one of whose members AWS gave no answer. What is left is one job a target.
func (h *Handler) thin(jobs []*job) []*job {
	var kept, groups []*job // groups are those of which a member was dropped
	doubts := map[*job]error{}
	for _, j := range jobs {
		fails, err := true, error(nil)
		if j.ref.Candidate {
			fails, err = h.Guard.Fails(j.question)
		}
		if fails {
			kept = append(kept, j)
			continue
		}
		if !slices.Contains(groups, j.parent) {
			groups = append(groups, j.parent)
		}
		doubts[j.parent] = cmp.Or(doubts[j.parent], err)
	}
	for _, g := range groups {
		named := slices.ContainsFunc(kept, func(j *job) bool { return j.parent == g })
		if slices.Contains(kept, g) || named && doubts[g] == nil {
			continue
		}
		h.unnamed(g, target.Route{Err: doubts[g], Nobody: fmt.Sprintf("no member of %s fails a check or is silent", name(g.ref))})
		kept = append(kept, g)
	}
	return once(kept)
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
		first.ref = target.Stronger(first.ref, j.ref)
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
