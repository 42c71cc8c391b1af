package autoscaling_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elbsdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go"

	"crashcart/lab/autoscaling"
	"crashcart/lab/clock"
	"crashcart/lab/elb"
	"crashcart/lab/fleet"
	"crashcart/lab/pace"
)

const (
	web0, web1, web2 = "i-0a1b2c3d4e5f60700", "i-0a1b2c3d4e5f60701", "i-0a1b2c3d4e5f60702"
	batch, alone     = "i-0b1b2c3d4e5f60718", "i-0c1b2c3d4e5f60718"
)

// world is a group web of three, at most four and at least two, that goes by its
// load balancer, a group batch of one, and a guest in no group.
type world struct {
	*sdk.Client
	fleet *fleet.Fleet
	clock *clock.Manual
}

func newWorld(t *testing.T) *world {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	w := &world{fleet: fleet.New(c), clock: c}
	errs := []error{w.fleet.AddGroup(fleet.Group{Name: "web", HealthCheck: fleet.HealthELB, Grace: time.Minute, Min: 2, Max: 4})}
	for id, group := range map[string]string{web0: "web", web1: "web", web2: "web", batch: "batch", alone: ""} {
		errs = append(errs, w.fleet.Add(fleet.Spec{ID: id, Type: "m6i.large", Group: group, DumpTakes: 5 * time.Minute}))
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(pace.Handler(autoscaling.New(w.fleet, c, "eu-central-1", "111122223333")))
	t.Cleanup(srv.Close)
	w.Client = sdk.New(sdk.Options{Region: "eu-central-1", BaseEndpoint: &srv.URL, Credentials: credentials()})
	return w
}

func credentials() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
	})
}

// members are a group's desired capacity and how many members it has in each state.
func (w *world) members(t *testing.T, name string) (desired int32, states map[string]int) {
	t.Helper()
	out, err := w.DescribeAutoScalingGroups(t.Context(), &sdk.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
	if err != nil || len(out.AutoScalingGroups) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	states = map[string]int{}
	for _, m := range out.AutoScalingGroups[0].Instances {
		states[string(m.LifecycleState)]++
	}
	return aws.ToInt32(out.AutoScalingGroups[0].DesiredCapacity), states
}

func (w *world) enter(ctx context.Context, group string, decrement bool, ids ...string) ([]types.Activity, error) {
	out, err := w.EnterStandby(ctx, &sdk.EnterStandbyInput{AutoScalingGroupName: &group, InstanceIds: ids, ShouldDecrementDesiredCapacity: &decrement})
	if err != nil {
		return nil, err
	}
	return out.Activities, nil
}

func (w *world) exit(ctx context.Context, group string, ids ...string) ([]types.Activity, error) {
	out, err := w.ExitStandby(ctx, &sdk.ExitStandbyInput{AutoScalingGroupName: &group, InstanceIds: ids})
	if err != nil {
		return nil, err
	}
	return out.Activities, nil
}

func (w *world) terminate(ctx context.Context, id string, decrement bool) (*types.Activity, error) {
	out, err := w.TerminateInstanceInAutoScalingGroup(ctx, &sdk.TerminateInstanceInAutoScalingGroupInput{InstanceId: &id, ShouldDecrementDesiredCapacity: &decrement})
	if err != nil {
		return nil, err
	}
	return out.Activity, nil
}

func TestStandbyIsListedButDoesNotCount(t *testing.T) {
	w := newWorld(t)
	check := func(when string, desired int32, service, standby int) {
		t.Helper()
		if d, s := w.members(t, "web"); d != desired || s["InService"] != service || s["Standby"] != standby || len(s) > 2 {
			t.Errorf("%s: desired %d, members %v", when, d, s)
		}
	}
	check("at first", 3, 3, 0)
	all, err := w.DescribeAutoScalingGroups(t.Context(), &sdk.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"web"}})
	if err != nil {
		t.Fatal(err)
	}
	if g := all.AutoScalingGroups[0]; aws.ToString(g.HealthCheckType) != "ELB" || aws.ToInt32(g.HealthCheckGracePeriod) != 60 || aws.ToInt32(g.MinSize) != 2 || aws.ToInt32(g.MaxSize) != 4 {
		t.Errorf("%+v", g)
	}
	acts, err := w.enter(t.Context(), "web", false, web0)
	if err != nil || len(acts) != 1 || aws.ToString(acts[0].Description) != "Moving EC2 instance to Standby: "+web0 || acts[0].StatusCode != types.ScalingActivityStatusCodeInProgress {
		t.Fatalf("%+v, %v", acts, err)
	}
	check("with a replacement", 3, 3, 1)
	if acts, err = w.enter(t.Context(), "web", true, web1); err != nil || !strings.Contains(aws.ToString(acts[0].Cause), "shrinking the capacity from 3 to 2.") {
		t.Fatalf("%+v, %v", acts, err)
	}
	check("without", 2, 2, 2)
	if acts, err = w.exit(t.Context(), "web", web0, web1); err != nil || len(acts) != 2 || !strings.Contains(aws.ToString(acts[1].Cause), "increasing the capacity from 3 to 4.") {
		t.Fatalf("%+v, %v", acts, err)
	}
	check("back", 4, 4, 0)
	one, err := w.DescribeAutoScalingInstances(t.Context(), &sdk.DescribeAutoScalingInstancesInput{InstanceIds: []string{web0}})
	if err != nil || len(one.AutoScalingInstances) != 1 || aws.ToString(one.AutoScalingInstances[0].LifecycleState) != "InService" {
		t.Errorf("%+v, %v", one, err)
	}
}

func TestAGroupThatDoesNotLookAfterItsMembersFillsAPlaceAllTheSame(t *testing.T) {
	w := newWorld(t)
	if _, err := w.enter(t.Context(), "batch", false, batch); err != nil {
		t.Fatal(err)
	}
	if d, s := w.members(t, "batch"); d != 1 || s["InService"] != 1 || s["Standby"] != 1 {
		t.Errorf("desired %d, members %v", d, s)
	}
	if r := w.fleet.Replacements(); len(r) != 1 || r[0].Instance != batch || r[0].By == "" {
		t.Errorf("%+v", r)
	}
}

func TestTerminatingAMemberFillsItsPlaceUnlessItHasNone(t *testing.T) {
	w := newWorld(t)
	if _, err := w.enter(t.Context(), "web", false, web0); err != nil {
		t.Fatal(err)
	}
	if a, err := w.terminate(t.Context(), web0, false); err != nil || aws.ToString(a.Description) != "Terminating EC2 instance: "+web0 {
		t.Fatalf("%+v, %v", a, err)
	}
	if d, s := w.members(t, "web"); d != 3 || s["InService"] != 3 || s["Standby"] != 0 {
		t.Errorf("given up: desired %d, members %v", d, s)
	}
	if _, err := w.terminate(t.Context(), web1, false); err != nil {
		t.Fatal(err)
	}
	if d, s := w.members(t, "web"); d != 3 || s["InService"] != 3 {
		t.Errorf("replaced: desired %d, members %v", d, s)
	}
	if _, err := w.terminate(t.Context(), web2, true); err != nil {
		t.Fatal(err)
	}
	if d, s := w.members(t, "web"); d != 2 || s["InService"] != 2 {
		t.Errorf("taken away: desired %d, members %v", d, s)
	}
	if v, err := w.fleet.Get(web0); err != nil || v.State != "terminated" {
		t.Errorf("%s, %v", v.State, err)
	}
}

func TestWhatCannotBeMovedIsRefusedInTheServicesWords(t *testing.T) {
	w := newWorld(t)
	if _, err := w.enter(t.Context(), "web", false, web1); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.fleet.SetLifecycle(web2, "Terminating:Wait"), second(w.enter(t.Context(), "batch", false, batch))); err != nil {
		t.Fatal(err)
	}
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprintf("i-%08x", i)
	}
	ctx := t.Context()
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"of no group":            {second(w.enter(ctx, "web", false, alone)), "The instance " + alone + " is not part of Auto Scaling group web."},
		"of another group":       {second(w.enter(ctx, "batch", false, web0)), "The instance " + web0 + " is not part of Auto Scaling group batch."},
		"of an unknown group":    {second(w.enter(ctx, "gone", false, web0)), "AutoScalingGroup name not found - null"},
		"entering twice":         {second(w.enter(ctx, "web", false, web1)), "The instance " + web1 + " is not in InService."},
		"entering while leaving": {second(w.enter(ctx, "web", false, web2)), "The instance " + web2 + " is not in InService."},
		"one of two":             {second(w.enter(ctx, "web", false, web0, web1)), "The instance " + web1 + " is not in InService."},
		"nobody":                 {second(w.enter(ctx, "web", false)), "between 1 and 20"},
		"too many":               {second(w.enter(ctx, "web", false, many...)), "between 1 and 20"},
		"below the minimum":      {second(w.enter(ctx, "batch", true, w.other(t, "batch"))), "has min-size=1, max-size=2, and desired-size=1."},
		"leaving service":        {second(w.exit(ctx, "web", web0)), "The instance " + web0 + " is not in Standby."},
		"leaving an unknown one": {second(w.exit(ctx, "gone", web0)), "AutoScalingGroup name not found - null"},
		"terminating a stranger": {second(w.terminate(ctx, alone, false)), "No managed instance found"},
		"shrinking too far":      {second(w.terminate(ctx, w.other(t, "batch"), true)), "Currently, desiredSize equals minSize (1)."},
		"shrinking by a standby": {second(w.terminate(ctx, web1, true)), "Standby does not count"},
	} {
		api, ok := errors.AsType[smithy.APIError](c.err)
		if !ok || api.ErrorCode() != "ValidationError" || !strings.Contains(api.ErrorMessage(), c.want) {
			t.Errorf("%s: %v, want %q", name, c.err, c.want)
		}
	}
	if v, err := w.fleet.Get(web0); err != nil || v.Lifecycle != "InService" {
		t.Errorf("after all that %s is %s, %v", web0, v.Lifecycle, err)
	}
}

func second[T any](_ T, err error) error { return err }

// other is a group's one member in service.
func (w *world) other(t *testing.T, group string) string {
	t.Helper()
	for _, v := range w.fleet.All() {
		if v.Group == group && v.Lifecycle == "InService" {
			return v.ID
		}
	}
	t.Fatalf("no member of %s is in service", group)
	return ""
}

func TestNobodyReturnsToAFullGroup(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{web0, web1} {
		if _, err := w.enter(t.Context(), "web", false, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.exit(t.Context(), "web", web0); err != nil {
		t.Fatal(err)
	}
	_, err := w.exit(t.Context(), "web", web1)
	if api, ok := errors.AsType[smithy.APIError](err); !ok || !strings.Contains(api.ErrorMessage(), "max-size=4, and desired-size=4") {
		t.Errorf("a fifth of four: %v", err)
	}
}

func TestAGroupReplacesWhatItsLoadBalancerFindsUnhealthy(t *testing.T) {
	w := newWorld(t)
	balancer := elb.New(w.fleet, w.clock, "eu-central-1", "111122223333")
	if err := errors.Join(balancer.Add(elb.Group{Name: "web"}), balancer.Register("web", time.Hour, web0, web1), w.fleet.Hang(web0, fleet.Frozen, 0)); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(pace.Handler(balancer))
	defer srv.Close()
	client := elbsdk.New(elbsdk.Options{Region: "eu-central-1", BaseEndpoint: &srv.URL, Credentials: credentials()})
	health := func() string {
		out, err := client.DescribeTargetHealth(t.Context(), &elbsdk.DescribeTargetHealthInput{TargetGroupArn: aws.String(balancer.ARN("web"))})
		if err != nil || len(out.TargetHealthDescriptions) != 2 {
			t.Fatalf("%+v, %v", out, err)
		}
		return string(out.TargetHealthDescriptions[0].TargetHealth.State)
	}
	w.clock.Advance(time.Minute - time.Second)
	if h, r := health(), w.fleet.Replacements(); h != "healthy" || len(r) > 0 {
		t.Errorf("a second before, the target is %s and replaced are %+v", h, r)
	}
	w.clock.Advance(time.Second)
	r := w.fleet.Replacements()
	if h := health(); h != "unused" || len(r) != 1 || r[0].Instance != web0 || !r[0].At.Equal(w.clock.Now()) {
		t.Errorf("then it is %s and replaced are %+v", h, r)
	}
	if d, s := w.members(t, "web"); d != 3 || s["InService"] != 3 {
		t.Errorf("desired %d, members %v", d, s)
	}
}
