package intake_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/trigger"
)

// A member that was interrupted stays silent while it dumps. It must not hide the
// next one.
func TestADumpingMemberNeverHidesOneThatHangsNext(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(10, 1, "web")
	w.machines[host(0)].silentSince = at(11, 35, 0)
	w.now = at(11, 57, 0)
	w.deliver(alarm("cpu", "CPU", at(11, 56, 59), host(0)))
	w.machines[host(1)].silentSince = at(11, 58, 0)
	w.now = at(12, 0, 0)
	w.deliver(groupAlarm("latency", at(11, 59, 30), "AutoScalingGroupName", "web"))
	w.advance(20 * time.Minute)
	if n := len(w.machines[host(1)].interruptedAt); n != 1 || w.sent() != 2 {
		t.Errorf("the second host got %d interrupts, %d in all: %v", n, w.sent(), summary(w.decisions()))
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
		t.Errorf("%d interrupts: %v", w.sent(), summary(w.decisions()))
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
	w.advance(20 * time.Minute)
	if len(w.machines[host(1)].interruptedAt) != 1 {
		t.Errorf("the host behind the target group got no interrupt: %v", summary(w.decisions()))
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
		t.Errorf("the host that needed no following got no interrupt: %v", summary(w.decisions()))
	}
}

// A Windows host in a group is found after the group has used up many of the
// passes. The rest must still outlast the 25 minutes of silence that it takes.
func TestAWindowsMemberNeverRunsOutOfPasses(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(10, 0, "web")
	m := w.machines[host(0)]
	m.windows, m.silentSince = true, at(12, 0, 0)
	w.deliver(groupAlarm("latency", at(12, 0, 0), "AutoScalingGroupName", "web"))
	w.advance(29 * time.Minute)
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts: %v", len(m.interruptedAt), summary(w.decisions()))
	}
}

func TestGroupOfWhichNoneFailsYetHasAnotherPass(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(6, 0, "web")
	w.machines[host(2)].silentSince = at(12, 0, 30)
	const web = "Auto Scaling group web later by named"
	w.now = at(12, 3, 15)
	w.deliver(groupAlarm("latency", at(12, 3, 10), "AutoScalingGroupName", "web"))
	if d := w.decided(web)[0]; !strings.Contains(d.Why, "Auto Scaling group web fails a check or is silent") || d.Pass != 0 {
		t.Errorf("%+v", d)
	}
	for pass := 1; pass <= 7; pass++ {
		if len(w.queue) != 1 {
			t.Fatalf("%d messages in the queue", len(w.queue))
		}
		w.advance(time.Minute)
		if d := w.decided(web)[0]; d.Pass != pass {
			t.Errorf("%+v", d)
		}
	}
	for range 7 { // its disk is not still for long enough
		w.advance(time.Minute)
		w.decided(host(2) + " later by unresponsive")
	}
	w.advance(time.Minute)
	w.decided(host(2) + " interrupted by unresponsive")
	if w.sent() != 1 || len(w.queue) != 0 {
		t.Errorf("%d interrupts, %d messages in the queue", w.sent(), len(w.queue))
	}
}

func TestGroupOfWhichNoneEverFailsIsGivenUp(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(6, 0, "web")
	w.deliver(groupAlarm("latency", at(11, 59, 55), "AutoScalingGroupName", "web"))
	w.advance(time.Hour)
	ds := w.decisions()
	if len(ds) != trigger.MaxPasses+1 || len(w.queue) != 0 {
		t.Fatalf("%d passes, %d messages in the queue", len(ds), len(w.queue))
	}
	for i, d := range ds {
		if want := i == trigger.MaxPasses; (d.Outcome == "refused") != want || d.Target != "Auto Scaling group web" || d.InstanceID != "" {
			t.Errorf("pass %d: %+v", i, d)
		}
	}
	if last := ds[len(ds)-1]; !strings.Contains(last.Why, "given up after 33 passes") {
		t.Errorf("%+v", last)
	}
}

// A group that has another pass goes into the queue once, however often its message
// is delivered.
func TestGroupIsNeverPutBackTwice(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(6, 0, "web")
	event := groupAlarm("latency", at(11, 59, 55), "AutoScalingGroupName", "web")
	w.deliver(event, event)
	w.deliver(event)
	if len(w.queue) != 1 {
		t.Errorf("%d messages in the queue", len(w.queue))
	}
}

func TestGroupThatCannotBePutBackComesAgain(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(6, 0, "web")
	w.fail["SendMessage"] = errOutage
	event := groupAlarm("latency", at(11, 59, 55), "AutoScalingGroupName", "web")
	if failed := w.deliver(event); len(failed) != 1 {
		t.Errorf("the records %v have to come again", failed)
	}
	w.decided("Auto Scaling group web failed by named")
}

// A member that fails does not speak for those of which AWS gave no answer.
func TestMemberThatFailsNeverHidesOneThatAWSGaveNoAnswerOf(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(60, 1, "web")
	w.machines[host(59)].silentSince = fellSilent
	w.throttle = func(ids []string) bool { return slices.Contains(ids, host(59)) }
	w.deliver(groupAlarm("latency", at(11, 59, 0), "AutoScalingGroupName", "web"))
	want := []string{host(0) + " later by running"} // EC2 Auto Scaling's pings of the same chunk are not known either
	for i := 50; i < 60; i++ {
		want = append(want, host(i)+" later by unresponsive")
	}
	w.decided(want...)
	w.throttle = nil
	w.advance(time.Minute)
	for _, id := range []string{host(0), host(59)} {
		if len(w.machines[id].interruptedAt) != 1 {
			t.Errorf("%s got %d interrupts", id, len(w.machines[id].interruptedAt))
		}
	}
	if w.sent() != 2 || len(w.queue) != 9 { // those that live are asked again while the alarm is fresh
		t.Errorf("%d interrupts, %d messages in the queue: %+v", w.sent(), len(w.queue), w.decisions())
	}
	w.advance(time.Hour)
	if w.sent() != 2 || len(w.queue) != 0 {
		t.Errorf("in the end %d interrupts, %d messages in the queue", w.sent(), len(w.queue))
	}
}

// One message of a batch that comes to nothing does not touch the others, and what
// is said of them is in an order that does not change.
func TestGroupsInOneBatchStandForThemselves(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(6, 1, "web")
	var bodies, want []string
	for i := range 8 {
		calm := fmt.Sprint("calm-", i)
		w.add(host(100+i), machine{tag: "auto", group: calm})
		bodies = append(bodies, groupAlarm(calm, at(11, 59, 0), "AutoScalingGroupName", calm))
		want = append(want, "Auto Scaling group "+calm)
	}
	bodies = append(bodies, groupAlarm("web", at(11, 59, 0), "AutoScalingGroupName", "web"))
	var records []trigger.Record
	for _, body := range bodies {
		records = append(records, trigger.Decode([]byte(body), trigger.Invocation{At: w.now}).Records...)
	}
	for range 5 {
		var got []string
		for _, o := range w.handler.Explain(t.Context(), trigger.Batch{Records: records}) {
			got = append(got, o.InstanceID+o.Target)
		}
		if !slices.Equal(got, append([]string{host(0)}, want...)) {
			t.Fatalf("got %q", got)
		}
	}
	w.deliver(bodies...)
	w.decided(append(each(want, "later by named"), host(0)+" interrupted by unresponsive")...)
	if w.sent() != 1 || len(w.queue) != 8 {
		t.Errorf("%d interrupts, %d messages in the queue", w.sent(), len(w.queue))
	}
}
