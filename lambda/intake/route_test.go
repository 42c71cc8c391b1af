package intake_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/intake"
)

// host is the id of the n-th of many machines.
func host(n int) string { return fmt.Sprintf("i-0c1b2c3d4e5f%05d", n) }

// many adds n machines of an Auto Scaling group, or of none, of which the first
// few hang; and many more that have nothing to do with it, so that the
// silence cannot be Systems Manager's.
func (w *world) many(n, hung int, group string) (ids []string) {
	for i := range 20 {
		w.add(fmt.Sprintf("i-0d1b2c3d4e5f%05d", i), machine{tag: "auto"})
	}
	for i := range n {
		m := machine{tag: "auto", group: group, console: consoleUp}
		if i < hung { // each in a subnet of its own: many silent ones in one prove nothing
			m.silentSince, m.subnet = fellSilent, fmt.Sprint("subnet-of-", i)
		}
		w.add(host(i), m)
		ids = append(ids, host(i))
	}
	return ids
}

// summary is what each decision says, without its figures.
func summary(ds []decision) (all []string) {
	for _, d := range ds {
		who := d.InstanceID
		if who == "" {
			who = d.Target
		}
		all = append(all, who+" "+d.Outcome+" by "+d.Rule)
	}
	slices.Sort(all)
	return all
}

func (w *world) decided(want ...string) []decision {
	w.t.Helper()
	ds := w.decisions()
	slices.Sort(want)
	if got := summary(ds); !slices.Equal(got, want) {
		w.t.Fatalf("%s: got\n%s\nwant\n%s\n%+v", w.now.Format(time.TimeOnly), strings.Join(got, "\n"), strings.Join(want, "\n"), ds)
	}
	return ds
}

func each(ids []string, what string) (all []string) {
	for _, id := range ids {
		all = append(all, id+" "+what)
	}
	return all
}

// scene is an event about more than an instance, and what comes of it at once.
type scene struct {
	prepare func(*world)
	event   string
	want    []string
	sent    int
}

func scenes() map[string]scene {
	group := groupAlarm("latency", at(11, 59, 0), "AutoScalingGroupName", "web")
	api := groupAlarm("unhealthy", at(11, 59, 0), "TargetGroup", apiPath)
	interrupted, byGroup := " interrupted by unresponsive", "refused by group"
	return map[string]scene{
		"an Auto Scaling group of which one hangs: nobody speaks of the others": {
			func(w *world) { w.many(6, 1, "web") }, group, []string{host(0) + interrupted}, 1,
		},
		"an Auto Scaling group of which all hang": {
			func(w *world) { w.many(6, 6, "web") }, group, each([]string{host(0), host(1), host(2), host(3), host(4), host(5)}, byGroup), 0,
		},
		"an Auto Scaling group that nobody knows": {
			func(w *world) { w.many(6, 1, "api") }, group, []string{"Auto Scaling group web refused by named"}, 0,
		},
		"an Auto Scaling group whose hung member must be asked for": {
			func(w *world) { w.many(6, 1, "web"); w.machines[host(0)].tag = "manual" }, group, []string{host(0) + " held by asked"}, 0,
		},
		"a target group of which one is unhealthy": {
			func(w *world) { p := w.balance("instance", w.many(6, 1, "")...); p.unhealthy = p.targets[:1] }, api, []string{host(0) + interrupted}, 1,
		},
		"a target group of which one is unhealthy, and still alive": {
			func(w *world) {
				p := w.balance("instance", w.many(6, 0, "")...)
				p.unhealthy = p.targets[:1]
				w.machines[host(0)].pingAt = at(11, 59, 30)
			}, api, []string{host(0) + " later by unresponsive"}, 0,
		},
		"a target group of which four are unhealthy": {
			func(w *world) { p := w.balance("instance", w.many(6, 4, "")...); p.unhealthy = p.targets[:4] }, api,
			each([]string{host(0), host(1), host(2), host(3)}, byGroup), 0,
		},
		"a target group of which four hang, though the event could be of one": {
			func(w *world) { p := w.balance("instance", w.many(6, 4, "")...); p.unhealthy = p.targets[:1] }, api,
			[]string{host(0) + " " + byGroup},
			0,
		},
		"a target group that nobody knows": {func(*world) {}, api, []string{apiName + " refused by named"}, 0},
		"a target group of another load balancer": {
			func(w *world) { w.balance("alb") }, api, []string{apiName + " refused by named"}, 0,
		},
		"a target group of addresses": {
			func(w *world) {
				w.many(6, 1, "")
				w.addresses = map[string]string{"10.0.0.1": host(0), "10.0.0.2": host(1), "10.0.0.3": host(2)}
				w.balance("ip", "10.0.0.1", "10.0.0.2", "10.0.0.3").unhealthy = []string{"10.0.0.1"}
			}, api, []string{host(0) + interrupted}, 1,
		},
		"a composite: its child, and what that watches": {
			func(w *world) { w.many(2, 1, ""); w.watch("cpu", "InstanceId", host(0)) },
			compositeAlarm("service", at(11, 59, 0), "cpu"),
			[]string{host(0) + interrupted},
			1,
		},
		"a composite whose children have to be looked up": {
			func(w *world) {
				p := w.balance("instance", w.many(6, 1, "")...)
				p.unhealthy = p.targets[:1]
				w.watch("unhealthy", "TargetGroup", apiPath)
				w.composed = map[string][]string{"service": {"inner"}, "inner": {"unhealthy"}}
			}, compositeAlarm("service", at(11, 59, 0)), []string{host(0) + interrupted}, 1,
		},
		"a composite whose child watches a population": {
			func(w *world) { w.watch("fleet", "InstanceType", "m6i.large") },
			compositeAlarm("service", at(11, 59, 0), "fleet"),
			[]string{"alarm " + alarmPrefix + "fleet refused by named"},
			0,
		},
		"two ways to one instance are one target": {
			func(w *world) {
				p := w.balance("instance", w.many(6, 1, "web")...)
				p.unhealthy = p.targets[:1]
				w.watch("cpu", "InstanceId", host(0))
				w.watch("latency", "AutoScalingGroupName", "web")
				w.watch("unhealthy", "TargetGroup", apiPath)
			}, compositeAlarm("service", at(11, 59, 0), "latency", "unhealthy", "cpu"), []string{host(0) + interrupted}, 1,
		},
		"two ways, and the group that only the second knows of": {
			func(w *world) {
				p := w.balance("instance", w.many(6, 4, "")...)
				p.unhealthy = p.targets[:1]
				w.watch("cpu", "InstanceId", host(0))
				w.watch("unhealthy", "TargetGroup", apiPath)
			}, compositeAlarm("service", at(11, 59, 0), "cpu", "unhealthy"), []string{host(0) + " " + byGroup}, 0,
		},
		"two ways below a composite, and the group that only the second knows of": {
			func(w *world) {
				p := w.balance("instance", w.many(6, 4, "")...)
				p.unhealthy = p.targets[:1]
				w.watch("cpu", "InstanceId", host(0))
				w.watch("unhealthy", "TargetGroup", apiPath)
				w.composed = map[string][]string{"service": {"cpu", "unhealthy"}}
			}, compositeAlarm("service", at(11, 59, 0)), []string{host(0) + " " + byGroup}, 0,
		},
		"a group alarm of yesterday": {
			func(w *world) { w.many(6, 1, "web") }, groupAlarm("latency", at(11, 59, 0).AddDate(0, 0, -1), "AutoScalingGroupName", "we"),
			[]string{"Auto Scaling group we refused by fresh"},
			0,
		},
	}
}

func TestWhatIsNamedIsFollowed(t *testing.T) {
	for name, s := range scenes() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, config.ModeAuto)
			s.prepare(w)
			if failed := w.deliver(s.event); len(failed) != 0 {
				t.Errorf("the records %v have to come again", failed)
			}
			w.decided(s.want...)
			later := 0
			for _, want := range s.want {
				if strings.Contains(want, " later by ") {
					later++
				}
			}
			if w.sent() != s.sent || len(w.queue) != later {
				t.Errorf("%d interrupts, want %d; %d targets in the queue, want %d", w.sent(), s.sent, len(w.queue), later)
			}
		})
	}
}

// Whichever call is throttled: who hangs is found at the next pass.
func TestNobodyIsLostToOneThrottledCall(t *testing.T) {
	for _, c := range []struct {
		fails, event string
		later        string // what has another pass
	}{
		{"DescribeAutoScalingGroups", groupAlarm("latency", at(11, 59, 0), "AutoScalingGroupName", "web"), "Auto Scaling group web later by named"},
		{"DescribeInstanceInformation", groupAlarm("latency", at(11, 59, 0), "AutoScalingGroupName", "web"), "Auto Scaling group web later by named"},
		{"DescribeInstanceStatus", groupAlarm("latency", at(11, 59, 0), "AutoScalingGroupName", "web"), "Auto Scaling group web later by named"},
		{"DescribeTargetHealth", groupAlarm("unhealthy", at(11, 59, 0), "TargetGroup", apiPath), apiName + " later by named"},
		{"DescribeTargetGroups", groupAlarm("unhealthy", at(11, 59, 0), "TargetGroup", apiPath), apiName + " later by named"},
		{"DescribeAlarms", compositeAlarm("service", at(11, 59, 0), "unhealthy"), "alarm " + alarmPrefix + "unhealthy later by named"},
		{"DescribeTargetHealth", compositeAlarm("service", at(11, 59, 0), "unhealthy"), "alarm " + alarmPrefix + "unhealthy later by named"},
	} {
		t.Run(c.fails+" for "+c.later, func(t *testing.T) {
			w := newWorld(t, config.ModeAuto)
			p := w.balance("instance", w.many(6, 1, "web")...)
			p.unhealthy = p.targets[:1]
			w.watch("unhealthy", "TargetGroup", apiPath)
			w.fail[c.fails] = apiError{"RequestLimitExceeded"}
			w.deliver(c.event)
			if d := w.decided(c.later)[0]; !strings.Contains(d.Why, "RequestLimitExceeded") {
				t.Errorf("it does not say why: %q", d.Why)
			}
			delete(w.fail, c.fails)
			w.advance(time.Minute)
			w.decided(host(0) + " interrupted by unresponsive")
		})
	}
}

// One child of a composite is found, the other's call is throttled: both are.
func TestFoundSiblingNeverHidesOneThatCouldNotBeFollowed(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(6, 2, "")
	alter("DescribeInstances", func(out *ec2.DescribeInstancesOutput) {
		for n, i := range out.Reservations[0].Instances {
			if *i.InstanceId == host(0) { // or nobody would know whether it is in the target group
				out.Reservations[0].Instances[n].VpcId = aws.String("vpc-2")
			}
		}
	})(w)
	w.balance("instance", host(1), host(4), host(5)).unhealthy = []string{host(1)}
	w.watch("cpu", "InstanceId", host(0))
	w.watch("unhealthy", "TargetGroup", apiPath)
	w.composed = map[string][]string{"service": {"cpu", "unhealthy"}}
	w.fail["DescribeTargetHealth"] = apiError{"Throttling"}
	w.deliver(compositeAlarm("service", at(11, 59, 0)))
	w.decided("alarm "+alarmPrefix+"service later by named", host(0)+" interrupted by unresponsive")
	delete(w.fail, "DescribeTargetHealth")
	w.advance(time.Minute)
	w.decided(host(0)+" duplicate by episode", host(1)+" interrupted by unresponsive")
	if w.sent() != 2 || len(w.queue) != 0 {
		t.Errorf("%d interrupts, %d messages in the queue", w.sent(), len(w.queue))
	}
}

// A part that could not be followed and one in which nobody fails are one more pass,
// not two.
func TestWhatHasAnotherPassIsDecidedOnce(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.balance("instance", w.many(6, 0, "web")...)
	w.watch("latency", "AutoScalingGroupName", "web")
	w.watch("unhealthy", "TargetGroup", apiPath)
	w.composed = map[string][]string{"service": {"latency", "unhealthy"}}
	w.fail["DescribeTargetHealth"] = apiError{"Throttling"}
	w.deliver(compositeAlarm("service", at(11, 59, 0)))
	w.decided("alarm " + alarmPrefix + "service later by named")
	if len(w.queue) != 1 {
		t.Errorf("%d messages in the queue", len(w.queue))
	}
}

// An instance that its target group calls unhealthy is decided, although as a
// member of its Auto Scaling group it shows no sign yet.
func TestUnhealthyTargetIsNoMereCandidate(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	p := w.balance("instance", w.many(6, 0, "web")...)
	p.unhealthy = p.targets[:1]
	w.machines[host(0)].silentSince = at(11, 56, 0)
	w.deliver(groupAlarm("both", at(11, 59, 0), "AutoScalingGroupName", "web", "TargetGroup", apiPath))
	if ds := summary(w.decisions()); !slices.Contains(ds, host(0)+" later by unresponsive") {
		t.Errorf("%q", ds)
	}
}

// Two alarms come to one instance in one batch, on different ways.
func TestTwoWaysInOneBatchAreOneInterrupt(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	p := w.balance("instance", w.many(6, 1, "web")...)
	p.unhealthy = p.targets[:1]
	w.deliver(
		groupAlarm("latency", at(11, 59, 0), "AutoScalingGroupName", "web"),
		groupAlarm("unhealthy", at(11, 59, 10), "TargetGroup", apiPath),
		alarm("cpu", "heartbeat", at(11, 59, 20), host(0)))
	w.decided(host(0)+" interrupted by unresponsive", host(0)+" duplicate by episode", host(0)+" duplicate by episode")
	if w.sent() != 1 {
		t.Errorf("%d interrupts", w.sent())
	}
}

// What is said of a target has the way on which it was found.
func TestOutcomeOfAGroupSaysWhoAndHow(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	p := w.balance("instance", w.many(6, 1, "")...)
	p.unhealthy = p.targets[:1]
	answer, err := w.invoke(groupAlarm("unhealthy", at(11, 59, 0), "TargetGroup", apiPath))
	if err != nil {
		t.Fatal(err)
	}
	if got := answer.(intake.Answer).Outcomes; len(got) != 1 || got[0].InstanceID != host(0) || got[0].Target != "" {
		t.Errorf("%+v", got)
	}
	var line struct{ From string }
	if err := json.Unmarshal([]byte(strings.SplitN(w.logs.String(), "\n", 2)[0]), &line); err != nil {
		t.Fatal(err)
	}
	if want := "target group api/50dc6c495c0c9188, unhealthy (Target.Timeout), from metric m0 (AWS/ApplicationELB Watched) of alarm unhealthy"; line.From != want {
		t.Errorf("it was found from %q, want %q", line.From, want)
	}
}
