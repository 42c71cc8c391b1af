package elb_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"

	"crashcart/lab/clock"
	"crashcart/lab/elb"
	"crashcart/lab/fleet"
	"crashcart/lab/pace"
)

const (
	web1     = "i-0a1b2c3d4e5f60718"
	web2     = "i-0b1b2c3d4e5f60718"
	twin     = "i-0c1b2c3d4e5f60718" // web1's address in another VPC
	otherVPC = "vpc-0d2b6cdba8e1f7a23"
	shared   = "10.0.0.10"
	pod      = "10.0.7.7"
)

type world struct {
	*sdk.Client
	fleet  *fleet.Fleet
	clock  *clock.Manual
	groups *elb.Handler
}

func newWorld(t *testing.T) world {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	f := fleet.New(c)
	groups := elb.New(f, c, "eu-central-1", "111122223333")
	if err := errors.Join(
		f.Add(fleet.Spec{ID: web1, Type: "m6i.large", IP: shared, MoreIPs: []string{pod}}),
		f.Add(fleet.Spec{ID: web2, Type: "m6i.large"}),
		f.Add(fleet.Spec{ID: twin, Type: "m6i.large", IP: shared, VPC: otherVPC}),
		groups.Add(elb.Group{Name: "web"}),
		groups.Register("web", time.Hour, web1, web2),
	); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(pace.Handler(groups))
	t.Cleanup(srv.Close)
	return world{fleet: f, clock: c, groups: groups, Client: sdk.New(sdk.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(srv.URL), Retryer: aws.NopRetryer{},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})}
}

// health is every target's state and reason, by id.
func (w world) health(t *testing.T, name string) map[string]string {
	t.Helper()
	out, err := w.DescribeTargetHealth(t.Context(), &sdk.DescribeTargetHealthInput{TargetGroupArn: aws.String(w.groups.ARN(name))})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range out.TargetHealthDescriptions {
		if (d.TargetHealth.State == types.TargetHealthStateEnumHealthy) != (d.TargetHealth.Description == nil) {
			t.Errorf("%s is %s, described as %v", aws.ToString(d.Target.Id), d.TargetHealth.State, aws.ToString(d.TargetHealth.Description))
		}
		got[aws.ToString(d.Target.Id)] = fmt.Sprint(d.TargetHealth.State, " ", d.TargetHealth.Reason)
	}
	return got
}

func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestAHungGuestIsHealthyUntilItHasFailedOftenEnough(t *testing.T) {
	const healthy, timeout, failed = "healthy ", "unhealthy Target.Timeout", "unhealthy Target.FailedHealthChecks"
	for name, c := range map[string]struct {
		trouble func(f *fleet.Fleet) error
		want    map[time.Duration]string // by time after the trouble began
	}{
		"frozen": {
			func(f *fleet.Fleet) error { return f.Hang(web1, fleet.Frozen, 0) },
			map[time.Duration]string{59 * time.Second: healthy, time.Minute: timeout, time.Hour: timeout},
		},
		"dead": {
			func(f *fleet.Fleet) error { return f.Hang(web1, fleet.Dead, 0) },
			map[time.Duration]string{59 * time.Second: healthy, time.Minute: timeout},
		},
		"frozen for long": {
			func(f *fleet.Fleet) error { return f.Hang(web1, fleet.Frozen, 10*time.Minute) },
			map[time.Duration]string{0: timeout},
		},
		"agent stopped": {
			func(f *fleet.Fleet) error { return f.StopAgent(web1, time.Hour) },
			map[time.Duration]string{0: healthy, time.Hour: healthy},
		},
		// The dump and the restart are over after 29 s, before the second check fails.
		"crashed": {
			func(f *fleet.Fleet) error { return f.Crash(web1, 0) },
			map[time.Duration]string{25 * time.Second: healthy, 5 * time.Minute: healthy},
		},
		// 102 s without service; then five successes in a row are asked for.
		"patched": {
			func(f *fleet.Fleet) error { return f.Patch(web1, 0) },
			map[time.Duration]string{59 * time.Second: healthy, 2 * time.Minute: failed, 4 * time.Minute: failed, 5 * time.Minute: healthy},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if err := c.trouble(w.fleet); err != nil {
				t.Fatal(err)
			}
			start := w.clock.Now()
			for _, after := range slices.Sorted(maps.Keys(c.want)) {
				w.clock.Advance(start.Add(after).Sub(w.clock.Now()))
				got := w.health(t, "web")
				if got[web1] != c.want[after] {
					t.Errorf("after %s: %q, want %q", after, got[web1], c.want[after])
				}
				if got[web2] != healthy {
					t.Errorf("after %s: the other target is %q", after, got[web2])
				}
			}
		})
	}
}

func TestThresholdAndIntervalAreTheGroups(t *testing.T) {
	w := newWorld(t)
	if err := errors.Join(
		w.groups.Add(elb.Group{Name: "slow", Interval: 10 * time.Second, UnhealthyThreshold: 10}),
		w.groups.Register("slow", time.Hour, web1), w.fleet.Hang(web1, fleet.Frozen, 0),
	); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(99 * time.Second)
	if got := w.health(t, "slow")[web1]; got != "healthy " {
		t.Errorf("after nine failures: %s", got)
	}
	w.clock.Advance(time.Second)
	if got := w.health(t, "slow")[web1]; got != "unhealthy Target.Timeout" {
		t.Errorf("after ten failures: %s", got)
	}
}

func TestANewTargetNeedsOneSuccess(t *testing.T) {
	w := newWorld(t)
	if err := errors.Join(w.groups.Add(elb.Group{Name: "new"}), w.groups.Register("new", 0, web1, web2), w.fleet.Hang(web2, fleet.Frozen, time.Hour)); err != nil {
		t.Fatal(err)
	}
	const initial = "initial Elb.InitialHealthChecking"
	for _, want := range [][2]string{{initial, initial}, {"healthy ", initial}, {"healthy ", "unhealthy Target.Timeout"}} {
		if got := w.health(t, "new"); got[web1] != want[0] || got[web2] != want[1] {
			t.Errorf("at %s: %v, want %v", w.clock.Now().Format("4:05"), got, want)
		}
		w.clock.Advance(30 * time.Second)
	}
}

func TestFailuresOfTwoKindsAreOneRun(t *testing.T) {
	w := newWorld(t)
	if err := w.fleet.Hang(web1, fleet.Frozen, 0); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(40 * time.Second)
	if err := w.fleet.Crash(web1, 0); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(20 * time.Second)
	if got := w.health(t, "web")[web1]; got != "unhealthy Target.FailedHealthChecks" {
		t.Errorf("hung for 40 s and dumping for 20 s: %s", got)
	}
}

func TestStatesThatAreNotUnhealthyAreToldApart(t *testing.T) {
	w := newWorld(t)
	const booting, stopped, gone, leaving, wrong = "i-001b2c3d4e5f60718", "i-011b2c3d4e5f60718", "i-021b2c3d4e5f60718", "i-031b2c3d4e5f60718", "i-041b2c3d4e5f60718"
	var errs []error
	for _, id := range []string{booting, stopped, gone, leaving, wrong} {
		age := time.Duration(0)
		if id == booting {
			age = 5 * time.Second
		}
		errs = append(errs, w.fleet.Add(fleet.Spec{ID: id, Type: "m6i.large", Age: age}), w.groups.Register("web", time.Hour, id))
	}
	errs = append(errs,
		w.fleet.Stop(stopped), w.fleet.Vanish(gone), w.groups.Deregister("web", leaving), w.groups.Pin("web", wrong, "Target.ResponseCodeMismatch"),
		w.groups.Add(elb.Group{Name: "unused", Unused: true}), w.groups.Register("unused", time.Hour, web1),
		w.groups.Add(elb.Group{Name: "fn", Type: elb.TypeLambda}), w.groups.Register("fn", 0, "arn:aws:lambda:eu-central-1:111122223333:function:web"),
	)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		booting: "initial Elb.InitialHealthChecking", stopped: "unused Target.InvalidState", gone: "unused Target.InvalidState",
		leaving: "draining Target.DeregistrationInProgress", wrong: "unhealthy Target.ResponseCodeMismatch", web1: "healthy ",
	} {
		if got := w.health(t, "web")[id]; got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
	if got := w.health(t, "unused")[web1]; got != "unused Target.NotInUse" {
		t.Errorf("without a load balancer: %q", got)
	}
	if got := w.health(t, "fn"); got["arn:aws:lambda:eu-central-1:111122223333:function:web"] != "unavailable Target.HealthCheckDisabled" {
		t.Errorf("a function: %q", got)
	}
	if err := w.groups.Pin("web", wrong, ""); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(5 * time.Minute)
	got := w.health(t, "web")
	if _, there := got[leaving]; there || got[wrong] != "healthy " || got[booting] != "healthy " {
		t.Errorf("five minutes later: %v", got)
	}
}

func TestAnAddressIsLookedForInTheGroupsOwnNetwork(t *testing.T) {
	w := newWorld(t)
	if err := errors.Join(
		w.groups.Add(elb.Group{Name: "here", Type: elb.TypeIP}), w.groups.Register("here", time.Hour, shared, pod, "10.9.9.9"),
		w.groups.Add(elb.Group{Name: "there", Type: elb.TypeIP, VPC: otherVPC}), w.groups.Register("there", time.Hour, shared),
		w.fleet.Hang(twin, fleet.Frozen, 10*time.Minute),
	); err != nil {
		t.Fatal(err)
	}
	here, there := w.health(t, "here"), w.health(t, "there")
	if here[shared] != "healthy " || here[pod] != "healthy " || here["10.9.9.9"] != "unhealthy Target.Timeout" || there[shared] != "unhealthy Target.Timeout" {
		t.Errorf("here %v, there %v", here, there)
	}
}

func TestWhatIsNotThereIsRefusedByItsCode(t *testing.T) {
	w := newWorld(t)
	arn := w.groups.ARN("web")
	unknown := arn[:len(arn)-1] + "z"
	for name, c := range map[string]struct {
		call func() error
		want string
	}{
		"health of an unknown group": {func() error {
			_, err := w.DescribeTargetHealth(t.Context(), &sdk.DescribeTargetHealthInput{TargetGroupArn: &unknown})
			return err
		}, "TargetGroupNotFound"},
		"health by a name": {func() error {
			_, err := w.DescribeTargetHealth(t.Context(), &sdk.DescribeTargetHealthInput{TargetGroupArn: aws.String("web")})
			return err
		}, "ValidationError"},
		"groups, one unknown": {func() error {
			_, err := w.DescribeTargetGroups(t.Context(), &sdk.DescribeTargetGroupsInput{TargetGroupArns: []string{arn, unknown}})
			return err
		}, "TargetGroupNotFound"},
		"groups by ARN, given a name": {func() error {
			_, err := w.DescribeTargetGroups(t.Context(), &sdk.DescribeTargetGroupsInput{TargetGroupArns: []string{"web"}})
			return err
		}, "TargetGroupNotFound"},
		"groups by name and ARN": {func() error {
			_, err := w.DescribeTargetGroups(t.Context(), &sdk.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}, Names: []string{"web"}})
			return err
		}, "ValidationError"},
	} {
		if got := code(c.call()); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	_, err := w.DescribeTargetHealth(t.Context(), &sdk.DescribeTargetHealthInput{TargetGroupArn: &unknown})
	if _, typed := errors.AsType[*types.TargetGroupNotFoundException](err); !typed {
		t.Errorf("%T: %v", err, err)
	}
	out, err := w.DescribeTargetHealth(t.Context(), &sdk.DescribeTargetHealthInput{
		TargetGroupArn: &arn, Targets: []types.TargetDescription{{Id: aws.String(twin)}, {Id: aws.String(web2)}},
	})
	if err != nil || len(out.TargetHealthDescriptions) != 2 || out.TargetHealthDescriptions[0].TargetHealth.Reason != types.TargetHealthReasonEnumNotRegistered ||
		aws.ToString(out.TargetHealthDescriptions[1].Target.Id) != web2 {
		t.Errorf("chosen targets: %+v, %v", out, err)
	}
}

func TestAGroupIsDescribedWithTheNetworkItsAddressesAreIn(t *testing.T) {
	w := newWorld(t)
	if err := w.groups.Add(elb.Group{Name: "pods", Type: elb.TypeIP, VPC: otherVPC, Hash: "50dc6c495c0c9188", Unused: true}); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/pods/50dc6c495c0c9188"
	out, err := w.DescribeTargetGroups(t.Context(), &sdk.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}})
	if err != nil || len(out.TargetGroups) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	g := out.TargetGroups[0]
	if aws.ToString(g.TargetGroupName) != "pods" || g.TargetType != types.TargetTypeEnumIp || aws.ToString(g.VpcId) != otherVPC ||
		aws.ToInt32(g.UnhealthyThresholdCount) != 2 || aws.ToInt32(g.HealthCheckIntervalSeconds) != 30 || len(g.LoadBalancerArns) != 0 {
		t.Errorf("%+v", g)
	}
	if d, err := w.groups.Dimensions("pods"); err != nil || d["TargetGroup"] != "targetgroup/pods/50dc6c495c0c9188" {
		t.Errorf("dimensions %v, %v", d, err)
	}
	pages := sdk.NewDescribeTargetGroupsPaginator(w, &sdk.DescribeTargetGroupsInput{PageSize: aws.Int32(1)})
	var names []string
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range out.TargetGroups {
			names = append(names, aws.ToString(g.TargetGroupName))
		}
	}
	if !slices.Equal(names, []string{"web", "pods"}) {
		t.Errorf("pages gave %v", names)
	}
}

func TestATargetThatCouldNotBeOneIsNotRegistered(t *testing.T) {
	w := newWorld(t)
	for name, err := range map[string]error{
		"no such group":   w.groups.Register("nothing", 0, web1),
		"no such guest":   w.groups.Register("web", 0, "i-0ffffffffffffffff"),
		"another network": w.groups.Register("web", 0, twin),
		"twice":           w.groups.Register("web", 0, web1),
		"same name":       w.groups.Add(elb.Group{Name: "web"}),
		"no such type":    w.groups.Add(elb.Group{Name: "odd", Type: "host"}),
		"no such reason":  w.groups.Pin("web", web1, "Target.Sleepy"),
		"not a target":    w.groups.Pin("web", twin, "Target.Timeout"),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestACheckByTCPNeverFindsAFrozenKernel(t *testing.T) {
	w := newWorld(t)
	if err := errors.Join(
		w.groups.Add(elb.Group{Name: "tcp", Protocol: "TCP", Port: 5432, CheckProtocol: "TCP", CheckPort: "8080", LoadBalancer: "net/tcp/0123456789abcdef"}),
		w.groups.Register("tcp", time.Hour, web1, web2),
		w.fleet.Hang(web1, fleet.Frozen, 10*time.Minute), w.fleet.Hang(web2, fleet.Dead, 10*time.Minute),
	); err != nil {
		t.Fatal(err)
	}
	if got, want := w.health(t, "tcp"), (map[string]string{web1: "healthy ", web2: "unhealthy Target.Timeout"}); !maps.Equal(got, want) {
		t.Errorf("by TCP: %v", got)
	}
	if got := w.health(t, "web"); got[web1] != "unhealthy Target.Timeout" {
		t.Errorf("by HTTP: %v", got)
	}
	out, err := w.DescribeTargetGroups(t.Context(), &sdk.DescribeTargetGroupsInput{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, g := range out.TargetGroups {
		got[*g.TargetGroupName] = fmt.Sprintf("%s %d in %s, by %s on %s every %d s, %d times", g.Protocol, *g.Port, *g.VpcId,
			g.HealthCheckProtocol, *g.HealthCheckPort, *g.HealthCheckIntervalSeconds, *g.UnhealthyThresholdCount)
	}
	want := map[string]string{
		"tcp": "TCP 5432 in " + fleet.DefaultVPC + ", by TCP on 8080 every 30 s, 2 times",
		"web": "HTTP 80 in " + fleet.DefaultVPC + ", by HTTP on traffic-port every 30 s, 2 times",
	}
	if !maps.Equal(got, want) {
		t.Errorf("groups %v", got)
	}
}
