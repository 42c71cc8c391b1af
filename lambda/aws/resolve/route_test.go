package resolve_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/trigger"
)

var update = flag.Bool("update", false, "write the golden files")

func (a *account) router() *resolve.Router {
	return &resolve.Router{AutoScaling: a, Targets: resolve.Targets{Balancers: a, Interfaces: a}, Alarms: a}
}

// follow follows one ref that an alarm has named.
func (a *account) follow(t *testing.T, ref trigger.Ref) resolve.Route {
	t.Helper()
	ref.From = "alarm checkout"
	routes := a.router().Follow(t.Context(), []trigger.Ref{ref})
	if len(routes) != 1 || routes[0].Ref != ref {
		t.Fatalf("one ref has the routes %+v", routes)
	}
	return routes[0]
}

// written is a route as the golden file has it.
func written(r resolve.Route) string {
	var b strings.Builder
	for _, ref := range r.Instances {
		fmt.Fprintf(&b, "  %s: %s", ref.Instance, ref.From)
		if ref.Candidate {
			b.WriteString(" (candidate)")
		}
		if ref.Via != "" {
			fmt.Fprintf(&b, " (via %s)", ref.Via)
		}
		b.WriteString("\n")
	}
	for _, outcome := range []struct{ kind, why string }{{"nobody", r.Nobody}, {"never", r.Never}, {"error", fmt.Sprint(r.Err)}} {
		if outcome.why != "" && outcome.why != "<nil>" {
			fmt.Fprintf(&b, "  %s: %s\n", outcome.kind, outcome.why)
		}
	}
	return b.String()
}

// routes are every way on which a ref comes to instances, or to none.
var routes = []struct {
	name    string
	prepare func(*account)
	ref     trigger.Ref
}{
	{"an instance is its own route", func(*account) {}, trigger.Ref{Instance: id(0), Via: api}},
	{"nothing", func(*account) {}, trigger.Ref{}},

	{"an Auto Scaling group: every member is a candidate, unless the group itself says it fails", func(a *account) {
		a.scale("web", id(0), id(1), id(2), id(3))
		a.groups["web"].Instances[0].HealthStatus = aws.String("Healthy")
		a.groups["web"].Instances[1].HealthStatus = aws.String("Unhealthy")
		a.groups["web"].Instances[2].HealthStatus = aws.String("UNHEALTHY")
	}, trigger.Ref{AutoScalingGroup: "web"}},
	{"an Auto Scaling group without members", func(a *account) { a.scale("web") }, trigger.Ref{AutoScalingGroup: "web"}},
	{"no such Auto Scaling group", func(a *account) { a.scale("web", id(0)) }, trigger.Ref{AutoScalingGroup: "we"}},

	{"a target group: its unhealthy instances only", func(a *account) {
		a.balance("instance", id(0), id(1), id(2), id(3), id(4), id(5), id(6))
		a.answer(id(1), "unhealthy", "Target.Timeout")
		a.answer(id(2), "unhealthy", "")
		a.answer(id(3), "unhealthy.draining", "Target.FailedHealthChecks")
		a.answer(id(4), "draining", "Target.DeregistrationInProgress")
		a.answer(id(5), "initial", "Elb.InitialHealthChecking")
		a.answer(id(6), "unused", "Target.NotInUse")
	}, trigger.Ref{TargetGroup: api}},
	{"a target group with one target on two ports", func(a *account) {
		a.balance("instance", id(0))
		a.answer(id(0), "unhealthy", "Target.FailedHealthChecks")
		a.answer(id(0), "healthy", "")
		a.answer(id(0), "unhealthy", "")
	}, trigger.Ref{TargetGroup: api}},
	{"a target group that is well", func(a *account) { a.balance("instance", id(0)) }, trigger.Ref{TargetGroup: api}},
	{"a target group without targets", func(a *account) { a.balance("instance") }, trigger.Ref{TargetGroup: api}},
	{"no such target group", func(*account) {}, trigger.Ref{TargetGroup: api}},
	{"a target group of another load balancer", func(a *account) {
		a.balance("alb", "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/in/1234567890abcdef")
		a.answer(*a.health[api][0].Target.Id, "unhealthy", "Target.FailedHealthChecks")
	}, trigger.Ref{TargetGroup: api}},
	{"a target group of a function", func(a *account) { a.balance("lambda") }, trigger.Ref{TargetGroup: api}},
	{"addresses: within the group's VPC, and only those that are an instance's", func(a *account) {
		a.balance("ip", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8")
		a.answer("10.0.0.5", "unhealthy", "Target.Timeout")
		a.answer("10.0.0.6", "unhealthy", "Target.Timeout")
		a.answer("10.0.0.7", "unhealthy", "Target.Timeout")
		a.answer("10.0.0.8", "unhealthy", "Target.Timeout")
		a.attach("vpc-2", id(9), "10.0.0.5")
		a.attach("vpc-1", id(4), "10.0.0.4")
		a.attach("vpc-1", id(5), "10.0.0.5", "10.0.0.99")
		a.attach("vpc-1", id(8), "10.0.0.88", "10.0.0.8") // a container's
		a.attach("vpc-1", "", "10.0.0.6")
		a.attach("vpc-2", id(7), "10.0.0.7")
	}, trigger.Ref{TargetGroup: api}},
	{"addresses, although EC2 knows them in another VPC", func(a *account) {
		a.balance("ip", "10.0.0.5")
		a.answer("10.0.0.5", "unhealthy", "Target.Timeout")
		a.attach("vpc-2", id(9), "10.0.0.5")
		a.careless = true
	}, trigger.Ref{TargetGroup: api}},
	{"addresses of IPv6", func(a *account) {
		a.balance("ip", "fd00::5")
		a.answer("fd00::5", "unhealthy", "Target.Timeout")
		a.attach("vpc-1", id(5), "10.0.0.5", "fd00::5")
		a.rebalance(func(g *elbtypes.TargetGroup) { g.IpAddressType = "ipv6" })
	}, trigger.Ref{TargetGroup: api}},
	{"addresses in a VPC that AWS does not say", func(a *account) {
		a.balance("ip", "10.0.0.5")
		a.answer("10.0.0.5", "unhealthy", "Target.Timeout")
		a.attach("", id(5), "10.0.0.5")
		a.rebalance(func(g *elbtypes.TargetGroup) { g.VpcId = nil })
	}, trigger.Ref{TargetGroup: api}},
	{"two addresses of one instance", func(a *account) {
		a.balance("ip", "10.0.0.5", "10.0.0.6")
		a.answer("10.0.0.5", "unhealthy", "Target.Timeout")
		a.answer("10.0.0.6", "unhealthy", "Target.Timeout")
		a.attach("vpc-1", id(5), "10.0.0.5")
		a.attach("vpc-1", id(5), "10.0.0.6")
	}, trigger.Ref{TargetGroup: api}},

	{"an alarm: what its dimensions name", func(a *account) { a.watch("cpu", "InstanceId", id(0)) }, trigger.Ref{Alarm: prefix + "cpu"}},
	{"an alarm of the status check", func(a *account) {
		a.watch("check", "InstanceId", id(0))
		m := a.metric["check"]
		m.MetricName = aws.String("StatusCheckFailed_Instance")
		a.metric["check"] = m
	}, trigger.Ref{Alarm: prefix + "check"}},
	{"an alarm of metric math", func(a *account) {
		a.watch("math")
		m := a.metric["math"]
		m.Namespace, m.MetricName, m.Metrics = nil, nil, []cwtypes.MetricDataQuery{
			{Id: aws.String("sum"), Expression: aws.String("m1+m2")}, {}, stat("m1", id(1)), stat("m2", id(2)), stat("m3", id(1)),
		}
		a.metric["math"] = m
	}, trigger.Ref{Alarm: prefix + "math"}},
	{"an alarm of a target group", func(a *account) {
		a.watch("5xx", "TargetGroup", "targetgroup/api/50dc6c495c0c9188", "LoadBalancer", "app/in/1234567890abcdef")
		a.balance("instance", id(0), id(1))
		a.answer(id(1), "unhealthy", "Target.Timeout")
	}, trigger.Ref{Alarm: prefix + "5xx"}},
	{"an alarm of a population", func(a *account) { a.watch("fleet", "InstanceType", "m7i.large") }, trigger.Ref{Alarm: prefix + "fleet"}},
	{"an alarm of nothing", func(a *account) { a.watch("queue", "QueueName", "orders") }, trigger.Ref{Alarm: prefix + "queue"}},
	{"an alarm that is over", func(a *account) { a.watch("cpu", "InstanceId", id(0)); a.calm("cpu", "OK") }, trigger.Ref{Alarm: prefix + "cpu"}},
	{"an alarm that says nothing of itself", func(a *account) {
		a.metric = map[string]cwtypes.MetricAlarm{"cpu": {AlarmName: aws.String("cpu"), AlarmArn: aws.String(prefix + "cpu"), StateValue: "ALARM"}}
	}, trigger.Ref{Alarm: prefix + "cpu"}},
	{"no such alarm", func(a *account) { a.watch("cpu") }, trigger.Ref{Alarm: prefix + "cp"}},
	{"an alarm of the same name, elsewhere", func(a *account) {
		a.watch("cpu", "InstanceId", id(0))
		a.compose("all", "cpu")
	}, trigger.Ref{Alarm: strings.Replace(prefix, "eu-central-1", "us-east-1", 1) + "cpu"}},
	{"a composite of the same name, elsewhere", func(a *account) {
		a.watch("cpu", "InstanceId", id(0))
		a.compose("all", "cpu")
	}, trigger.Ref{Alarm: strings.Replace(prefix, "111122223333", "444455556666", 1) + "all"}},
	{"a name with colons", func(a *account) { a.watch("a:alarm:b", "InstanceId", id(0)) }, trigger.Ref{Alarm: prefix + "a:alarm:b"}},
	{"no alarm's ARN", func(*account) {}, trigger.Ref{Alarm: "checkout"}},

	{"a composite: its children in ALARM, and theirs", func(a *account) {
		a.watch("a", "InstanceId", id(0))
		a.watch("b", "InstanceId", id(1))
		a.watch("c", "AutoScalingGroupName", "web")
		a.calm("b", "OK")
		a.scale("web", id(2))
		a.compose("inner", "c", "b")
		a.compose("outer", "a", "b", "inner")
	}, trigger.Ref{Alarm: prefix + "outer"}},
	{"a composite whose children are all well", func(a *account) {
		a.watch("a", "InstanceId", id(0))
		a.calm("a", "INSUFFICIENT_DATA")
		a.compose("outer", "a")
	}, trigger.Ref{Alarm: prefix + "outer"}},
	{"a composite that is over", func(a *account) {
		a.watch("a", "InstanceId", id(0))
		a.compose("outer", "a")
		c := a.composite["outer"]
		c.StateValue = "OK"
		a.composite["outer"] = c
	}, trigger.Ref{Alarm: prefix + "outer"}},
	{"a composite among its own children", func(a *account) { a.compose("a", "b"); a.compose("b", "a") }, trigger.Ref{Alarm: prefix + "a"}},
	{"a circle with a way out", func(a *account) {
		a.watch("cpu", "InstanceId", id(0))
		a.compose("a", "b")
		a.compose("b", "a", "cpu")
	}, trigger.Ref{Alarm: prefix + "a"}},
	{"five composites deep", func(a *account) { nest(a, 5) }, trigger.Ref{Alarm: prefix + "1"}},
	{"six composites deep", func(a *account) { nest(a, 6) }, trigger.Ref{Alarm: prefix + "1"}},
	{"one instance on two ways: named by itself it is no mere candidate", func(a *account) {
		a.watch("cpu", "AutoScalingGroupName", "web")
		a.watch("unhealthy", "TargetGroup", "targetgroup/api/50dc6c495c0c9188")
		a.scale("web", id(0), id(1))
		a.balance("instance", id(0), id(1))
		a.answer(id(1), "unhealthy", "Target.Timeout")
		a.compose("outer", "cpu", "unhealthy")
	}, trigger.Ref{Alarm: prefix + "outer"}},
	{"one instance on two ways: what either knows is kept", func(a *account) {
		a.watch("a", "InstanceId", id(0))
		a.watch("check", "InstanceId", id(0))
		a.watch("unhealthy", "TargetGroup", "targetgroup/api/50dc6c495c0c9188")
		m := a.metric["check"]
		m.MetricName = aws.String("StatusCheckFailed_Instance")
		a.metric["check"] = m
		a.balance("instance", id(0))
		a.answer(id(0), "unhealthy", "Target.Timeout")
		a.compose("outer", "a", "check", "unhealthy")
	}, trigger.Ref{Alarm: prefix + "outer"}},
	{"one child that leads somewhere counts, whatever the others do", func(a *account) {
		a.watch("a", "InstanceId", id(0))
		a.watch("b", "InstanceType", "m7i.large")
		a.watch("c", "AutoScalingGroupName", "empty")
		a.scale("empty")
		a.compose("outer", "c", "b", "a")
	}, trigger.Ref{Alarm: prefix + "outer"}},
	{"what may still come outweighs what never will", func(a *account) {
		a.watch("b", "InstanceType", "m7i.large")
		a.watch("c", "AutoScalingGroupName", "empty")
		a.scale("empty")
		a.compose("outer", "b", "c")
	}, trigger.Ref{Alarm: prefix + "outer"}},
	{"a child that has no ARN", func(a *account) {
		a.watch("a", "InstanceId", id(0))
		m := a.metric["a"]
		m.AlarmArn = nil
		a.metric["a"] = m
		a.compose("outer", "a")
	}, trigger.Ref{Alarm: prefix + "outer"}},
	{"more members than are looked at", func(a *account) { a.scale("web", numbered(501)...) }, trigger.Ref{AutoScalingGroup: "web"}},
	{"members and targets without an id", func(a *account) {
		a.groups["web"] = asgtypes.AutoScalingGroup{AutoScalingGroupName: aws.String("web"), Instances: []asgtypes.Instance{{}}}
	}, trigger.Ref{AutoScalingGroup: "web"}},
	{"targets that AWS says little of", func(a *account) {
		a.balance("instance")
		a.health[api] = []elbtypes.TargetHealthDescription{
			{},
			{Target: &elbtypes.TargetDescription{Id: aws.String(id(0))}},
			{TargetHealth: &elbtypes.TargetHealth{State: "unhealthy"}},
			{Target: &elbtypes.TargetDescription{}, TargetHealth: &elbtypes.TargetHealth{State: "unhealthy"}},
		}
	}, trigger.Ref{TargetGroup: api}},
}

func stat(name, instance string) cwtypes.MetricDataQuery {
	return cwtypes.MetricDataQuery{Id: &name, MetricStat: &cwtypes.MetricStat{Metric: &cwtypes.Metric{
		Namespace: aws.String("CWAgent"), MetricName: aws.String("heartbeat"),
		Dimensions: []cwtypes.Dimension{{Name: aws.String("InstanceId"), Value: &instance}},
	}}}
}

// nest makes n composites, each the only child of the one before, over an alarm.
func nest(a *account, n int) {
	a.watch("cpu", "InstanceId", id(0))
	for i := 1; i < n; i++ {
		a.compose(fmt.Sprint(i), fmt.Sprint(i+1))
	}
	a.compose(fmt.Sprint(n), "cpu")
}

// TestEveryWayIsItsGoldenFile compares what every kind of ref leads to, with the sentence
// that says how it was found, to the golden file.
func TestEveryWayIsItsGoldenFile(t *testing.T) {
	var got strings.Builder
	for _, way := range routes {
		for size := range 2 { // whatever the size of the pages
			a := newAccount(10)
			a.pageSize = 1 + 99*size
			way.prepare(a)
			text := written(a.follow(t, way.ref))
			if size == 0 {
				fmt.Fprintf(&got, "%s\n%s\n", way.name, text)
			} else if !strings.HasSuffix(got.String(), fmt.Sprintf("%s\n%s\n", way.name, text)) {
				t.Errorf("%s: with pages of 100 it is\n%s", way.name, text)
			}
			if text == "" {
				t.Errorf("%s: it came to nothing, without a word", way.name)
			}
		}
	}
	golden := filepath.Join("testdata", "routes.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}
