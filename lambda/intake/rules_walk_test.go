package intake_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// ruleWalk begins in a world in which the event leads to an interrupt of webA. Then
// one answer is different, and that alone must bring the rule's objection.
type ruleWalk struct {
	rule    string
	name    string       // what is different
	base    func(*world) // the world in which webA is interrupted
	change  func(*world) // the one answer
	outcome cases.Outcome
	why     string // a part of the sentence
}

// start makes the world in which webA is interrupted.
func (walk ruleWalk) start(t *testing.T) *world {
	w := newWorld(t, config.ModeAuto)
	walk.base(w)
	return w
}

// handle delivers the event.
func (walk ruleWalk) handle(w *world) {
	if w.request == "" {
		w.deliver(cmp.Or(w.event, heartbeat))
	} else if _, err := w.invoke(w.request); err != nil {
		w.t.Error(err)
	}
}

// silentHost has an agent that has fallen silent, and writes nothing since. Its last ping
// was a minute before. Twelve neighbours are heard.
func silentHost(w *world) {
	w.add(webA, machine{tag: "auto", launched: noon.Add(time.Minute - 48*time.Hour), silentSince: fellSilent, console: consoleUp})
	w.bystanders(12)
}

// unreachableHost has been silent for ten minutes only. But EC2 gets no answer to an ARP
// request either: its kernel is dead, so that this is no storm.
func unreachableHost(w *world) {
	w.add(webA, machine{tag: "auto", silentSince: at(11, 50, 0), failsFrom: at(11, 50, 0), console: consoleUp})
	w.bystanders(12)
}

// silentSender sends as much as before, and has been silent for so long that CloudWatch
// knows.
func silentSender(w *world) {
	silentHost(w)
	w.machines[webA].sends = true
	w.now = at(12, 2, 0)
}

// silentStrangers are three hosts in another subnet, with an instance profile, whose agents
// are silent, too.
func silentStrangers(w *world) {
	for i := range 3 {
		w.add(host(30+i), machine{subnet: "subnet-2", profile: "arn:web", silentSince: fellSilent})
	}
}

// silentWindows is a Windows of which everybody has waited half an hour for a sign. The pass
// before has seen its screen.
func silentWindows(w *world) {
	w.add(webA, machine{tag: "auto", windows: true, silentSince: at(11, 55, 0), console: consoleUp})
	w.now = at(12, 27, 0)
	w.deliver(heartbeat)
	w.expect(step{outcome: "later", rule: "quiet", why: "its screen must show the same for some minutes"})
	w.event, w.queue, w.now = w.queue[0].body, nil, at(12, 29, 30)
}

// failingHost shows nothing but a reachability check that fails. That is enough for a
// person.
func failingHost(w *world) {
	w.add(webA, machine{tag: "auto", noAgent: true, idle: true, mute: true, failsFrom: at(11, 50, 0), console: consoleUp})
	w.request = please
}

// silentMember is silentHost in an Auto Scaling group of six.
func silentMember(w *world) {
	silentHost(w)
	w.machines[webA].group = "web"
	for i := range 5 {
		w.add(host(i), machine{tag: "auto", group: "web"})
	}
}

// silentTagged is silentHost in a tag group of six.
func silentTagged(w *world) {
	silentHost(w)
	w.machines[webA].groupTag = "db"
	for i := range 5 {
		w.add(host(i), machine{groupTag: "db"})
	}
}

// silentTarget is silentHost behind a load balancer, with five others.
func silentTarget(w *world) {
	silentHost(w)
	for i := range 5 {
		w.add(host(i), machine{})
	}
	w.balance("instance", webA, host(0), host(1), host(2), host(3), host(4)).unhealthy = []string{webA}
	w.event = groupAlarm("unhealthy", at(11, 59, 0), "TargetGroup", apiPath)
}

// silentBehind is silentTarget, which an alarm names itself.
func silentBehind(w *world) {
	silentTarget(w)
	w.event = ""
}

// answering is silentBehind, whose health check is answered. It is believed no answer of
// the host, unless a walk says otherwise.
func answering(w *world) {
	silentBehind(w)
	w.pools[apiARN].unhealthy = nil
}

// alter changes one answer, by the name of its operation in the world.
func alter[T any](op string, change func(*T)) func(*world) {
	return func(w *world) {
		w.alter[op] = func(out any) { change(out.(*T)) }
	}
}

// describes changes what DescribeInstances says of webA.
func describes(change func(*types.Instance)) func(*world) {
	return alter("DescribeInstances", func(out *ec2.DescribeInstancesOutput) {
		all := out.Reservations[0].Instances
		if i := slices.IndexFunc(all, func(i types.Instance) bool { return *i.InstanceId == webA }); i >= 0 {
			change(&all[i])
		}
	})
}

// tagged changes one tag of webA in the answer of DescribeInstances.
func tagged(key, value string) func(*world) {
	return describes(func(i *types.Instance) {
		i.Tags = slices.DeleteFunc(i.Tags, func(t types.Tag) bool { return *t.Key == key })
		if value != "" {
			i.Tags = append(i.Tags, types.Tag{Key: &key, Value: &value})
		}
	})
}

// typed changes what DescribeInstanceTypes says.
func typed(change func(*types.InstanceTypeInfo)) func(*world) {
	return alter("DescribeInstanceTypes", func(out *ec2.DescribeInstanceTypesOutput) { change(&out.InstanceTypes[0]) })
}

// checked changes what the full status of webA says.
func checked(change func(*types.InstanceStatus)) func(*world) {
	return alter("DescribeInstanceStatus", func(out *ec2.DescribeInstanceStatusOutput) { change(&out.InstanceStatuses[0]) })
}

// scheduled is an answer with one scheduled event, a system reboot whose window is
// open.
func scheduled(change func(*types.InstanceStatusEvent)) func(*world) {
	return checked(func(s *types.InstanceStatus) {
		e := types.InstanceStatusEvent{
			Code: types.EventCodeSystemReboot, Description: aws.String("The instance is scheduled for a reboot"),
			NotBefore: aws.Time(at(11, 55, 0)), NotAfter: aws.Time(at(13, 55, 0)),
		}
		change(&e)
		s.Events = []types.InstanceStatusEvent{e}
	})
}

// console has the latest console say this.
func console(text string) func(*world) {
	return func(w *world) { w.says("latest", text) }
}

// silentHosts are members that have fallen silent with webA.
func silentHosts(n int) func(*world) {
	return func(w *world) {
		for i := range n {
			m := w.machines[host(i)]
			m.silentSince, m.subnet = fellSilent, fmt.Sprint("subnet-of-", i) // its neighbours' silence would prove nothing
		}
	}
}

// answers changes what a load balancer says of webA.
func answers(state elbtypes.TargetHealthStateEnum, reason elbtypes.TargetHealthReasonEnum) func(*world) {
	return alter("DescribeTargetHealth", func(out *elb.DescribeTargetHealthOutput) {
		for _, d := range out.TargetHealthDescriptions {
			if *d.Target.Id == webA {
				d.TargetHealth.State, d.TargetHealth.Reason = state, reason
			}
		}
	})
}

// checkedBy changes the health check of the target group.
func checkedBy(change func(*elbtypes.TargetGroup)) func(*world) {
	return alter("DescribeTargetGroups", func(out *elb.DescribeTargetGroupsOutput) { change(&out.TargetGroups[0]) })
}

// impairedHosts adds others to the list of instances whose check fails.
func impairedHosts(n int, since time.Time) func(*world) {
	return alter("DescribeInstanceStatus of the Region", func(out *ec2.DescribeInstanceStatusOutput) {
		for i := range n {
			out.InstanceStatuses = append(out.InstanceStatuses, impairedSince(host(i), since))
		}
	})
}

// impairedSince is the status of another instance whose reachability check fails.
func impairedSince(id string, since time.Time) types.InstanceStatus {
	return types.InstanceStatus{InstanceId: &id, InstanceStatus: &types.InstanceStatusSummary{
		Status:  types.SummaryStatusImpaired,
		Details: []types.InstanceStatusDetails{{ImpairedSince: &since, Status: types.StatusTypeFailed}},
	}}
}

// together makes one change of several.
func together(all ...func(*world)) func(*world) {
	return func(w *world) {
		for _, do := range all {
			do(w)
		}
	}
}
