package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/trigger"
)

// service is a composite over an alarm of a target group, an alarm of an Auto
// Scaling group and an alarm of an instance.
func service(a *account) {
	a.watch("unhealthy", "TargetGroup", "targetgroup/api/50dc6c495c0c9188")
	a.watch("latency", "AutoScalingGroupName", "web")
	a.watch("cpu", "InstanceId", id(0))
	a.compose("service", "unhealthy", "latency", "cpu")
	a.scale("web", id(1))
	a.balance("ip", "10.0.0.5")
	a.answer("10.0.0.5", "unhealthy", "Target.Timeout")
	a.attach("vpc-1", id(2), "10.0.0.5")
}

func named(r resolve.Route) (ids []string) {
	for _, ref := range r.Instances {
		ids = append(ids, ref.Instance)
	}
	slices.Sort(ids)
	return ids
}

// Whatever call fails, on whichever page: the way that needs it ends with its
// error, and the other ways go on.
func TestNoWayIsLostWhenItsCallFails(t *testing.T) {
	for call, lost := range map[string][]string{ // and the instances behind it
		"DescribeAlarms":             {id(0), id(1), id(2)},
		"DescribeAlarms of children": {id(0), id(1), id(2)},
		"DescribeAutoScalingGroups":  {id(1)},
		"DescribeTargetGroups":       {id(2)},
		"DescribeTargetHealth":       {id(2)},
		"DescribeNetworkInterfaces":  {id(2)},
	} {
		for page := range 2 {
			if page == 1 && !strings.HasPrefix(call, "DescribeAlarms") {
				continue // one page
			}
			a := newAccount(3)
			service(a)
			a.pageSize = 1
			reached := false
			a.fail = func(c string, _ []string, p int) error {
				if c == call && p == page {
					reached = true
					return errThrottled
				}
				return nil
			}
			r := a.follow(t, trigger.Ref{Alarm: prefix + "service"})
			if call == "DescribeAlarms" && page == 0 && !reached {
				t.Fatal("alarms are not described")
			}
			want := slices.DeleteFunc([]string{id(0), id(1), id(2)}, func(id string) bool { return slices.Contains(lost, id) })
			if got := named(r); !slices.Equal(got, want) {
				t.Errorf("page %d of %s failed: it comes to %v, want %v", page, call, got, want)
			}
			if !errors.Is(r.Err, errThrottled) || r.Never != "" || r.Nobody != "" || !reached {
				t.Errorf("page %d of %s failed (%v): %q, %q, error %v", page, call, reached, r.Never, r.Nobody, r.Err)
			}
		}
	}
}

func TestOneRefNeverFailsAnother(t *testing.T) {
	a := newAccount(2)
	a.scale("web", id(0))
	a.watch("cpu", "InstanceId", id(1))
	a.fail = func(_ string, about []string, _ int) error {
		if slices.Contains(about, "web") {
			return errThrottled
		}
		return nil
	}
	all := []trigger.Ref{{AutoScalingGroup: "web"}, {Instance: id(5)}, {TargetGroup: api}, {Alarm: prefix + "cpu"}, {Alarm: prefix + "cpu"}, {Alarm: "?"}, {}}
	got := a.router().Follow(t.Context(), all)
	if len(got) != len(all) {
		t.Fatalf("%d routes of %d refs", len(got), len(all))
	}
	for i, r := range got {
		if r.Ref != all[i] {
			t.Errorf("route %d is that of %+v", i, r.Ref)
		}
	}
	if got[0].Err == nil || got[2].Never == "" || got[5].Never == "" || got[6].Never == "" {
		t.Errorf("the refs that come to nothing: %+v, %+v, %+v", got[0], got[2], got[5])
	}
	for i, want := range map[int]string{1: id(5), 3: id(1), 4: id(1)} {
		if ids := named(got[i]); !slices.Equal(ids, []string{want}) || got[i].Err != nil {
			t.Errorf("route %d is %+v", i, got[i])
		}
	}
	if n := a.count("DescribeAlarms"); n != 1 {
		t.Errorf("one alarm that is named twice was asked for %d times", n)
	}
	if got := a.router().Follow(t.Context(), nil); len(got) != 0 {
		t.Errorf("no refs have the routes %+v", got)
	}
}

// Without AlarmTypes composite alarms are silently missing from the answer, and
// next to ChildrenOfAlarmName they are an error.
func TestAlarmsAreNeverAskedForWithoutTheirTypes(t *testing.T) {
	a := newAccount(3)
	service(a)
	a.compose("outer", "service")
	if ids := named(a.follow(t, trigger.Ref{Alarm: prefix + "outer"})); len(ids) != 3 {
		t.Errorf("it comes to %v", ids)
	}
	byName := 0
	for _, in := range a.alarmInputs {
		both := []cwtypes.AlarmType{cwtypes.AlarmTypeMetricAlarm, cwtypes.AlarmTypeCompositeAlarm}
		switch {
		case in.ChildrenOfAlarmName != nil && (in.AlarmNames != nil || in.AlarmTypes != nil):
			t.Errorf("the children of %s were asked for with more than its name", *in.ChildrenOfAlarmName)
		case in.ChildrenOfAlarmName == nil && !slices.Equal(in.AlarmTypes, both):
			t.Errorf("the alarms %v were asked for with the types %v", in.AlarmNames, in.AlarmTypes)
		case in.ChildrenOfAlarmName == nil:
			byName++
		}
		if in.ChildrenOfAlarmName == nil && len(in.AlarmNames) == 0 {
			t.Error("all alarms of the account were asked for")
		}
	}
	if byName < 3 {
		t.Errorf("alarms were asked for by name %d times", byName)
	}
}

func TestManyAlarmsAreAllFound(t *testing.T) {
	a := newAccount(0)
	a.pageSize = 30
	var names []string
	for i := range 250 {
		name := fmt.Sprintf("cpu-%03d", i)
		a.watch(name, "InstanceId", id(i))
		names = append(names, name)
	}
	a.compose("all", names...)
	r := a.follow(t, trigger.Ref{Alarm: prefix + "all"})
	if len(r.Instances) != 250 || r.Err != nil {
		t.Fatalf("it comes to %d instances and the error %v", len(r.Instances), r.Err)
	}
	if n := a.count("DescribeAlarms"); n != 1+3 {
		t.Errorf("251 alarms took %d calls", n)
	}

	a.fail = func(_ string, about []string, _ int) error {
		if slices.Contains(about, "cpu-120") {
			return errThrottled
		}
		return nil
	}
	if r := a.follow(t, trigger.Ref{Alarm: prefix + "all"}); len(r.Instances) != 150 || r.Err == nil {
		t.Errorf("one of three calls failed: %d instances, error %v", len(r.Instances), r.Err)
	}
}

func TestManyAddressesAreAllFound(t *testing.T) {
	a := newAccount(0)
	a.pageSize = 70
	a.balance("ip")
	for i := range 450 {
		address := fmt.Sprintf("10.0.%d.%d", i/200, i%200)
		a.answer(address, "unhealthy", "Target.Timeout")
		a.attach("vpc-1", id(i), address)
		a.attach("vpc-2", id(i+1000), address)
	}
	if r := a.follow(t, trigger.Ref{TargetGroup: api}); !slices.Equal(named(r), numbered(450)) {
		t.Errorf("450 addresses come to %d instances, %q, error %v", len(r.Instances), r.Never, r.Err)
	}
	if n := a.count("DescribeNetworkInterfaces"); n != 3 {
		t.Errorf("450 addresses took %d calls", n)
	}
}

// Composites that share all their children have more ways through them than any
// account has alarms.
func TestAlarmsThatShareTheirChildrenAreBounded(t *testing.T) {
	const wide = 12
	a := newAccount(0)
	a.pageSize = 100
	level := func(n int) (names []string) {
		for i := range wide {
			names = append(names, fmt.Sprintf("%d-%d", n, i))
		}
		return names
	}
	for n := range 5 {
		for _, name := range level(n) {
			a.compose(name, level(n+1)...)
		}
	}
	for _, name := range level(5) {
		a.watch(name, "InstanceId", id(0))
	}
	r := a.follow(t, trigger.Ref{Alarm: prefix + "0-0"}) // 12 to the 5th ways
	if len(a.alarmInputs) > 2*1000 {                     // to learn what it is, and its children
		t.Errorf("it took %d calls", len(a.alarmInputs))
	}
	if len(r.Instances) == 0 && r.Never == "" {
		t.Errorf("it came to %+v", r)
	}
}

// Each indirection costs a round: an alarm, a group. A composite costs two, one to
// learn that it is one and one for its children.
func TestWaysCostNoMoreRoundsThanPromised(t *testing.T) {
	alarms, children := []string{"DescribeAlarms"}, []string{"DescribeAlarms of children"}
	group, health := []string{"DescribeAutoScalingGroups"}, []string{"DescribeTargetGroups", "DescribeTargetHealth"}
	owners := []string{"DescribeNetworkInterfaces"}
	for name, tt := range map[string]struct {
		refs []trigger.Ref
		want [][]string
	}{
		"an instance":           {[]trigger.Ref{{Instance: id(0)}}, nil},
		"an Auto Scaling group": {[]trigger.Ref{{AutoScalingGroup: "web"}}, [][]string{group}},
		"a target group":        {[]trigger.Ref{{TargetGroup: api}}, [][]string{health, owners}},
		"an instance's alarm":   {[]trigger.Ref{{Alarm: prefix + "cpu"}}, [][]string{alarms}},
		"a group's alarm":       {[]trigger.Ref{{Alarm: prefix + "latency"}}, [][]string{alarms, group}},
		"two alarms":            {[]trigger.Ref{{Alarm: prefix + "cpu"}, {Alarm: prefix + "latency"}}, [][]string{alarms, group}},
		"all kinds side by side": {
			[]trigger.Ref{{Alarm: prefix + "cpu"}, {AutoScalingGroup: "web"}, {TargetGroup: api}, {Instance: id(0)}},
			[][]string{slices.Concat(alarms, group, health), owners},
		},
		"a composite over all of it": {
			[]trigger.Ref{{Alarm: prefix + "service"}},
			[][]string{alarms, children, alarms, slices.Concat(group, health), owners},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(3)
			service(a)
			a.pageSize = 100
			got := rounds(t, a, func() { a.router().Follow(context.Background(), tt.refs) })
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestNothingIsFollowedOnceTheContextIsOver(t *testing.T) {
	a := newAccount(3)
	service(a)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, ref := range []trigger.Ref{{Alarm: prefix + "service"}, {AutoScalingGroup: "web"}, {TargetGroup: api}} {
		if r := a.router().Follow(ctx, []trigger.Ref{ref})[0]; !errors.Is(r.Err, context.Canceled) || r.Never+r.Nobody != "" {
			t.Errorf("%+v", r)
		}
	}
}

func TestGroupThatIsNotTheOneAskedForIsNone(t *testing.T) {
	a := newAccount(1)
	a.scale("web", id(0))
	a.careless = true
	if r := a.follow(t, trigger.Ref{AutoScalingGroup: "we"}); r.Never == "" || len(r.Instances) != 0 {
		t.Errorf("%+v", r)
	}
}
