package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lab/sim/world"
	"crashcart/lambda/aws/resolve"
)

// strange is a world that does not know one of the questions that it is asked.
type strange struct {
	*world.View
	unknown string

	mu    sync.Mutex // the resolver asks side by side
	asked map[string]int
}

// ask gives the world's answer, but to the question that it does not know.
func ask[In, Out, Option any](ctx context.Context, s *strange, question string, call func(context.Context, *In, ...func(*Option)) (*Out, error), in *In) (*Out, error) {
	s.mu.Lock()
	s.asked[question]++
	s.mu.Unlock()
	if question == s.unknown {
		return nil, fmt.Errorf("%w: %s", world.ErrNotModelled, question)
	}
	return call(ctx, in)
}

// by is a question with the names of its filters. One about a single host is another one
// than the same about many.
func by(operation string, filters ...types.Filter) string {
	var names []string
	for _, f := range filters {
		names = append(names, fmt.Sprintf("%s %s", many(f.Values), aws.ToString(f.Name)))
	}
	slices.Sort(names)
	return operation + " by " + strings.Join(names, ", ")
}

func many(values []string) string {
	if len(values) == 1 {
		return "one"
	}
	return "many"
}

func (s *strange) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	return ask(ctx, s, by("DescribeInstances", in.Filters...), s.View.DescribeInstances, in)
}

func (s *strange) DescribeInstanceStatus(ctx context.Context, in *ec2.DescribeInstanceStatusInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceStatusOutput, error) {
	return ask(ctx, s, by("DescribeInstanceStatus", in.Filters...), s.View.DescribeInstanceStatus, in)
}

func (s *strange) DescribeInstanceTypes(ctx context.Context, in *ec2.DescribeInstanceTypesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceTypesOutput, error) {
	return ask(ctx, s, by("DescribeInstanceTypes", in.Filters...), s.View.DescribeInstanceTypes, in)
}

func (s *strange) DescribeInstanceAttribute(ctx context.Context, in *ec2.DescribeInstanceAttributeInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstanceAttributeOutput, error) {
	return ask(ctx, s, "DescribeInstanceAttribute", s.View.DescribeInstanceAttribute, in)
}

func (s *strange) DescribeVolumes(ctx context.Context, in *ec2.DescribeVolumesInput, _ ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error) {
	return ask(ctx, s, "DescribeVolumes", s.View.DescribeVolumes, in)
}

func (s *strange) DescribeNetworkInterfaces(ctx context.Context, in *ec2.DescribeNetworkInterfacesInput, _ ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	return ask(ctx, s, "DescribeNetworkInterfaces", s.View.DescribeNetworkInterfaces, in)
}

func (s *strange) DescribeInstanceInformation(ctx context.Context, in *ssm.DescribeInstanceInformationInput, _ ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error) {
	of := slices.IndexFunc(in.Filters, func(f ssmtypes.InstanceInformationStringFilter) bool { return aws.ToString(f.Key) == "InstanceIds" })
	return ask(ctx, s, "DescribeInstanceInformation of "+many(in.Filters[of].Values), s.View.DescribeInstanceInformation, in)
}

func (s *strange) GetMetricData(ctx context.Context, in *cloudwatch.GetMetricDataInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.GetMetricDataOutput, error) {
	return ask(ctx, s, "GetMetricData", s.View.GetMetricData, in)
}

func (s *strange) DescribeAutoScalingGroups(ctx context.Context, in *autoscaling.DescribeAutoScalingGroupsInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	return ask(ctx, s, "DescribeAutoScalingGroups", s.View.DescribeAutoScalingGroups, in)
}

func (s *strange) DescribeTargetGroups(ctx context.Context, in *elb.DescribeTargetGroupsInput, _ ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error) {
	return ask(ctx, s, "DescribeTargetGroups of "+many(in.TargetGroupArns), s.View.DescribeTargetGroups, in)
}

func (s *strange) DescribeTargetHealth(ctx context.Context, in *elb.DescribeTargetHealthInput, _ ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error) {
	return ask(ctx, s, "DescribeTargetHealth", s.View.DescribeTargetHealth, in)
}

// calls are all the calls that the resolver and the router make of the world.
func calls() []string {
	return []string{
		"DescribeInstances", "DescribeInstanceStatus", "DescribeInstanceTypes", "DescribeInstanceAttribute", "DescribeVolumes", "DescribeNetworkInterfaces",
		"DescribeInstanceInformation", "GetMetricData", "DescribeAutoScalingGroups", "DescribeTargetGroups", "DescribeTargetHealth",
	}
}

// confused plays the alarms of a hung host in a world that does not know one question. It says
// which questions were asked, and how that ended.
func confused(t *testing.T, f world.Fleet, unknown string) (asked map[string]int, err error) {
	t.Helper()
	w := tiny(t, world.Hosts{Fleet: f, Count: 12, Period: fiveMinutes}, world.Fault{Cause: world.FrozenRoot, Scope: world.OneHost, At: begins, For: time.Hour, Variant: 1})
	p := newPlayer(settings(t), w, world.Unknowns{})
	p.always = true
	s := &strange{View: p.view, unknown: unknown, asked: map[string]int{}}
	targets := resolve.Targets{Balancers: s, Interfaces: s}
	p.router = &resolve.Router{AutoScaling: s, Targets: targets}
	p.resolver.EC2, p.resolver.Volumes, p.resolver.SSM, p.resolver.CloudWatch, p.resolver.AutoScaling, p.resolver.Targets = s, s, s, s, s, targets
	rec := newRecorder("confused", p, nil)
	rec.play(w.HostAlarms(0, world.Unknowns{}, world.CPUAlarm))
	_, err = rec.finish()
	return s.asked, err
}

// TestAQuestionThatTheWorldDoesNotKnowNeverPassesAsAMeasurement lets the world know none of
// the resolver's questions, one after another. To the guard that looks like a failure of
// AWS, and then it permits nothing: a measurement of nothing must not end well.
func TestAQuestionThatTheWorldDoesNotKnowNeverPassesAsAMeasurement(t *testing.T) {
	found := map[string]bool{}
	for _, fleet := range []world.Fleet{world.Group6, world.ALBInstance, world.ALBIP} {
		questions, err := confused(t, fleet, "")
		if err != nil || len(questions) == 0 {
			t.Fatalf("%s: %v, %v", fleet, questions, err)
		}
		for _, q := range slices.Sorted(maps.Keys(questions)) {
			operation, _, _ := strings.Cut(q, " ")
			found[operation] = true
			if _, err := confused(t, fleet, q); !errors.Is(err, world.ErrNotModelled) {
				t.Errorf("%s: nobody noticed that the world does not know %s: %v", fleet, q, err)
			}
		}
	}
	for _, call := range calls() {
		if !found[call] {
			t.Errorf("%s was never asked for", call)
		}
	}
}
