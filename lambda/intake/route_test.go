package intake_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/trigger"
	"crashcart/lambda/intake"
)

// host is the id of the n-th of many machines.
func host(n int) string { return fmt.Sprintf("i-0c1b2c3d4e5f%05d", n) }

// many adds n machines of an Auto Scaling group, or of none, of which the first
// few hang since 11:50; and many more that have nothing to do with it, so that the
// silence cannot be Systems Manager's.
func (w *world) many(n, hung int, group string) (ids []string) {
	for i := range 20 {
		w.add(fmt.Sprintf("i-0d1b2c3d4e5f%05d", i), machine{tag: "auto"})
	}
	for i := range n {
		m := machine{tag: "auto", group: group, console: consoleUp}
		if i < hung {
			m.silentSince = at(11, 50, 0)
		}
		w.add(host(i), m)
		ids = append(ids, host(i))
	}
	return ids
}

// told is what a decision says, without its figures.
func told(ds []decision) (all []string) {
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

func (w *world) tells(want ...string) []decision {
	w.t.Helper()
	ds := w.decisions()
	slices.Sort(want)
	if got := told(ds); !slices.Equal(got, want) {
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
	shot, byGroup := " interrupted by unresponsive", "refused by group"
	return map[string]scene{
		"an Auto Scaling group of which one hangs: nobody speaks of the others": {
			func(w *world) { w.many(6, 1, "web") }, group, []string{host(0) + shot}, 1,
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
			func(w *world) { p := w.balance("instance", w.many(6, 1, "")...); p.unhealthy = p.targets[:1] }, api, []string{host(0) + shot}, 1,
		},
		"a target group of which one is unhealthy, and still alive": {
			func(w *world) {
				p := w.balance("instance", w.many(6, 0, "")...)
				p.unhealthy = p.targets[:1]
				w.machines[host(0)].pingAt = at(11, 59, 30)
			}, api, []string{host(0) + " refused by unresponsive"}, 0,
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
			}, api, []string{host(0) + shot}, 1,
		},
		"a composite: its child, and what that watches": {
			func(w *world) { w.many(2, 1, ""); w.watch("cpu", "InstanceId", host(0)) },
			compositeAlarm("service", at(11, 59, 0), "cpu"),
			[]string{host(0) + shot},
			1,
		},
		"a composite whose children have to be looked up": {
			func(w *world) {
				p := w.balance("instance", w.many(6, 1, "")...)
				p.unhealthy = p.targets[:1]
				w.watch("unhealthy", "TargetGroup", apiPath)
				w.composed = map[string][]string{"service": {"inner"}, "inner": {"unhealthy"}}
			}, compositeAlarm("service", at(11, 59, 0)), []string{host(0) + shot}, 1,
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
			}, compositeAlarm("service", at(11, 59, 0), "latency", "unhealthy", "cpu"), []string{host(0) + shot}, 1,
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
			w.tells(s.want...)
			if w.sent() != s.sent || len(w.queue) != 0 {
				t.Errorf("%d interrupts, want %d; %d targets in the queue", w.sent(), s.sent, len(w.queue))
			}
		})
	}
}

// The same scenes, told beforehand: nothing changes, and what is told is done.
func TestExplainChangesNothingAndIsRight(t *testing.T) {
	for name, s := range scenes() {
		for _, mode := range []config.Mode{config.ModeAuto, config.ModeManual, config.ModeDryRun} {
			t.Run(fmt.Sprintf("%s, stack %s", name, mode), func(t *testing.T) {
				w := newWorld(t, mode)
				s.prepare(w)
				for range 2 {
					before := w.handler.Explain(t.Context(), trigger.Decode([]byte(s.event), trigger.Invocation{At: w.now}))
					w.changedNothing()
					if got := outcomes(before); mode == config.ModeAuto && !slices.Equal(got, slices.Sorted(slices.Values(s.want))) {
						t.Errorf("it tells %q, want %q", got, s.want)
					}
				}
				before := outcomes(w.handler.Explain(t.Context(), trigger.Decode([]byte(s.event), trigger.Invocation{At: w.now})))
				answer, err := w.invoke(s.event)
				if err != nil {
					t.Fatal(err)
				}
				if after := outcomes(answer.(intake.Answer).Outcomes); !slices.Equal(before, after) {
					t.Errorf("told %q, done %q", before, after)
				}
			})
		}
	}
}

func outcomes(all []intake.Outcome) (lines []string) {
	for _, o := range all {
		lines = append(lines, o.InstanceID+o.Target+" "+string(o.Outcome)+" by "+o.Rule)
	}
	slices.Sort(lines)
	return lines
}

// changedNothing checks that all calls so far were questions.
func (w *world) changedNothing() {
	w.t.Helper()
	for _, call := range w.calls {
		op := strings.TrimPrefix(call, "dynamodb:")
		if !strings.HasPrefix(op, "Describe") && !strings.HasPrefix(op, "GetConsole") && op != "BatchGetItem" && op != "Query" {
			w.t.Errorf("%s was called", call)
		}
	}
	if w.sent() != 0 || len(w.queue) != 0 || len(w.objects) != 0 || w.logs.String() != "" {
		w.t.Errorf("%d interrupts, %d messages, %d objects, the log %q", w.sent(), len(w.queue), len(w.objects), w.logs.String())
	}
}

func TestExplainTellsOfTheQueueAndTheLook(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto", silentSince: at(11, 58, 0), console: consoleUp})
	w.add(webB, machine{tag: "auto", silentSince: at(11, 50, 0), console: consoleDumping})
	event := alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA, webB)
	got := outcomes(w.handler.Explain(t.Context(), trigger.Decode([]byte(event), trigger.Invocation{At: w.now})))
	w.changedNothing()
	if want := []string{webA + " later by unresponsive", webB + " refused by quiet"}; !slices.Equal(got, want) {
		t.Errorf("it tells %q, want %q", got, want)
	}
	ignored := trigger.Decode([]byte(`{"hello":"world"}`), trigger.Invocation{At: w.now})
	if got := w.handler.Explain(t.Context(), ignored); len(got) != 0 {
		t.Errorf("of nothing it tells %+v", got)
	}
}

func TestGroupOfWhichNoneFailsYetIsLookedAtAgain(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(6, 0, "web")
	w.machines[host(2)].silentSince = at(12, 0, 30)
	const web = "Auto Scaling group web later by named"
	w.now = at(12, 3, 15)
	w.deliver(groupAlarm("latency", at(12, 3, 10), "AutoScalingGroupName", "web"))
	if d := w.tells(web)[0]; !strings.Contains(d.Why, "Auto Scaling group web fails a check or is silent") || d.Pass != 0 {
		t.Errorf("%+v", d)
	}
	for pass := 1; pass <= 2; pass++ {
		if len(w.queue) != 1 {
			t.Fatalf("%d messages in the queue", len(w.queue))
		}
		w.advance(time.Minute)
		if d := w.tells(web)[0]; d.Pass != pass {
			t.Errorf("%+v", d)
		}
	}
	w.advance(time.Minute)
	w.tells(host(2) + " interrupted by unresponsive")
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
		t.Fatalf("%d looks, %d messages in the queue", len(ds), len(w.queue))
	}
	for i, d := range ds {
		if want := i == trigger.MaxPasses; (d.Outcome == "refused") != want || d.Target != "Auto Scaling group web" || d.InstanceID != "" {
			t.Errorf("look %d: %+v", i, d)
		}
	}
	if last := ds[len(ds)-1]; !strings.Contains(last.Why, "given up after 13 passes") {
		t.Errorf("%+v", last)
	}
}

// A group that is looked at again goes into the queue once, however often its
// message is delivered.
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
	w.tells("Auto Scaling group web failed by named")
}

// Whichever call is throttled: who hangs is found at the next look.
func TestNobodyIsLostToOneThrottledCall(t *testing.T) {
	for _, c := range []struct {
		fails, event string
		later        string // what is looked at again
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
			if d := w.tells(c.later)[0]; !strings.Contains(d.Why, "RequestLimitExceeded") {
				t.Errorf("it does not say why: %q", d.Why)
			}
			delete(w.fail, c.fails)
			w.advance(time.Minute)
			w.tells(host(0) + " interrupted by unresponsive")
		})
	}
}

// One child of a composite is found, the other's call is throttled: both are.
func TestFoundSiblingNeverHidesOneThatCouldNotBeFollowed(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(6, 2, "")
	w.balance("instance", host(1), host(4), host(5)).unhealthy = []string{host(1)}
	w.watch("cpu", "InstanceId", host(0))
	w.watch("unhealthy", "TargetGroup", apiPath)
	w.composed = map[string][]string{"service": {"cpu", "unhealthy"}}
	w.fail["DescribeTargetHealth"] = apiError{"Throttling"}
	w.deliver(compositeAlarm("service", at(11, 59, 0)))
	w.tells("alarm "+alarmPrefix+"service later by named", host(0)+" interrupted by unresponsive")
	delete(w.fail, "DescribeTargetHealth")
	w.advance(time.Minute)
	w.tells(host(0)+" duplicate by episode", host(1)+" interrupted by unresponsive")
	if w.sent() != 2 || len(w.queue) != 0 {
		t.Errorf("%d interrupts, %d messages in the queue", w.sent(), len(w.queue))
	}
}

// A part that could not be followed and one in which nobody fails are one look
// again, not two.
func TestWhatIsLookedAtAgainIsToldOnce(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.balance("instance", w.many(6, 0, "web")...)
	w.watch("latency", "AutoScalingGroupName", "web")
	w.watch("unhealthy", "TargetGroup", apiPath)
	w.composed = map[string][]string{"service": {"latency", "unhealthy"}}
	w.fail["DescribeTargetHealth"] = apiError{"Throttling"}
	w.deliver(compositeAlarm("service", at(11, 59, 0)))
	w.tells("alarm " + alarmPrefix + "service later by named")
	if len(w.queue) != 1 {
		t.Errorf("%d messages in the queue", len(w.queue))
	}
}

// A member that fails does not speak for those of whom AWS gave no answer.
func TestMemberThatFailsNeverHidesOneThatNobodyCouldTellOf(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.many(60, 1, "web")
	w.machines[host(59)].silentSince = at(11, 50, 0)
	w.throttle = func(ids []string) bool { return slices.Contains(ids, host(59)) }
	w.deliver(groupAlarm("latency", at(11, 59, 0), "AutoScalingGroupName", "web"))
	told := []string{host(0) + " later by running"} // EC2 Auto Scaling's pings of the same chunk are not known either
	for i := 50; i < 60; i++ {
		told = append(told, host(i)+" later by unresponsive")
	}
	w.tells(told...)
	w.throttle = nil
	w.advance(time.Minute)
	for _, id := range []string{host(0), host(59)} {
		if len(w.machines[id].interruptedAt) != 1 {
			t.Errorf("%s got %d interrupts", id, len(w.machines[id].interruptedAt))
		}
	}
	if w.sent() != 2 || len(w.queue) != 0 {
		t.Errorf("%d interrupts, %d messages in the queue: %+v", w.sent(), len(w.queue), w.decisions())
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
	if ds := told(w.decisions()); !slices.Contains(ds, host(0)+" later by unresponsive") {
		t.Errorf("%q", ds)
	}
}

// Two alarms come to one instance in one batch, on different ways.
func TestTwoWaysInOneBatchAreOneShot(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	p := w.balance("instance", w.many(6, 1, "web")...)
	p.unhealthy = p.targets[:1]
	w.deliver(
		groupAlarm("latency", at(11, 59, 0), "AutoScalingGroupName", "web"),
		groupAlarm("unhealthy", at(11, 59, 10), "TargetGroup", apiPath),
		alarm("cpu", "heartbeat", at(11, 59, 20), host(0)))
	w.tells(host(0)+" interrupted by unresponsive", host(0)+" duplicate by episode", host(0)+" duplicate by episode")
	if w.sent() != 1 {
		t.Errorf("%d interrupts", w.sent())
	}
}

// One message of a batch that comes to nothing does not touch the others, and what
// is told of them is in an order that does not change.
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
	w.tells(append(each(want, "later by named"), host(0)+" interrupted by unresponsive")...)
	if w.sent() != 1 || len(w.queue) != 8 {
		t.Errorf("%d interrupts, %d messages in the queue", w.sent(), len(w.queue))
	}
}

// What is told of a target says on which way it was found.
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
