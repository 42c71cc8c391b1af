package world_test

import (
	"testing"
	"time"

	"crashcart/lab/sim/world"
)

// alarms are the alarms of host 0 in the two hours after something befell it at 06:00, by
// their kind.
func alarms(t *testing.T, f world.Fleet, c world.Cause, scope world.Scope) map[world.AlarmKind]time.Duration {
	t.Helper()
	w := make1(t, world.Hosts{Fleet: f, Count: 6, Period: 5 * time.Minute})
	w = with(t, w, world.Fault{Cause: c, Scope: scope, At: 6 * time.Hour, For: 3 * time.Hour, Variant: 3})
	out := map[world.AlarmKind]time.Duration{}
	for _, a := range w.HostAlarms(0, world.Unknowns{}, world.AlarmKinds()...) {
		after := a.At.Sub(w.Start().Add(6 * time.Hour))
		if a.Cause == "" || after > 2*time.Hour {
			continue
		}
		if a.Cause != c || after < 0 || out[a.Kind] != 0 {
			t.Errorf("%s fires %+v", c, a)
		}
		if (a.Kind == world.TargetAlarm) != (a.TargetGroup != "") || (a.Instance == "") != (a.TargetGroup != "") {
			t.Errorf("it names %+v", a)
		}
		out[a.Kind] = after
	}
	return out
}

// TestAnAlarmNeverFiresWithoutACause has which alarms a cause fires, and when at the
// earliest and at the latest.
func TestAnAlarmNeverFiresWithoutACause(t *testing.T) {
	const heartbeat, status, target, cpu = world.HeartbeatAlarm, world.StatusAlarm, world.TargetAlarm, world.CPUAlarm
	for _, c := range []struct {
		cause world.Cause
		scope world.Scope
		fires map[world.AlarmKind][2]time.Duration
	}{
		{world.WorkEnds, world.OneHost, nil},
		{world.LostPing, world.OneHost, nil},
		{world.AgentsStopped, world.OneHost, map[world.AlarmKind][2]time.Duration{heartbeat: {5 * time.Minute, 7 * time.Minute}}},
		{world.Egress, world.OneSubnet, map[world.AlarmKind][2]time.Duration{heartbeat: {5 * time.Minute, 7 * time.Minute}, cpu: {}}},
		{world.AppCrash, world.OneHost, map[world.AlarmKind][2]time.Duration{target: {6 * time.Minute, 9 * time.Minute}, cpu: {}}},
		{world.NoInterrupts, world.OneHost, map[world.AlarmKind][2]time.Duration{
			heartbeat: {5 * time.Minute, 7 * time.Minute}, target: {6 * time.Minute, 9 * time.Minute}, status: {6 * time.Minute, 8 * time.Minute}, cpu: {},
		}},
		{world.Memory, world.OneHost, map[world.AlarmKind][2]time.Duration{
			heartbeat: {5 * time.Minute, 7 * time.Minute}, target: {6 * time.Minute, 9 * time.Minute}, cpu: {2 * time.Minute, 6 * time.Minute},
		}},
	} {
		got := alarms(t, world.ALBInstance, c.cause, c.scope)
		for kind, after := range got {
			within, fires := c.fires[kind]
			if !fires || within[1] > 0 && (after < within[0] || after > within[1]) {
				t.Errorf("%s fires %s after %s", c.cause, kind, after)
			}
		}
		for kind, within := range c.fires {
			if _, ok := got[kind]; !ok && within[1] > 0 {
				t.Errorf("%s does not fire %s", c.cause, kind)
			}
		}
	}
}

// TestTwoUnrelatedAlarmsAWeekNeverFail counts those of hosts that are well.
func TestTwoUnrelatedAlarmsAWeekNeverFail(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Group6, Count: 60})
	all := w.Alarms(world.Unknowns{}, world.AlarmKinds()...)
	weeks := 30.0 / 7 * 60
	if perWeek := float64(len(all)) / weeks; perWeek < 1.9 || perWeek > 2.1 {
		t.Errorf("%.2f alarms a week", perWeek)
	}
	groups := 0
	for n, a := range all {
		if a.AutoScalingGroup != "" {
			groups++
		}
		if n > 0 && a.At.Before(all[n-1].At) || a.Kind != world.CPUAlarm || a.Cause != "" {
			t.Fatalf("alarm %d is %+v", n, a)
		}
	}
	if groups == 0 || groups == len(all) {
		t.Errorf("%d of %d alarms name a group", groups, len(all))
	}
}

// TestAStandingAlarmNeverFiresForTheNextTarget has two targets of one group fail.
func TestAStandingAlarmNeverFiresForTheNextTarget(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.ALBInstance, Count: 4})
	w = with(t, w, world.Fault{Cause: world.AppCrash, Scope: world.OneHost, At: 6 * time.Hour, For: time.Hour},
		world.Fault{Cause: world.AppCrash, Scope: world.OneHost, Of: 2, At: 6*time.Hour + 30*time.Minute, For: time.Hour},
		world.Fault{Cause: world.AppCrash, Scope: world.OneHost, Of: 3, At: 9 * time.Hour, For: time.Hour})
	var hosts []int
	for _, a := range w.Alarms(world.Unknowns{}, world.TargetAlarm) {
		hosts = append(hosts, a.Host)
	}
	if len(hosts) != 2 || hosts[0] != 0 || hosts[1] != 3 {
		t.Errorf("the alarm fires for hosts %v", hosts)
	}
}

// TestAGroupNeverKeepsAMemberThatFails has an ELB-checked group replace a member.
func TestAGroupNeverKeepsAMemberThatFails(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Group6ELB, Count: 6, Period: 5 * time.Minute})
	w = with(t, w, world.Fault{Cause: world.FrozenRoot, Scope: world.OneHost, At: 6 * time.Hour})
	a := asker{t, w.View(world.Unknowns{})}
	if w.Lives(0, w.Start().Add(6*time.Hour+2*time.Minute)) != world.Hung {
		t.Error("it is not hung at first")
	}
	a.at(w, 6*time.Hour+15*time.Minute)
	if w.Lives(0, a.v.Now()) != world.Alive {
		t.Error("its successor is hung, too")
	}
	if s := a.silent(id(0)); s > 10*time.Minute {
		t.Errorf("its successor was heard %s ago", s)
	}
	if launched := *a.instance(id(0)).LaunchTime; launched.Before(w.Start().Add(6 * time.Hour)) {
		t.Errorf("its successor was launched at %s", launched)
	}
}

// TestALostHeartbeatIsNeverWithoutItsAlarm has CloudWatch in trouble, in each form.
func TestALostHeartbeatIsNeverWithoutItsAlarm(t *testing.T) {
	seen := map[int]int{}
	for variant := range uint64(30) {
		w := make1(t, world.Hosts{Fleet: world.Batch, Count: 6})
		w = with(t, w, world.Fault{Cause: world.CloudWatchLate, Scope: world.WholeRegion, At: 6 * time.Hour, For: 40 * time.Minute, Variant: variant + 1})
		seen[len(w.Alarms(world.Unknowns{}, world.HeartbeatAlarm))]++
	}
	if len(seen) != 2 || seen[0] == 0 || seen[6] == 0 {
		t.Errorf("so many alarms fire, so often: %v", seen)
	}
}

// TestAHangNeverOutlivesItsHost has what the episodes say of a hang.
func TestAHangNeverOutlivesItsHost(t *testing.T) {
	for _, c := range []struct {
		fleet    world.Fleet
		replaced bool
	}{{world.Group6ELB, true}, {world.ALBInstance, false}} {
		w := make1(t, world.Hosts{Fleet: c.fleet, Count: 12})
		w = with(t, w, world.Fault{Cause: world.FrozenRoot, Scope: world.OneHost, At: 6 * time.Hour, For: 5 * time.Hour})
		e := w.Episodes()
		if len(e) != 1 || e[0].Replaced != c.replaced || !e[0].StopsWriting || e[0].To.Sub(e[0].From) > 15*time.Minute == c.replaced {
			t.Errorf("in %s it is %+v", c.fleet, e)
		}
	}
}
