package resolve_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

// arn is a target group beside api. A lower number comes first.
func arn(n int) string {
	return fmt.Sprintf("arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/a%03d/0000", n)
}

// pool adds a target group, with a health check, and registers targets at port 8080.
func (a *account) pool(arn string, kind elbtypes.TargetTypeEnum, vpc string, targets ...string) {
	if a.targetGroups == nil {
		a.targetGroups, a.health = map[string]elbtypes.TargetGroup{}, map[string][]elbtypes.TargetHealthDescription{}
	}
	a.targetGroups[arn] = elbtypes.TargetGroup{
		TargetGroupArn: &arn, TargetType: kind, VpcId: &vpc, HealthCheckProtocol: elbtypes.ProtocolEnumHttp, HealthCheckPort: aws.String("traffic-port"),
		HealthCheckIntervalSeconds: aws.Int32(30), UnhealthyThresholdCount: aws.Int32(2),
	}
	for _, id := range targets {
		a.register(arn, id, 8080, elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumHealthy})
	}
}

func (a *account) register(arn, target string, port int32, health elbtypes.TargetHealth) {
	a.health[arn] = append(a.health[arn], elbtypes.TargetHealthDescription{Target: &elbtypes.TargetDescription{Id: &target, Port: &port}, TargetHealth: &health})
}

// registered is what pool registers.
func registered(arn string, port int) instance.Registration {
	return instance.Registration{TargetGroup: arn, Protocol: "HTTP", Port: port, Interval: 30 * time.Second, Threshold: 2, State: "healthy"}
}

func TestAnInstanceIsFoundInEveryTargetGroupOfItsVPC(t *testing.T) {
	a := newAccount(3)
	a.pool(arn(3), "instance", "vpc-1", id(0))
	a.pool(arn(1), "instance", "vpc-1", id(1), id(2))
	a.pool(arn(2), "instance", "vpc-1", id(1), id(0))
	a.register(arn(2), id(0), 80, elbtypes.TargetHealth{State: "unhealthy", Reason: "Target.ResponseCodeMismatch"})
	a.pool(arn(4), "ip", "vpc-1", "10.0.0.5")
	a.change(id(0), func(i *types.Instance) {
		i.NetworkInterfaces = []types.InstanceNetworkInterface{{PrivateIpAddress: aws.String("10.0.0.5")}}
	})
	a.pool(arn(5), "ip", "vpc-2", "10.0.0.5") // another VPC's address
	a.pool(arn(6), "alb", "vpc-1", id(0))
	a.pool(arn(7), "lambda", "", id(0))
	mismatch := registered(arn(2), 80)
	mismatch.State, mismatch.Reason = "unhealthy", "Target.ResponseCodeMismatch"

	in := a.resolve(t, id(0))[0]
	want := []instance.Registration{mismatch, registered(arn(2), 8080), registered(arn(3), 8080), registered(arn(4), 8080)}
	if got := known(t, in.Targets); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	g := known(t, in.Group)
	if in.Via != arn(2) || g.Key() != "tg/a002/0000" || len(g.Members) != 2 || g.Key() != instance.GroupKey(in.GroupName()) {
		t.Errorf("its group, that of the first target group that has it, is %s: %+v", g.Key(), g.Members)
	}
	if n := a.count("DescribeTargetHealth"); n != 4 {
		t.Errorf("the health of %d target groups was asked for, those of other VPCs and kinds among them", n)
	}
}

func TestAHealthCheckOnAPortOfItsOwnIsKnownByThatPort(t *testing.T) {
	a := newAccount(1)
	a.pool(arn(1), "instance", "vpc-1", id(0))
	for port, want := range map[string]int{"traffic-port": 8080, "9000": 9000, "": 8080} {
		g := a.targetGroups[arn(1)]
		g.HealthCheckPort = &port
		a.targetGroups[arn(1)] = g
		if got := known(t, a.resolve(t, id(0))[0].Targets); len(got) != 1 || got[0].Port != want {
			t.Errorf("%q: %+v", port, got)
		}
	}
}

// Private addresses repeat. Another VPC's host that answers is no sign of life of this one.
func TestAnAddressOfAnotherVPCIsNeverTheInstance(t *testing.T) {
	for vpc, want := range map[string]int{"vpc-1": 1, "vpc-2": 0} {
		a := newAccount(1)
		a.change(id(0), func(i *types.Instance) {
			i.NetworkInterfaces = []types.InstanceNetworkInterface{{PrivateIpAddress: aws.String("10.0.0.5")}}
		})
		a.pool(api, "ip", vpc, "10.0.0.5")
		if got := known(t, a.via(t, id(0))[0].Targets); len(got) != want {
			t.Errorf("%s: %+v", vpc, got)
		}
	}
}

// A load balancer may see a host whose group does not say so. Its answer is life.
func TestATargetGroupThatAGroupDoesNotNameIsNeverOverlooked(t *testing.T) {
	cluster := types.Tag{Key: aws.String("kubernetes.io/cluster/prod"), Value: aws.String("owned")}
	for name, tt := range map[string]struct {
		prepare func(*account)
		want    []string // ARNs
		listed  int      // how often all target groups were asked for
	}{
		"with a group tag":               {prepare: func(a *account) { a.launch(id(0), "crashcart-group", "db") }, want: []string{arn(1), arn(2)}, listed: 1},
		"in an Auto Scaling group":       {prepare: func(a *account) { a.scale("web", id(0), id(5)) }, want: []string{arn(1), arn(2)}, listed: 1},
		"in one with a target group":     {prepare: func(a *account) { a.scale("web", id(0), id(5)); a.behind("web", arn(2)) }, want: []string{arn(2)}},
		"a node of a cluster":            {prepare: func(a *account) { a.scale("web", id(0), id(5)); a.tag(id(0), cluster) }},
		"a node with a group tag":        {prepare: func(a *account) { a.launch(id(0), "crashcart-group", "db"); a.tag(id(0), cluster) }},
		"a node that has nothing but it": {prepare: func(a *account) { a.tag(id(0), cluster) }, want: []string{arn(1), arn(2)}, listed: 1},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(3)
			tt.prepare(a)
			a.pool(arn(0), "instance", "vpc-1", id(1))
			a.pool(arn(1), "instance", "vpc-1", id(0), id(1))
			a.pool(arn(2), "instance", "vpc-1", id(0))
			a.pool(arn(3), "instance", "vpc-2", id(0))
			before := a.resolver().First(t.Context(), refs(id(0)))[0]
			in := a.resolve(t, id(0))[0]
			var got []string
			for _, r := range known(t, in.Targets) {
				got = append(got, r.TargetGroup)
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("it is seen by %q, want %q", got, tt.want)
			}
			if n := a.count("DescribeTargetGroups of all"); n != tt.listed {
				t.Errorf("all target groups were asked for %d times", n)
			}
			if _, group := before.GroupName(); group != "" && known(t, in.Group).Name != group {
				t.Errorf("its group is %+v, and was %s", known(t, in.Group), group)
			}
		})
	}
}

// What could not be asked may be an answer that the host gives.
func TestAMemberIsNeverTakenForOneThatNobodyAsksWithoutTheList(t *testing.T) {
	for name, prepare := range map[string]func(*account){
		"with a group tag":         func(a *account) { a.launch(id(0), "crashcart-group", "db") },
		"in an Auto Scaling group": func(a *account) { a.scale("web", id(0)) },
	} {
		for _, failing := range []string{"DescribeTargetGroups of all", "DescribeTargetHealth"} {
			a := newAccount(1)
			prepare(a)
			a.pool(arn(1), "instance", "vpc-1", id(1))
			a.fail = func(call string, _ []string, _ int) error {
				if call == failing {
					return errThrottled
				}
				return nil
			}
			in := a.resolve(t, id(0))[0]
			unknown(t, name+": its target health", in.Targets)
			known(t, in.Group) // which names itself
		}
	}
}

func TestTooManyTargetGroupsAreNeverTakenForNone(t *testing.T) {
	for _, n := range []int{100, 101} {
		a := newAccount(1)
		a.pageSize = 40
		for i := range n {
			a.pool(arn(i), "instance", "vpc-1", id(i+1))
		}
		a.pool(arn(200), "instance", "vpc-2", id(0))
		a.pool(arn(201), "lambda", "vpc-1", id(0))
		in := a.resolve(t, id(0))[0]
		if n == 100 {
			known(t, in.Targets)
			if g := known(t, in.Group); g.Name != "" {
				t.Errorf("it is in %+v", g)
			}
			continue
		}
		for _, err := range []error{unknown(t, "its target health", in.Targets), unknown(t, "its group", in.Group)} {
			if !strings.Contains(err.Error(), "put the tag crashcart-group on the hosts") {
				t.Errorf("the reason is %v", err)
			}
		}
		if a.count("DescribeTargetHealth") != 0 {
			t.Error("their health was asked for")
		}
	}
}

// A host in a group is not lost to the other target groups of a large VPC. What its group
// and the alarm name is known of it.
func TestAHostInAGroupIsNeverLostToALargeVPC(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(*account)
		via     string
		want    []instance.Registration
	}{
		"with a group tag":            {prepare: func(a *account) { a.launch(id(0), "crashcart-group", "db") }},
		"and named by a target group": {prepare: func(a *account) { a.launch(id(0), "crashcart-group", "db") }, via: arn(7), want: []instance.Registration{registered(arn(7), 8080)}},
		"in an Auto Scaling group":    {prepare: func(a *account) { a.scale("web", id(0)) }},
		"named by a target group":     {prepare: func(*account) {}, via: arn(7), want: []instance.Registration{registered(arn(7), 8080)}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(1)
			tt.prepare(a)
			for n := range 101 {
				a.pool(arn(n), "instance", "vpc-1", id(0))
			}
			r := a.resolver()
			instances := r.First(t.Context(), []trigger.Ref{{Instance: id(0), Via: tt.via}})
			finish(t.Context(), r, instances)
			if got := known(t, instances[0].Targets); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if g := known(t, instances[0].Group); g.Name == "" {
				t.Error("it is in no group")
			}
		})
	}
}

func TestATargetGroupThatDoesNotAnswerIsNeverTakenForOneWithoutTheInstance(t *testing.T) {
	a := newAccount(2)
	a.pool(arn(1), "instance", "vpc-1", id(1))
	a.pool(arn(2), "instance", "vpc-1", id(0))
	a.fail = func(call string, about []string, _ int) error {
		if call == "DescribeTargetHealth" && about[0] == arn(1) {
			return errThrottled
		}
		return nil
	}
	in := a.resolve(t, id(0))[0]
	unknown(t, "its target health", in.Targets)
	unknown(t, "its group", in.Group)

	a.fail = func(call string, _ []string, _ int) error {
		if call == "DescribeTargetGroups of all" {
			return errThrottled
		}
		return nil
	}
	in = a.resolve(t, id(0))[0]
	unknown(t, "its target health", in.Targets)
	unknown(t, "its group", in.Group)
}

func TestTargetGroupsAreRememberedForLessThanAPassAndTheirTargetsNever(t *testing.T) {
	a := newAccount(2)
	a.launch(id(0), "crashcart-group", "db")
	a.pool(arn(1), "instance", "vpc-1", id(0))
	r, now := a.resolver(), noon
	r.Now = func() time.Time { return now }
	ask := func(want int) *instance.Instance {
		t.Helper()
		before := a.count("DescribeTargetGroups of all")
		instances := r.First(t.Context(), refs(id(0)))
		finish(t.Context(), r, instances)
		if n := a.count("DescribeTargetGroups of all") - before; n != want {
			t.Errorf("at %s all target groups were asked for %d times, want %d", now.Format(time.TimeOnly), n, want)
		}
		return instances[0]
	}
	ask(1)
	now = noon.Add(49 * time.Second)
	a.health[arn(1)][0].TargetHealth.State = "unhealthy"
	if got := known(t, ask(0).Targets); got[0].State != "unhealthy" {
		t.Errorf("its health is remembered: %+v", got)
	}
	delete(a.targetGroups, arn(1)) // one that is gone meanwhile has nothing registered
	if got := known(t, ask(0).Targets); len(got) != 0 {
		t.Errorf("a target group that is gone has it: %+v", got)
	}
	now = noon.Add(50 * time.Second)
	a.pool(arn(2), "instance", "vpc-1", id(0))
	if got := known(t, ask(1).Targets); len(got) != 1 || got[0].TargetGroup != arn(2) {
		t.Errorf("a new target group is not found: %+v", got)
	}
}

// A health check may have been changed meanwhile: from one that a hung kernel answers to one
// that it does not.
func TestAHealthCheckIsNeverTheOneOfLongAgo(t *testing.T) {
	a := newAccount(2)
	a.scale("web", id(0))
	a.behind("web", arn(1))
	a.pool(arn(1), "instance", "vpc-1", id(0))
	r, now := a.resolver(), noon
	r.Now = func() time.Time { return now }
	ask := func(n int) *instance.Instance {
		instances := r.First(t.Context(), refs(id(n)))
		finish(t.Context(), r, instances)
		return instances[0]
	}
	ask(1) // is alone: all target groups are remembered now
	g := a.targetGroups[arn(1)]
	g.HealthCheckProtocol = elbtypes.ProtocolEnumHttps
	a.targetGroups[arn(1)] = g
	now = noon.Add(50 * time.Second)
	if got := known(t, ask(0).Targets); len(got) != 1 || got[0].Protocol != "HTTPS" {
		t.Errorf("its targets are %+v", got)
	}
}

// An instance alone would pass the rule of the group, however new its target group is.
func TestAnInstanceAloneIsNeverInNoGroupByWhatIsRemembered(t *testing.T) {
	a := newAccount(3)
	a.pool(arn(1), "instance", "vpc-1", id(1))
	r := a.resolver()
	finish(t.Context(), r, r.First(t.Context(), refs(id(0)))) // at the same moment
	a.pool(arn(2), "instance", "vpc-1", id(0), id(2))
	for _, batch := range [][]string{{id(0)}, {id(1), id(0)}} {
		instances := r.First(t.Context(), refs(batch...))
		finish(t.Context(), r, instances)
		in := instances[len(instances)-1]
		if g := known(t, in.Group); g.Key() != "tg/a002/0000" || len(g.Members) != 2 {
			t.Errorf("its group is %+v", g)
		}
		if got := known(t, in.Targets); !reflect.DeepEqual(got, []instance.Registration{registered(arn(2), 8080)}) {
			t.Errorf("its targets are %+v", got)
		}
	}
	a.fail = func(call string, _ []string, _ int) error {
		if call == "DescribeTargetGroups of all" {
			return errThrottled
		}
		return nil
	}
	instances := r.First(t.Context(), refs(id(0)))
	finish(t.Context(), r, instances)
	unknown(t, "its group", instances[0].Group)
	unknown(t, "its target health", instances[0].Targets)
}

// A member whose load balancer gets no answer counts as dead, whoever else is heard.
func TestAMemberThatAnswersNobodyIsNeverTakenForAHealthyOne(t *testing.T) {
	a := newAccount(6)
	a.scale("web", numbered(6)...)
	a.behind("web", arn(1), arn(2))
	a.pool(arn(1), "instance", "vpc-1", id(0), id(5))
	a.pool(arn(2), "instance", "vpc-1")
	for n, reason := range []elbtypes.TargetHealthReasonEnum{"", "Target.Timeout", "Target.FailedHealthChecks", "Target.ResponseCodeMismatch", "Elb.InternalError"} {
		a.register(arn(2), id(n), 80, elbtypes.TargetHealth{State: "unhealthy", Reason: reason})
	}
	for n, m := range members(known(t, a.resolve(t, id(0))[0].Group)) {
		if want := n == id(1) || n == id(2); m.Unhealthy != want {
			t.Errorf("%s: unhealthy %v", n, m.Unhealthy)
		}
	}
}

func TestAnInstanceWithoutAVPCIsNeverTakenForOneInNoGroup(t *testing.T) {
	a := newAccount(1)
	a.change(id(0), func(i *types.Instance) { i.VpcId = nil })
	in := a.resolve(t, id(0))[0]
	unknown(t, "its target health", in.Targets)
	unknown(t, "its group", in.Group)
}
