package elb

import (
	"slices"
	"time"

	"crashcart/lab/fleet"
)

// The states of a target ("TargetHealth", Elastic Load Balancing API Reference).
const (
	stateInitial     = "initial"
	stateHealthy     = "healthy"
	stateUnhealthy   = "unhealthy"
	stateUnused      = "unused"
	stateDraining    = "draining"
	stateUnavailable = "unavailable"
)

// The reason codes that the lab gives by itself (ibid.).
const (
	reasonChecking      = "Elb.InitialHealthChecking"
	reasonTimeout       = "Target.Timeout"
	reasonFailed        = "Target.FailedHealthChecks"
	reasonNotRegistered = "Target.NotRegistered"
	reasonNotInUse      = "Target.NotInUse"
	reasonInvalidState  = "Target.InvalidState"
	reasonDraining      = "Target.DeregistrationInProgress"
	reasonDisabled      = "Target.HealthCheckDisabled"
)

// reasons give a reason code its state (ibid.) and its description ("Health checks
// for Application Load Balancer target groups", User Guide for Application Load
// Balancers).
var reasons = map[string]struct{ state, description string }{
	"Elb.RegistrationInProgress":  {stateInitial, "Target registration is in progress"},
	reasonChecking:                {stateInitial, "Initial health checks in progress"},
	"Target.ResponseCodeMismatch": {stateUnhealthy, "Health checks failed with these codes: [500]"},
	reasonTimeout:                 {stateUnhealthy, "Request timed out"},
	reasonFailed:                  {stateUnhealthy, "Health checks failed"},
	"Elb.InternalError":           {stateUnhealthy, "Health checks failed due to an internal error"},
	reasonNotRegistered:           {stateUnused, "Target is not registered to the target group"},
	reasonNotInUse:                {stateUnused, "Target group is not configured to receive traffic from the load balancer"},
	reasonInvalidState:            {stateUnused, "Target is in the stopped or terminated state"},
	"Target.IpUnusable":           {stateUnused, "Target IP address is reserved for use by a load balancer"},
	reasonDraining:                {stateDraining, "Target deregistration is in progress"},
	reasonDisabled:                {stateUnavailable, "Health checks are disabled"},
}

// reason is why a target is not healthy at a time, empty if it is.
func (h *Handler) reason(g *group, t *target, now time.Time) string {
	switch {
	case t.pinned != "":
		return t.pinned
	case !t.leaving.IsZero():
		return reasonDraining
	case g.Unused:
		return reasonNotInUse
	case g.Type == TypeLambda:
		return reasonDisabled // as they are by default for functions
	case g.Type == TypeALB:
		return ""
	}
	return h.answers(g, t, now)
}

// answers is why a target that is in use does not answer its check, empty if it does.
func (h *Handler) answers(g *group, t *target, now time.Time) string {
	v, there := h.guest(g, t.id)
	if g.Type == TypeInstance && (!there || v.State != "running") {
		return reasonInvalidState
	}
	life := []fleet.Stretch{{From: t.registered, Hung: true}} // nobody is at this address
	if there {
		var err error
		if life, err = h.fleet.Life(v.ID); err != nil {
			return reasonInvalidState // it vanished a moment ago
		}
	}
	if g.CheckProtocol == "TCP" {
		life = byHandshake(life)
	}
	return g.check(life, t.registered, now)
}

// byHandshake is a guest's life as a check by TCP meets it.
func byHandshake(life []fleet.Stretch) []fleet.Stretch {
	out := slices.Clone(life)
	for i := range out {
		out[i].Serves = out[i].Accepts
	}
	return out
}

// check is what the health checks concluded by now, of a target that was
// registered at a time: the outcome of the last run of equal answers that was
// long enough to change anything. A target that is new needs one success; one
// that is unhealthy as many as the threshold says.
func (g *group) check(life []fleet.Stretch, registered, now time.Time) string {
	state, run, serves, hung := stateInitial, registered, false, false
	for i, s := range life {
		end := now
		if i+1 < len(life) {
			end = life[i+1].From
		}
		if !end.After(registered) {
			continue
		}
		if i == 0 || s.Serves != serves {
			run = later(s.From, registered)
		}
		serves = s.Serves
		if next := g.after(state, serves, end.Sub(run)); next != state || next == stateUnhealthy && !serves {
			state, hung = next, s.Hung
		}
	}
	return reasonFor(state, hung)
}

// after is the state that a run of equal answers leads to.
func (g *group) after(state string, serves bool, took time.Duration) string {
	switch {
	case serves && (took >= time.Duration(g.HealthyThreshold)*g.Interval || state == stateInitial && took >= g.Interval):
		return stateHealthy
	case !serves && took >= time.Duration(g.UnhealthyThreshold)*g.Interval:
		return stateUnhealthy
	}
	return state
}

func reasonFor(state string, hung bool) string {
	switch {
	case state == stateHealthy:
		return ""
	case state == stateInitial:
		return reasonChecking
	case hung:
		return reasonTimeout
	}
	return reasonFailed
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
