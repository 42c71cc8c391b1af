package world_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lab/sim/world"
)

// make1 makes a world without chance faults.
func make1(t testing.TB, hosts ...world.Hosts) *world.World {
	t.Helper()
	rates := map[world.Cause]float64{}
	for _, c := range world.Causes() {
		rates[c] = 0
	}
	w, err := world.New(world.Config{Seed: 1, Hosts: hosts, Rates: rates})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func with(t testing.TB, w *world.World, faults ...world.Fault) *world.World {
	t.Helper()
	out, err := w.With(faults...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// asker asks a view as the product does.
type asker struct {
	testing.TB
	v *world.View
}

func (a asker) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

func (a asker) instance(id string) ec2types.Instance {
	a.Helper()
	out, err := a.v.DescribeInstances(context.Background(), &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{{Name: aws.String("instance-id"), Values: []string{id}}}})
	a.must(err)
	if len(out.Reservations) != 1 || len(out.Reservations[0].Instances) != 1 {
		a.Fatalf("%s is described as %+v", id, out.Reservations)
	}
	return out.Reservations[0].Instances[0]
}

// silent is for how long an agent has not been heard.
func (a asker) silent(id string) time.Duration {
	a.Helper()
	out, err := a.v.DescribeInstanceInformation(context.Background(), &ssm.DescribeInstanceInformationInput{
		Filters: []ssmtypes.InstanceInformationStringFilter{
			{Key: aws.String("InstanceIds"), Values: []string{id}}, {Key: aws.String("ResourceType"), Values: []string{"EC2Instance"}},
		},
	})
	a.must(err)
	if len(out.InstanceInformationList) != 1 {
		return -1
	}
	return a.v.Now().Sub(*out.InstanceInformationList[0].LastPingDateTime)
}

func (a asker) status(id string) ec2types.InstanceStatus {
	a.Helper()
	out, err := a.v.DescribeInstanceStatus(context.Background(), &ec2.DescribeInstanceStatusInput{InstanceIds: []string{id}})
	a.must(err)
	if len(out.InstanceStatuses) != 1 {
		return ec2types.InstanceStatus{}
	}
	return out.InstanceStatuses[0]
}

// points are the points of a metric in the newest four hours, oldest first.
func (a asker) points(namespace, name, dimension, value, stat string, period int32) (times []time.Time, values []float64) {
	a.Helper()
	out, err := a.v.GetMetricData(context.Background(), &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(a.v.Now().Add(-4 * time.Hour)), EndTime: aws.Time(a.v.Now()), ScanBy: cwtypes.ScanByTimestampAscending,
		MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("a"), MetricStat: &cwtypes.MetricStat{
			Metric: &cwtypes.Metric{Namespace: &namespace, MetricName: &name, Dimensions: []cwtypes.Dimension{{Name: &dimension, Value: &value}}},
			Stat:   &stat, Period: &period,
		}}},
	})
	a.must(err)
	return out.MetricDataResults[0].Timestamps, out.MetricDataResults[0].Values
}

func (a asker) writes(volume string) ([]time.Time, []float64) {
	a.Helper()
	return a.points("AWS/EBS", "VolumeWriteOps", "VolumeId", volume, "Sum", 60)
}

func (a asker) root(id string) string {
	a.Helper()
	return *a.instance(id).BlockDeviceMappings[0].Ebs.VolumeId
}

// still is for how long a host's root volume was not written, up to the newest published
// minute.
func (a asker) still(id string) time.Duration {
	a.Helper()
	times, values := a.writes(a.root(id))
	for n, value := range slices.Backward(values) {
		if value > 0 {
			return times[len(times)-1].Sub(times[n])
		}
	}
	return 4 * time.Hour
}

// silence is for how long no heartbeat came.
func (a asker) silence(id string) time.Duration {
	a.Helper()
	times, _ := a.points("CWAgent", "mem_used_percent", "InstanceId", id, "SampleCount", 60)
	if len(times) == 0 {
		return 4 * time.Hour
	}
	return a.v.Now().Sub(times[len(times)-1])
}

// sends is how much of what it sent an hour before a host sends now.
func (a asker) sends(id string) float64 {
	a.Helper()
	_, values := a.points("AWS/EC2", "NetworkOut", "InstanceId", id, "Sum", 300)
	if len(values) < 20 {
		a.Fatalf("%s has only %d points of NetworkOut", id, len(values))
	}
	return values[len(values)-1] / values[len(values)-18]
}

// health is the state and the reason of a host in its target group.
func (a asker) health(id string) string {
	a.Helper()
	all, err := a.v.DescribeTargetGroups(context.Background(), &elb.DescribeTargetGroupsInput{})
	a.must(err)
	for _, g := range all.TargetGroups {
		out, err := a.v.DescribeTargetHealth(context.Background(), &elb.DescribeTargetHealthInput{TargetGroupArn: g.TargetGroupArn})
		a.must(err)
		for _, d := range out.TargetHealthDescriptions {
			if *d.Target.Id == id || *d.Target.Id == *a.instance(id).PrivateIpAddress {
				return string(d.TargetHealth.State) + " " + string(d.TargetHealth.Reason)
			}
		}
	}
	return "none"
}

func id(n int) string { return fmt.Sprintf("i-%017x", n+1) }

// everything asks all that can be asked of a host.
func (a asker) everything(n int) []any {
	a.Helper()
	i := a.instance(id(n))
	times, beats := a.points("CWAgent", "mem_used_percent", "InstanceId", id(n), "SampleCount", 60)
	sentAt, sent := a.points("AWS/EC2", "NetworkOut", "InstanceId", id(n), "Sum", 300)
	out := []any{i, a.silent(id(n)), a.status(id(n)), a.health(id(n)), times, beats, sentAt, sent, string(a.v.Console(n))}
	for _, d := range i.BlockDeviceMappings {
		at, values := a.writes(*d.Ebs.VolumeId)
		out = append(out, at, values)
	}
	return out
}

// TestTheSameSeedNeverAnswersOtherwise asks in one order and in another, of one world and of
// its twin.
func TestTheSameSeedNeverAnswersOtherwise(t *testing.T) {
	c := world.Config{Seed: 7, Days: 20, HangsPerHostYear: 30, Times: 20}
	for _, f := range world.Fleets() {
		c.Hosts = append(c.Hosts, world.Hosts{Fleet: f, Count: 6})
	}
	one, err := world.New(c)
	if err != nil {
		t.Fatal(err)
	}
	two, err := world.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(one.Episodes(), two.Episodes()) || len(one.Episodes()) < 1000 {
		t.Fatalf("%d and %d episodes, which differ or are few", len(one.Episodes()), len(two.Episodes()))
	}
	type question struct {
		host int
		at   time.Time
	}
	var asked []question
	chance := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		asked = append(asked, question{chance.IntN(len(one.Hosts())), one.Start().Add(time.Duration(chance.IntN(20*86400)) * time.Second)})
	}
	a, b := asker{t, one.View(world.Unknowns{})}, asker{t, two.View(world.Unknowns{})}
	answers := make([][]any, len(asked))
	refused := map[string]bool{}
	for n, q := range asked {
		a.v.At(q.at)
		answers[n] = try(a, q.host, refused)
	}
	for _, n := range chance.Perm(len(asked)) {
		b.v.At(asked[n].at)
		if got := try(b, asked[n].host, refused); !reflect.DeepEqual(got, answers[n]) {
			t.Fatalf("host %d at %s answers otherwise the second time", asked[n].host, asked[n].at)
		}
	}
	if len(refused) == 0 {
		t.Log("no service was out at any of the moments")
	}
}

// try asks everything of a host, unless a service is out.
func try(a asker, n int, refused map[string]bool) []any {
	_, err := a.v.DescribeInstanceInformation(context.Background(), &ssm.DescribeInstanceInformationInput{
		Filters: []ssmtypes.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: []string{id(n)}}},
	})
	_, merr := a.v.GetMetricData(context.Background(), &cloudwatch.GetMetricDataInput{StartTime: aws.Time(a.v.Now()), EndTime: aws.Time(a.v.Now())})
	if err != nil || merr != nil {
		refused[fmt.Sprint(err, merr)] = true
		return nil
	}
	return a.everything(n)
}

// TestALivingHostIsNeverSilent looks at hosts that nothing befalls.
func TestALivingHostIsNeverSilent(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Group6ELB, Count: 6, Period: 5 * time.Minute}, world.Hosts{Fleet: world.Windows, Count: 2, Period: 5 * time.Minute})
	a := asker{t, w.View(world.Unknowns{})}
	for n := range w.Hosts() {
		for m := range 100 {
			a.v.At(w.Start().Add(time.Duration(m)*1237*time.Second + 6*time.Hour))
			if s := a.silent(id(n)); s < 0 || s >= 5*time.Minute {
				t.Fatalf("host %d was heard %s ago", n, s)
			}
			if s := a.silence(id(n)); s >= 2*time.Minute {
				t.Fatalf("the heartbeat of host %d came %s ago", n, s)
			}
			if s := a.still(id(n)); s > 0 {
				t.Fatalf("host %d did not write for %s", n, s)
			}
			if s := a.status(id(n)); s.InstanceStatus.Status != "ok" || s.AttachedEbsStatus.Status != "ok" || s.SystemStatus.Status != "ok" {
				t.Fatalf("host %d has the status %+v", n, s)
			}
			if h := a.health(id(n)); n < 6 && h != "healthy " {
				t.Fatalf("host %d is %s", n, h)
			}
			if w.Lives(n, a.v.Now()) != world.Alive {
				t.Fatalf("host %d does not live", n)
			}
		}
	}
}

// TestTheGroupsNeverLoseAMember asks for groups and their members.
func TestTheGroupsNeverLoseAMember(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Group6, Count: 12})
	a := asker{t, w.View(world.Unknowns{})}
	out, err := a.v.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"group6-1", "group6-2", "other"}})
	a.must(err)
	if len(out.AutoScalingGroups) != 2 || len(out.AutoScalingGroups[0].Instances) != 6 || out.AutoScalingGroups[1].Instances[5].LifecycleState != "InService" {
		t.Fatalf("the groups are %+v", out.AutoScalingGroups)
	}
	list := func(f ...ec2types.Filter) int {
		found, err := a.v.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{Filters: f})
		a.must(err)
		if len(found.Reservations) == 0 {
			return 0
		}
		return len(found.Reservations[0].Instances)
	}
	running := ec2types.Filter{Name: aws.String("instance-state-name"), Values: []string{"running"}}
	one := a.instance(id(0))
	subnet := ec2types.Filter{Name: aws.String("subnet-id"), Values: []string{*one.SubnetId}}
	role := ec2types.Filter{Name: aws.String("iam-instance-profile.arn"), Values: []string{*one.IamInstanceProfile.Arn}}
	for _, c := range []struct {
		what    string
		filters []ec2types.Filter
		want    int
	}{
		{"subnet", []ec2types.Filter{subnet, running}, 4},
		{"profile", []ec2types.Filter{role, running}, 12},
		{"profile, otherwise asked", []ec2types.Filter{running, role, subnet}, 4},
		{"all", nil, 12},
	} {
		if n := list(c.filters...); n != c.want {
			t.Errorf("by %s there are %d hosts, not %d", c.what, n, c.want)
		}
	}
}

// BenchmarkAPass asks what the guard needs of one host in a network of 60.
func BenchmarkAPass(b *testing.B) {
	w, err := world.New(world.Config{Seed: 3, Hosts: []world.Hosts{{Fleet: world.Group6ELB, Count: 60}}})
	if err != nil {
		b.Fatal(err)
	}
	a := asker{b, w.View(world.Unknowns{})}
	one := a.instance(id(0))
	subnet := []ec2types.Filter{{Name: aws.String("subnet-id"), Values: []string{*one.SubnetId}}, {Name: aws.String("instance-state-name"), Values: []string{"running"}}}
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		a.v.At(w.Start().Add(time.Duration(n%1000)*time.Hour/2 + 5*time.Hour))
		a.instance(id(0))
		_, err := a.v.DescribeInstances(context.Background(), &ec2.DescribeInstancesInput{Filters: subnet})
		a.must(err)
		a.status(id(0))
		a.health(id(0))
		a.writes(*one.BlockDeviceMappings[0].Ebs.VolumeId)
		a.silence(id(0))
		a.points("AWS/EC2", "NetworkOut", "InstanceId", id(0), "Sum", 300)
	}
}

func filterImpaired() []ec2types.Filter {
	return []ec2types.Filter{{Name: aws.String("instance-status.status"), Values: []string{"impaired"}}}
}
