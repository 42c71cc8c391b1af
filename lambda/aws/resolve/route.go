package resolve

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"crashcart/lambda/domain/trigger"
)

const (
	// maxDepth is how many composite alarms may stand above an instance's alarm.
	// CloudWatch itself allows ten; more than three are rare.
	maxDepth = 5
	// maxAlarms is how many alarms may be looked up for one invocation: composites
	// that share their children have more ways through them than alarms.
	maxAlarms = 1000
	// maxRefs is how many instances one ref may stand for. With more of them it is an
	// event and not a hang.
	maxRefs = 500
)

// Router follows what a trigger names to instances: an Auto Scaling group to its
// members, a target group to its unhealthy targets, an alarm to what it watches.
// Each indirection costs one round of calls.
type Router struct {
	AutoScaling AutoScaling
	Targets     Targets
	Alarms      Alarms
}

// Route is what one ref of a trigger led to. Exactly one of its outcomes is set, with
// one exception: Err stands next to Instances when only a part could be followed.
type Route struct {
	Ref trigger.Ref // as the trigger named it

	Instances []trigger.Ref // what it stands for; From has the whole way
	Nobody    string        // why it stands for no instance at this moment, though it could
	Never     string        // why it cannot stand for an instance
	Err       error         // AWS gave no answer
}

// walk is one call of Follow, at one depth of its alarms.
type walk struct {
	above []string      // the alarms that led here
	left  *atomic.Int64 // how many alarms may still be looked up
}

func (w walk) below(alarm string) walk {
	return walk{above: append(slices.Clone(w.above), alarm), left: w.left}
}

// Follow returns a route for every ref, in their order. A ref that names an
// instance already is its own route.
func (r *Router) Follow(ctx context.Context, refs []trigger.Ref) []Route {
	w := walk{left: &atomic.Int64{}}
	w.left.Store(maxAlarms)
	return r.follow(ctx, refs, w)
}

// follow follows refs side by side.
func (r *Router) follow(ctx context.Context, refs []trigger.Ref, w walk) []Route {
	routes := make([]Route, len(refs))
	var (
		wg     sync.WaitGroup
		alarms []*Route
	)
	for i, ref := range refs {
		routes[i].Ref = ref
		route := &routes[i]
		switch {
		case ref.Instance != "":
			route.Instances = []trigger.Ref{ref}
		case ref.AutoScalingGroup != "":
			wg.Go(func() { r.followGroup(ctx, route) })
		case ref.TargetGroup != "":
			wg.Go(func() { r.followTargets(ctx, route) })
		case ref.Alarm != "":
			alarms = append(alarms, route)
		default:
			route.Never = "it names nothing"
		}
	}
	wg.Go(func() { r.followAlarms(ctx, alarms, w) })
	wg.Wait()
	for i := range routes {
		crowd(&routes[i])
	}
	return routes
}

// crowd drops the candidates of a route that stands for too many instances. If it still
// stands for too many, it drops all. An instance that was named itself is therefore not
// lost to the candidates around it.
func crowd(route *Route) {
	n := len(route.Instances)
	if n <= maxRefs {
		return
	}
	route.Instances = slices.DeleteFunc(route.Instances, func(ref trigger.Ref) bool { return ref.Candidate })
	if len(route.Instances) == 0 || len(route.Instances) > maxRefs {
		route.Instances = nil
		route.Never = fmt.Sprintf("it stands for %d instances, at most %d are looked at: name the one", n, maxRefs)
	}
}

// from adds a station to the way on which an instance was found.
func from(ref trigger.Ref, format string, args ...any) string {
	return fmt.Sprintf(format, args...) + ", from " + ref.From
}

// merge joins the routes of what one alarm watches. What was found counts, even
// when a sibling could not be followed: each target stands for itself. The
// sibling's error stays next to it, or the instances behind the sibling would be lost.
func merge(into *Route, parts []Route) {
	for _, p := range parts {
		for _, ref := range p.Instances {
			into.Instances = add(into.Instances, ref)
		}
		into.Err = cmp.Or(into.Err, p.Err)
		into.Nobody, into.Never = cmp.Or(into.Nobody, p.Nobody), cmp.Or(into.Never, p.Never)
	}
	// What may still come outweighs what never will.
	if into.Err != nil {
		into.Nobody = ""
	}
	if len(into.Instances) > 0 || into.Err != nil || into.Nobody != "" {
		into.Never = ""
	}
}

// add adds an instance. If it is there already by another way, the way that names the
// instance itself outweighs one that only names its group.
func add(refs []trigger.Ref, ref trigger.Ref) []trigger.Ref {
	i := slices.IndexFunc(refs, func(have trigger.Ref) bool { return have.Instance == ref.Instance })
	if i < 0 {
		return append(refs, ref)
	}
	refs[i] = Stronger(refs[i], ref)
	return refs
}

// Stronger returns the ref to act on when two name one instance. It is the first, unless
// only the second names the instance itself. What either says about the group that is to be
// spared stays.
func Stronger(a, b trigger.Ref) trigger.Ref {
	if a.Candidate && !b.Candidate {
		a, b = b, a
	}
	a.Via = cmp.Or(a.Via, b.Via)
	return a
}
