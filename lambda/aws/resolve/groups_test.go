package resolve_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/instance"
)

func members(g instance.Group) map[string]instance.Member {
	out := map[string]instance.Member{}
	for _, m := range g.Members {
		out[m.ID] = m
	}
	return out
}

func TestAutoScalingGroupShowsEveryMembersSignsOfLife(t *testing.T) {
	a := newAccount(0)
	silent, alive := noon.Add(-20*time.Minute), noon.Add(-time.Minute)
	for i := range 5 {
		a.launch(id(i), "crashcart-group", "ignored: the Auto Scaling group counts")
	}
	a.ping(id(0), silent)
	a.ping(id(1), alive)
	a.ping(id(2), silent)
	a.impair(id(2), noon)
	a.scale("web", numbered(5)...) // the last two have no agent
	a.groups["web"].Instances[0].LifecycleState = asgtypes.LifecycleStateTerminatingWait
	a.groups["web"].Instances[4].LifecycleState = asgtypes.LifecycleStateStandby

	g := known(t, a.resolve(t, id(0))[0].Group)
	if g.Kind != instance.GroupAutoScaling || g.Name != "web" || g.Lifecycle != "Terminating:Wait" || g.Key() != "asg/web" {
		t.Errorf("the group is %+v, key %s", g, g.Key())
	}
	want := map[string]instance.Member{
		id(0): {ID: id(0), Lifecycle: "Terminating:Wait", Ping: instance.Ping{At: silent}},
		id(1): {ID: id(1), Lifecycle: "InService", Ping: instance.Ping{At: alive}},
		id(2): {ID: id(2), Lifecycle: "InService", Ping: instance.Ping{At: silent}, Unreachable: true},
		id(3): {ID: id(3), Lifecycle: "InService"},
		id(4): {ID: id(4), Lifecycle: "Standby"},
	}
	if got := members(g); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// 30 % of a group might be hung while one call says nothing of it.
func TestGroupIsUnknownWithoutThePingsOfAllMembers(t *testing.T) {
	a := newAccount(120)
	a.scale("web", numbered(120)...)
	a.pageSize = 50
	a.fail = func(call string, about []string, _ int) error {
		if call == "DescribeInstanceInformation" && slices.Contains(about, id(119)) {
			return errThrottled
		}
		return nil
	}
	in := a.resolve(t, id(0))[0]
	known(t, in.Ping)
	if err := unknown(t, "the group", in.Group); !strings.Contains(err.Error(), "RequestLimitExceeded") {
		t.Errorf("the group's error is %v", err)
	}
}

func TestGroupThatAutoScalingDoesNotKnowIsUnknown(t *testing.T) {
	a := newAccount(1)
	a.scale("web", id(0))
	delete(a.groups, "web")
	unknown(t, "the group", a.resolve(t, id(0))[0].Group)
}

func TestInstanceInNoGroupIsKnownToBeInNone(t *testing.T) {
	a := newAccount(1)
	if g := known(t, a.resolve(t, id(0))[0].Group); g.Name != "" || g.Key() != "" || g.Members != nil {
		t.Errorf("the group is %+v", g)
	}
	if n := a.count("DescribeAutoScalingGroups"); n != 0 {
		t.Errorf("Auto Scaling was asked %d times about nothing", n)
	}
}

func TestTagGroupNeverSwallowsAnother(t *testing.T) {
	names := []string{"*", "d?", "db", `d\b`, `\*`, "DB", "web tier", "**"}
	a := newAccount(0)
	for i, name := range names {
		a.launch(id(2*i), "crashcart-group", name)
		a.launch(id(2*i+1), "crashcart-group", name)
		a.ping(id(2*i), noon)
	}
	a.launch(id(100), "crashcart-group", "db")
	a.change(id(100), func(i *types.Instance) { i.State.Name = types.InstanceStateNameStopped })
	for i := range 2 * len(names) {
		a.loose = i >= len(names) // EC2's own comparison is not what keeps them apart
		i %= len(names)
		name := names[i]
		t.Run(name, func(t *testing.T) {
			in := a.resolve(t, id(2*i))[0]
			g := known(t, in.Group)
			want := map[string]instance.Member{id(2 * i): {ID: id(2 * i), Ping: instance.Ping{At: noon}}, id(2*i + 1): {ID: id(2*i + 1)}}
			if got := members(g); g.Kind != instance.GroupTag || g.Name != name || g.Key() != "tag/"+name || !reflect.DeepEqual(got, want) {
				t.Errorf("the group %q has %+v, want %+v", g.Name, got, want)
			}
		})
	}
}

func TestGroupsOfTheSameNameAreNotOneGroup(t *testing.T) {
	a := newAccount(2)
	a.scale("web", id(0))
	a.launch(id(5), "crashcart-group", "web")
	got := a.resolve(t, id(0), id(5))
	asg, tag := known(t, got[0].Group), known(t, got[1].Group)
	if asg.Key() == tag.Key() || len(asg.Members) != 1 || len(tag.Members) != 1 || asg.Members[0].ID == tag.Members[0].ID {
		t.Errorf("the groups are %+v and %+v", asg, tag)
	}
}

func TestManyGroupsAreAllFound(t *testing.T) {
	a := newAccount(130)
	for i := range 130 {
		a.scale(fmt.Sprintf("group-%03d", i), id(i))
	}
	for i, in := range a.resolve(t, numbered(130)...) {
		if g := known(t, in.Group); g.Name != fmt.Sprintf("group-%03d", i) || len(g.Members) != 1 {
			t.Errorf("instance %d is in %+v", i, g)
		}
	}
	if n := a.count("DescribeAutoScalingGroups"); n != 3 {
		t.Errorf("DescribeAutoScalingGroups was called %d times, want 3", n)
	}
}

func TestNewestPingOfAnInstanceCounts(t *testing.T) {
	for _, order := range [][]time.Duration{{-time.Minute, -time.Hour}, {-time.Hour, -time.Minute}} {
		a := newAccount(0)
		a.launch(id(0))
		for _, d := range order {
			a.ping(id(0), noon.Add(d))
		}
		if p := known(t, a.resolver().First(t.Context(), refs(id(0)))[0].Ping); !p.At.Equal(noon.Add(-time.Minute)) {
			t.Errorf("of the pings %v the one at %s counts", order, p.At)
		}
	}
}
