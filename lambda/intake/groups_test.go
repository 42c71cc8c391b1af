package intake_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"crashcart/lambda/domain/config"
)

// A member that has had its shot stays silent while it dumps. It must not hide the
// next one.
func TestADumpingMemberNeverHidesOneThatHangsNext(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(10, 1, "web")
	w.now = at(11, 57, 0)
	w.deliver(alarm("cpu", "CPU", at(11, 56, 59), host(0)))
	w.machines[host(1)].silentSince = at(11, 58, 0)
	w.now = at(12, 0, 0)
	w.deliver(groupAlarm("latency", at(11, 59, 30), "AutoScalingGroupName", "web"))
	w.advance(14 * time.Minute)
	if n := len(w.machines[host(1)].interruptedAt); n != 1 || w.sent() != 2 {
		t.Errorf("the second host got %d interrupts, %d in all: %v", n, w.sent(), told(w.decisions()))
	}
}

// What is known against an interrupt of one member must not be forgotten because
// AWS did not answer for another.
func TestAThrottledSiblingNeverMakesACheckForgotten(t *testing.T) {
	for _, throttled := range []bool{false, true} {
		w := newWorld(t, config.ModeAuto)
		w.many(60, 0, "web")
		m := w.machines[host(0)]
		m.pingAt = at(11, 55, 30)
		m.failsFrom, m.failsUntil = at(11, 58, 0), at(12, 0, 30)
		w.throttle = func(ids []string) bool { return throttled && slices.Contains(ids, host(59)) }
		w.deliver(groupAlarm("latency", at(11, 59, 30), "AutoScalingGroupName", "web"))
		w.throttle = nil
		w.advance(14 * time.Minute)
		if w.sent() != 0 {
			t.Errorf("throttled %v: a host whose check passes again got %d interrupts", throttled, w.sent())
		}
	}
}

func TestACrowdNeverHidesAHostThatIsNamedItself(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	for i := range 501 {
		w.add(fmt.Sprintf("i-0e1b2c3d4e5f%05d", i), machine{tag: "auto", group: "web"})
	}
	w.many(2, 1, "")
	w.watch("cpu", "InstanceId", host(0))
	w.watch("latency", "AutoScalingGroupName", "web")
	w.composed = map[string][]string{"service": {"cpu", "latency"}}
	w.deliver(compositeAlarm("service", at(11, 59, 0)))
	if len(w.machines[host(0)].interruptedAt) != 1 || w.sent() != 1 {
		t.Errorf("%d interrupts: %v", w.sent(), told(w.decisions()))
	}
}

func TestASiblingThatIsRefusedNeverHidesATargetThatFailsLater(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	ids := w.many(8, 0, "")
	p := w.balance("instance", ids[1:]...)
	w.machines[host(0)].tag = ""
	w.watch("cpu", "InstanceId", host(0))
	w.watch("unhealthy", "TargetGroup", apiPath)
	w.composed = map[string][]string{"service": {"cpu", "unhealthy"}}
	w.machines[host(1)].silentSince = at(11, 58, 0)
	w.deliver(compositeAlarm("service", at(11, 59, 30)))
	p.unhealthy = p.targets[:1]
	w.advance(14 * time.Minute)
	if len(w.machines[host(1)].interruptedAt) != 1 {
		t.Errorf("the host behind the target group got no interrupt: %v", told(w.decisions()))
	}
}

// silent is a CloudWatch that does not answer.
type silent struct{}

func (silent) DescribeAlarms(ctx context.Context, _ *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestASlowAlarmNeverStarvesTheOthersOfItsBatch(t *testing.T) {
	t.Parallel() // it waits for the bound of routing
	w := newWorld(t, config.ModeAuto)
	w.many(2, 1, "")
	w.handler.Router.Alarms = silent{}
	w.deliver(alarm("cpu", "CPU", at(11, 59, 0), host(0)), compositeAlarm("service", at(11, 59, 0)))
	if len(w.machines[host(0)].interruptedAt) != 1 {
		t.Errorf("the host that needed no following got no interrupt: %v", told(w.decisions()))
	}
}

// A Windows host in a group is found after the group has used up half of the
// looks. The rest must still outlast the 20 minutes of silence that it takes.
func TestAWindowsMemberNeverRunsOutOfLooks(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(10, 0, "web")
	m := w.machines[host(0)]
	m.windows, m.pingAt = true, at(11, 59, 50)
	w.deliver(groupAlarm("latency", at(12, 0, 0), "AutoScalingGroupName", "web"))
	w.advance(29 * time.Minute)
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts: %v", len(m.interruptedAt), told(w.decisions()))
	}
}
