// Package standby keeps an interrupted instance alive until it has dumped.
//
// A hung kernel mostly still answers ARP, so the Auto Scaling group that it is in
// sees nothing wrong. The capture kernel, into which the interrupt sends it,
// answers nothing: now the group sees a failed status check, waits a few minutes
// and terminates the instance, and the disk goes with the half-written dump. A
// group does not check the health of members in Standby, and takes none of them
// when it scales in ("Temporarily remove instances from your Auto Scaling group",
// Amazon EC2 Auto Scaling User Guide).
//
// Keep moves the instance there, with one call that changes nothing else:
// EnterStandby with ShouldDecrementDesiredCapacity=false. The group then launches a
// replacement, and service does not suffer. Keep is for the moment right after a send
// that EC2 accepted, or after one whose end is unknown. After a rejected send, or a dry
// run, nothing dumps: Keep must not be called then, and cannot know.
//
// Nothing here ever ends Standby. That is for a person, with the commands in
// Result.Undo:
//
//   - exit-standby returns the instance to service. The desired capacity rises by
//     one, since the replacement stays; the call fails in a group that is at its
//     maximum size (ibid.).
//   - terminate-instance-in-auto-scaling-group gives the instance up. EC2's own
//     terminate-instances is the wrong call for a member in Standby: its health is
//     not checked, so the group goes on listing the dead instance as healthy
//     (ibid., "Health status of an instance in a standby state"). The desired
//     capacity must not be decremented, because Standby does not count in it: the
//     replacement fills that place already, and decrementing would have the group
//     terminate a member that works.
package standby

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// Bound is how long Keep takes at most. A group waits minutes before it replaces
// a member, while the function's time is short.
const Bound = 2 * time.Second

// The lifecycle states of a member that matter here ("Amazon EC2 Auto Scaling instance
// lifecycle", Amazon EC2 Auto Scaling User Guide).
const (
	inService = "InService" // the only one from which a member may enter Standby
	standby   = "Standby"
)

// API is the one call of Auto Scaling that this package makes.
type API interface {
	EnterStandby(context.Context, *autoscaling.EnterStandbyInput, ...func(*autoscaling.Options)) (*autoscaling.EnterStandbyOutput, error)
}

// Keeper moves interrupted instances to Standby. It is safe for concurrent use.
type Keeper struct {
	API    API
	On     bool   // as config.Config.Protects says
	Region string // for the commands; when empty they leave it to the reader's own configuration
}

// Result is what became of the attempt to keep an instance.
type Result struct {
	Kept bool     // Auto Scaling said that it moves the instance to Standby
	Why  string   // one sentence: what was done, or why not and what to do; never empty
	Undo []string // shell commands, one of which ends Standby; also when it is only possible that it began
}

// Keep puts an instance into Standby if it is an InService member of an Auto
// Scaling group. group is the fact as it was before the interrupt. Keep returns within
// Bound whatever happens, and never panics. It has no error: the report says what
// failed, and nothing else changes.
func (k Keeper) Keep(ctx context.Context, instanceID string, group fact.Of[instance.Group]) Result {
	g, why := k.member(instanceID, group)
	if why != "" {
		return Result{Why: why}
	}
	ctx, cancel := context.WithTimeout(ctx, Bound)
	defer cancel()
	end := k.enter(ctx, &autoscaling.EnterStandbyInput{
		AutoScalingGroupName: &g.Name, InstanceIds: []string{instanceID}, ShouldDecrementDesiredCapacity: aws.Bool(false),
	})
	r := Result{Kept: end.moved, Why: end.sentence(plain(g.Name))}
	if end.moved || end.lost {
		var missing string
		r.Undo, missing = Commands(k.Region, instanceID, g.Name)
		r.Why += missing
	}
	return r
}

// member gives the group in which the instance can be moved to Standby. why is empty,
// or says why there is no such group.
func (k Keeper) member(instanceID string, group fact.Of[instance.Group]) (g instance.Group, why string) {
	if !k.On {
		return g, "it was not put into Standby: " + config.EnvProtect + " and the stack's mode switch that off"
	}
	g, err := group.Get()
	switch {
	case err != nil:
		return g, fmt.Sprintf("it was not put into Standby, because its group is not known (%s): if it is in an Auto Scaling group, put it there by hand", plain(err.Error()))
	case g.Kind != instance.GroupAutoScaling || g.Name == "":
		return g, "it is in no Auto Scaling group, so no group replaces it"
	case !instance.IsID(instanceID):
		return g, fmt.Sprintf("it was not put into Standby, because %q is no instance id", plain(instanceID))
	case g.Lifecycle == standby:
		return g, fmt.Sprintf("it was in Standby before, so its group %s leaves it alone", plain(g.Name))
	case g.Lifecycle == "":
		return g, fmt.Sprintf("it was not put into Standby, because its group %s does not list it: look whether it is being detached or terminated", plain(g.Name))
	case g.Lifecycle != inService:
		return g, fmt.Sprintf("it was not put into Standby, because in its group %s it is %s, and only %s members can be: the group may take it before it has dumped",
			plain(g.Name), plain(g.Lifecycle), inService)
	}
	return g, ""
}
