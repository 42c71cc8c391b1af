package resolve_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// via goes through both rounds for an instance that was found in the target group.
func (a *account) via(t *testing.T, ids ...string) []*instance.Instance {
	t.Helper()
	r := a.resolver()
	refs := refs(ids...)
	for i := range refs {
		refs[i].Via = api
	}
	instances := r.First(t.Context(), refs)
	finish(t.Context(), r, instances)
	return instances
}

func TestTargetGroupIsTheGroupOfWhatWasFoundInIt(t *testing.T) {
	a := newAccount(0)
	silent := noon.Add(-20 * time.Minute)
	for i := range 4 {
		a.launch(id(i))
	}
	a.ping(id(0), silent)
	a.ping(id(1), noon)
	a.impair(id(2), noon)
	want := map[string]instance.Member{
		id(0): {ID: id(0), Unhealthy: true, Ping: instance.Ping{At: silent}},
		id(1): {ID: id(1), Ping: instance.Ping{At: noon}},
		id(2): {ID: id(2), Unreachable: true},
		id(3): {ID: id(3)},
	}
	for kind, register := range map[string]func(){
		"instances": func() {
			a.balance("instance", numbered(4)...)
			a.answer(id(0), "unhealthy", "Target.Timeout")
			a.answer(id(0), "unhealthy", "Target.Timeout") // on another port, too
			a.answer(id(3), "draining", "Target.DeregistrationInProgress")
		},
		"addresses": func() {
			a.balance("ip", "10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.30", "10.0.0.99")
			for i := range 4 {
				a.attach("vpc-1", id(i), fmt.Sprintf("10.0.0.%d", i))
				a.attach("vpc-2", id(i+10), fmt.Sprintf("10.0.0.%d", i))
			}
			a.attach("vpc-1", id(3), "10.0.0.30")
			a.attach("vpc-1", "", "10.0.0.99")
			a.answer("10.0.0.0", "unhealthy", "Target.FailedHealthChecks")
		},
	} {
		register()
		g := known(t, a.via(t, id(0))[0].Group)
		if g.Kind != instance.GroupTargets || g.Name != "api/50dc6c495c0c9188" || g.Key() != "tg/api/50dc6c495c0c9188" || g.Lifecycle != "" {
			t.Errorf("%s: the group is %+v, key %s", kind, g, g.Key())
		}
		if got := members(g); !reflect.DeepEqual(got, want) || len(g.Members) != len(want) {
			t.Errorf("%s: got  %+v\nwant %+v", kind, g.Members, want)
		}
	}
}

func TestTargetGroupCountsOnlyWithoutAnotherGroup(t *testing.T) {
	a := newAccount(2)
	a.scale("web", id(0))
	a.launch(id(1), "crashcart-group", "db")
	a.launch(id(2))
	a.balance("instance", numbered(3)...)
	got := a.via(t, numbered(3)...)
	for i, want := range []string{"asg/web", "tag/db", "tg/api/50dc6c495c0c9188"} {
		if key := known(t, got[i].Group).Key(); key != want || key != instance.GroupKey(got[i].GroupName()) {
			t.Errorf("the group's key is %s, want %s", key, want)
		}
	}
	if n := a.count("DescribeTargetHealth"); n != 1 {
		t.Errorf("the target group was asked for %d times", n)
	}
}

func TestManyAddressesAreAllMembers(t *testing.T) {
	a := newAccount(450)
	a.pageSize = 100
	a.balance("ip")
	for i := range 450 {
		address := fmt.Sprintf("10.0.%d.%d", i/200, i%200)
		a.answer(address, "healthy", "")
		a.attach("vpc-1", id(i), address)
	}
	if g := known(t, a.via(t, id(0))[0].Group); len(g.Members) != 450 {
		t.Errorf("the group has %d members", len(g.Members))
	}
}

// Without all of its members nobody can say how many of them show no life.
func TestTargetGroupIsUnknownWhenAnyOfItsCallsFails(t *testing.T) {
	for _, call := range []string{"DescribeTargetGroups", "DescribeTargetHealth", "DescribeNetworkInterfaces", "DescribeInstanceInformation"} {
		a := newAccount(4)
		a.balance("ip", "10.0.0.0", "10.0.0.1", "10.0.0.2")
		for i := range 3 {
			a.attach("vpc-1", id(i), fmt.Sprintf("10.0.0.%d", i))
		}
		r := a.resolver()
		instances := r.First(t.Context(), []trigger.Ref{{Instance: id(0), Via: api}})
		a.fail = func(c string, _ []string, _ int) error {
			if c == call {
				return errThrottled
			}
			return nil
		}
		finish(t.Context(), r, instances)
		unknown(t, "the group without "+call, instances[0].Group)
	}
	unknown(t, "a target group that is gone", newAccount(1).via(t, id(0))[0].Group)
}

func TestTargetGroupCostsNoMoreRoundsThanPromised(t *testing.T) {
	a := newAccount(3)
	a.pageSize = 100
	a.balance("instance", numbered(3)...)
	r := a.resolver()
	instances := r.First(t.Context(), []trigger.Ref{{Instance: id(0), Via: api}})
	want := [][]string{
		{
			"DescribeInstanceAttribute", "DescribeInstanceStatus by id", "DescribeInstanceTypes", "DescribeTargetGroups", "DescribeTargetGroups of all",
			"DescribeTargetHealth", "GetMetricData",
		},
		{"DescribeInstanceInformation"},
	}
	if got := rounds(t, a, func() { finish(context.Background(), r, instances) }); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// Otherwise its own open case would not count in the group that it was found in.
func TestATargetThatWasJustDeregisteredIsStillAMember(t *testing.T) {
	a := newAccount(3)
	a.balance("instance", id(1), id(2))
	a.health[api] = append(a.health[api], elbtypes.TargetHealthDescription{}) // AWS lists a target and does not say which
	if g := known(t, a.via(t, id(0))[0].Group); len(g.Members) != 3 || members(g)[id(0)].ID != id(0) {
		t.Errorf("the members are %+v", g.Members)
	}
}

func TestATargetGroupThatAWSDoesNotDescribeIsUnknown(t *testing.T) {
	a := newAccount(1)
	a.balance("instance", id(0))
	r := a.resolver()
	r.Targets.Balancers = mute{a}
	instances := r.First(t.Context(), []trigger.Ref{{Instance: id(0), Via: api}})
	finish(t.Context(), r, instances)
	unknown(t, "a target group without a description", instances[0].Group)
}

// mute answers for the health of targets, and gives no target group.
type mute struct{ resolve.Balancers }

func (mute) DescribeTargetGroups(context.Context, *elb.DescribeTargetGroupsInput, ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error) {
	return &elb.DescribeTargetGroupsOutput{}, nil
}
