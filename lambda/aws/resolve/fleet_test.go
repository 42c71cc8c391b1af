package resolve_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/aws/resolve"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

const regionLimit = 10

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func id(n int) string { return fmt.Sprintf("i-0a1b2c3d4e5f%05x", n) }

// newAccount has n running instances with agents that pinged a minute ago.
func newAccount(n int) *account {
	a := &account{
		instances: map[string]types.Instance{}, statuses: map[string]types.InstanceStatus{},
		types:    map[string]types.InstanceTypeInfo{"m7i.large": nitro("m7i.large")},
		shutdown: map[string]string{}, groups: map[string]asgtypes.AutoScalingGroup{},
	}
	for i := range n {
		a.launch(id(i))
		a.ping(id(i), noon.Add(-time.Minute))
	}
	return a
}

func nitro(name string) types.InstanceTypeInfo {
	return types.InstanceTypeInfo{
		InstanceType: types.InstanceType(name), Hypervisor: types.InstanceTypeHypervisorNitro, BareMetal: aws.Bool(false),
		ProcessorInfo: &types.ProcessorInfo{SupportedArchitectures: []types.ArchitectureType{types.ArchitectureTypeX8664}},
	}
}

// launch adds a running instance whose checks pass, with tags, key and value in turn.
func (a *account) launch(id string, tags ...string) {
	i := types.Instance{
		InstanceId: &id, InstanceType: "m7i.large", Architecture: types.ArchitectureValuesX8664,
		VpcId:      aws.String("vpc-1"),
		LaunchTime: aws.Time(noon.Add(-24 * time.Hour)), State: &types.InstanceState{Name: types.InstanceStateNameRunning},
	}
	for n := 0; n < len(tags); n += 2 {
		i.Tags = append(i.Tags, types.Tag{Key: &tags[n], Value: &tags[n+1]})
	}
	a.instances[id] = i
	a.statuses[id] = types.InstanceStatus{
		InstanceId:     &id,
		InstanceStatus: &types.InstanceStatusSummary{Status: types.SummaryStatusOk},
		SystemStatus:   &types.InstanceStatusSummary{Status: types.SummaryStatusOk},
	}
}

// tag adds a tag to an instance.
func (a *account) tag(id string, tag types.Tag) {
	a.change(id, func(i *types.Instance) { i.Tags = append(i.Tags, tag) })
}

// impair fails the reachability check since each of those times.
func (a *account) impair(id string, since ...time.Time) {
	s := a.statuses[id]
	s.InstanceStatus = &types.InstanceStatusSummary{Status: types.SummaryStatusImpaired}
	for _, t := range since {
		s.InstanceStatus.Details = append(s.InstanceStatus.Details, types.InstanceStatusDetails{
			Name: types.StatusNameReachability, Status: types.StatusTypeFailed, ImpairedSince: &t,
		})
	}
	a.statuses[id] = s
}

func (a *account) ping(id string, at time.Time) {
	a.agents = append(a.agents, ssmtypes.InstanceInformation{InstanceId: &id, LastPingDateTime: &at, PingStatus: ssmtypes.PingStatusOnline, ResourceType: ssmtypes.ResourceTypeEc2Instance})
}

// scale puts instances in service in a group, and tags them as the service does.
func (a *account) scale(group string, ids ...string) {
	g := asgtypes.AutoScalingGroup{AutoScalingGroupName: &group}
	for _, id := range ids {
		g.Instances = append(g.Instances, asgtypes.Instance{InstanceId: aws.String(id), LifecycleState: asgtypes.LifecycleStateInService})
		if i, ok := a.instances[id]; ok {
			i.Tags = append(i.Tags, types.Tag{Key: aws.String("aws:autoscaling:groupName"), Value: &group})
			a.instances[id] = i
		}
	}
	a.groups[group] = g
}

// settle puts instances into a subnet.
func (a *account) settle(subnet string, ids ...string) {
	for _, id := range ids {
		a.change(id, func(i *types.Instance) { i.SubnetId = &subnet })
	}
}

// behind registers the members of an Auto Scaling group in target groups.
func (a *account) behind(group string, arns ...string) {
	g := a.groups[group]
	g.TargetGroupARNs = arns
	a.groups[group] = g
}

func (a *account) change(id string, how func(*types.Instance)) {
	i := a.instances[id]
	how(&i)
	a.instances[id] = i
}

func (a *account) resolver() *resolve.Resolver {
	return &resolve.Resolver{
		EC2: a, Volumes: a, SSM: a, CloudWatch: a, AutoScaling: a, Targets: resolve.Targets{Balancers: a, Interfaces: a},
		Now: func() time.Time { return noon }, Heartbeat: config.Heartbeat{Namespace: "CWAgent", Metric: "mem_used_percent"}, RegionLimit: regionLimit,
	}
}

func refs(ids ...string) []trigger.Ref {
	out := make([]trigger.Ref, len(ids))
	for i, id := range ids {
		out[i] = trigger.Ref{Instance: id, From: fmt.Sprint("metric ", i)}
	}
	return out
}

func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = id(i)
	}
	return ids
}

// resolve goes through all rounds.
func (a *account) resolve(t *testing.T, ids ...string) []*instance.Instance {
	t.Helper()
	r := a.resolver()
	instances := r.First(t.Context(), refs(ids...))
	finish(t.Context(), r, instances)
	return instances
}

// finish goes through the rounds after the first.
func finish(ctx context.Context, r *resolve.Resolver, instances []*instance.Instance) {
	r.Second(ctx, asks(instances)).Third(ctx)
}

// asks are those of an alarm.
func asks(instances []*instance.Instance) []resolve.Ask {
	out := make([]resolve.Ask, len(instances))
	for n, i := range instances {
		out[n].Instance = i
	}
	return out
}

// known is the value of a fact that must be one.
func known[T any](t *testing.T, f fact.Of[T]) T {
	t.Helper()
	v, err := f.Get()
	if err != nil {
		t.Fatalf("the fact is not known: %v", err)
	}
	return v
}

// unknown checks that a fact has an error and nothing else.
func unknown[T any](t *testing.T, what string, f fact.Of[T]) error {
	t.Helper()
	v, err := f.Get()
	if err == nil {
		t.Errorf("%s reads as known: %+v", what, v)
	}
	if fmt.Sprintf("%+v", v) != fmt.Sprintf("%+v", *new(T)) {
		t.Errorf("%s has the error %v and the value %+v", what, err, v)
	}
	return err
}
