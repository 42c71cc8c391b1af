package autoscaling

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"crashcart/lab/fleet"
)

const (
	activityID = "0a1b2c3d-1111-4000-8000-000000000000"
	inService  = "InService"
	standby    = "Standby"
	maxMoved   = 20 // instances a call ("EnterStandby", Amazon EC2 Auto Scaling API Reference)
)

// activity is a scaling activity; what its fields say follows the examples in
// "Temporarily remove instances from your Auto Scaling group" (Amazon EC2 Auto
// Scaling User Guide).
type activity struct {
	ID          string `xml:"ActivityId"`
	Group       string `xml:"AutoScalingGroupName"`
	Description string `xml:"Description"`
	Cause       string `xml:"Cause"`
	Start       string `xml:"StartTime"`
	Status      string `xml:"StatusCode"`
	Progress    int    `xml:"Progress"`
	Details     string `xml:"Details"`
}

type enterAnswer struct {
	XMLName    xml.Name   `xml:"EnterStandbyResponse"`
	Namespace  string     `xml:"xmlns,attr"`
	Activities []activity `xml:"EnterStandbyResult>Activities>member"`
	RequestID  string     `xml:"ResponseMetadata>RequestId"`
}

type exitAnswer struct {
	XMLName    xml.Name   `xml:"ExitStandbyResponse"`
	Namespace  string     `xml:"xmlns,attr"`
	Activities []activity `xml:"ExitStandbyResult>Activities>member"`
	RequestID  string     `xml:"ResponseMetadata>RequestId"`
}

type terminateAnswer struct {
	XMLName   xml.Name `xml:"TerminateInstanceInAutoScalingGroupResponse"`
	Namespace string   `xml:"xmlns,attr"`
	Activity  activity `xml:"TerminateInstanceInAutoScalingGroupResult>Activity"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

func invalid(format string, args ...any) any {
	return refusal("ValidationError", fmt.Sprintf(format, args...))
}

func (h *Handler) enterStandby(in url.Values) any {
	decrement, missing := flag(in, "ShouldDecrementDesiredCapacity")
	if missing != nil {
		return missing
	}
	g, ids, refused := h.movable(in, inService)
	if refused != nil {
		return refused
	}
	if decrement && g.Desired-len(ids) < g.Min {
		return invalid("AutoScalingGroup %s has min-size=%d, max-size=%d, and desired-size=%d. To place into standby %d instances, please update the AutoScalingGroup sizes appropriately.",
			g.Name, g.Min, g.Max, g.Desired, len(ids))
	}
	out := enterAnswer{Namespace: namespace, RequestID: requestID}
	for i, id := range ids {
		if _, err := h.fleet.EnterStandby(id, !decrement); err != nil {
			return notIn(id, inService, g.Name, err)
		}
		a := h.activity(g, id, "Moving EC2 instance to Standby: ", "was moved to standby in response to a user request")
		if decrement {
			a.Cause += fmt.Sprintf(", shrinking the capacity from %d to %d", g.Desired-i, g.Desired-i-1)
		}
		a.Cause, a.Status, a.Progress = a.Cause+".", "InProgress", 50
		out.Activities = append(out.Activities, a)
	}
	return out
}

func (h *Handler) exitStandby(in url.Values) any {
	g, ids, refused := h.movable(in, standby)
	if refused != nil {
		return refused
	}
	if g.Desired+len(ids) > g.Max { // AWS fails, too (ibid.); with which words is not published
		return invalid("AutoScalingGroup %s has min-size=%d, max-size=%d, and desired-size=%d. To move out of standby %d instances, please update the AutoScalingGroup sizes appropriately.",
			g.Name, g.Min, g.Max, g.Desired, len(ids))
	}
	out := exitAnswer{Namespace: namespace, RequestID: requestID}
	for i, id := range ids {
		if err := h.fleet.ExitStandby(id); err != nil {
			return notIn(id, standby, g.Name, err)
		}
		a := h.activity(g, id, "Moving EC2 instance out of Standby: ", "was moved out of standby in response to a user request")
		a.Cause += fmt.Sprintf(", increasing the capacity from %d to %d.", g.Desired+i, g.Desired+i+1)
		a.Status, a.Progress = "PreInService", 30
		out.Activities = append(out.Activities, a)
	}
	return out
}

// terminate ends one member, by InstanceId; the lab does not take InstanceIds.
func (h *Handler) terminate(in url.Values) any {
	decrement, missing := flag(in, "ShouldDecrementDesiredCapacity")
	if missing != nil {
		return missing
	}
	id := in.Get("InstanceId")
	unmanaged := invalid("Instance Id not found - No managed instance found for instance ID: %s", id)
	state, g := h.managed(id)
	if g == nil {
		return unmanaged
	}
	switch {
	case decrement && state == standby:
		return invalid("the lab does not take a working member away instead: Standby does not count in the desired capacity")
	case decrement && g.Desired-1 < g.Min:
		return invalid("Currently, desiredSize equals minSize (%d). Terminating instance without replacement will violate group's min size constraint. "+
			"Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.", g.Min)
	}
	if _, err := h.fleet.TerminateMember(id, !decrement); err != nil {
		if errors.Is(err, fleet.ErrReal) {
			return invalid("the lab does not terminate machines: %v", err)
		}
		return unmanaged
	}
	a := h.activity(g, id, "Terminating EC2 instance: ", "was taken out of service in response to a user request")
	if decrement {
		a.Cause += fmt.Sprintf(", shrinking the capacity from %d to %d", g.Desired, g.Desired-1)
	}
	a.Cause, a.Status = a.Cause+".", "InProgress"
	return terminateAnswer{Namespace: namespace, RequestID: requestID, Activity: a}
}

// managed gives the lifecycle state of an instance and its group, nil if no group
// has it.
func (h *Handler) managed(id string) (state string, g *group) {
	v, err := h.fleet.Get(id)
	if err != nil || v.Group == "" || v.State != "running" {
		return "", nil
	}
	found := h.described([]string{v.Group})
	if len(found) == 0 { // its last member went a moment ago
		return "", nil
	}
	return v.Lifecycle, found[0]
}

// movable gives the group and the members that a call names, all of which are in
// the state that it needs.
func (h *Handler) movable(in url.Values, state string) (g *group, ids []string, refused any) {
	found := h.described([]string{in.Get("AutoScalingGroupName")})
	if len(found) == 0 {
		return nil, nil, invalid("AutoScalingGroup name not found - null")
	}
	g, ids = found[0], list(in, "InstanceIds")
	if n := len(ids); n == 0 || n > maxMoved {
		return nil, nil, invalid("between 1 and %d instance ids must be given, not %d", maxMoved, n)
	}
	for _, id := range ids {
		i := slices.IndexFunc(g.Members, func(m member) bool { return m.ID == id })
		if i < 0 {
			return nil, nil, invalid("The instance %s is not part of Auto Scaling group %s.", id, g.Name)
		}
		if g.Members[i].Lifecycle != state {
			return nil, nil, invalid("The instance %s is not in %s.", id, state)
		}
	}
	return g, ids, nil
}

// notIn is the refusal of a member that changed its state a moment ago.
func notIn(id, state, group string, err error) any {
	if errors.Is(err, fleet.ErrLifecycle) {
		return invalid("The instance %s is not in %s.", id, state)
	}
	return invalid("The instance %s is not part of Auto Scaling group %s.", id, group)
}

func (h *Handler) activity(g *group, id, description, cause string) activity {
	now := h.stamp(h.clock.Now())
	return activity{
		ID: activityID, Group: g.Name, Description: description + id, Start: now,
		Cause: "At " + now + " instance " + id + " " + cause, Details: `{"Availability Zone":"` + g.Zones[0] + `"}`,
	}
}

// flag reads a boolean that must be given.
func flag(in url.Values, name string) (value bool, refused any) {
	value, err := strconv.ParseBool(in.Get(name))
	if err != nil {
		return false, invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", name)
	}
	return value, nil
}
