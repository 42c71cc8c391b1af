package world_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lab/sim/world"
)

// TestACheckNeverFailsBeforeItIsNoticed sweeps how late EC2's checks are.
func TestACheckNeverFailsBeforeItIsNoticed(t *testing.T) {
	const began = 6 * time.Hour
	w := make1(t, world.Hosts{Fleet: world.ALBInstance, Count: 4})
	w = with(t, w, world.Fault{Cause: world.NoInterrupts, Scope: world.OneHost, At: began, For: 3 * time.Hour},
		world.Fault{Cause: world.EBSStall, Scope: world.OneHost, Of: 1, At: began, For: 15 * time.Minute},
		world.Fault{Cause: world.EBSStall, Scope: world.OneHost, Of: 2, At: began, For: 50 * time.Second},
		world.Fault{Cause: world.Reboot, Scope: world.OneHost, Of: 3, At: began, For: 40 * time.Second})
	for _, late := range []time.Duration{2 * time.Minute, 235 * time.Second, 5 * time.Minute} {
		a := asker{t, w.View(world.Unknowns{ImpairedLate: late, EBSLate: late})}
		for _, c := range []struct {
			host      int
			after     time.Duration
			reach, on ec2types.SummaryStatus
		}{
			{0, late + 19*time.Second, "ok", "ok"},
			{0, late + 20*time.Second, "impaired", "ok"},
			{0, 2 * time.Hour, "impaired", "ok"},
			{0, 3*time.Hour + 10*time.Minute, "ok", "ok"},
			{1, late + 19*time.Second, "ok", "ok"},
			{1, late + 20*time.Second, "ok", "impaired"},
			{1, 15*time.Minute + late - time.Second, "ok", "impaired"},
			{1, 15*time.Minute + late, "ok", "ok"},
			{2, late + 30*time.Second, "ok", "ok"},
			{3, late + 30*time.Second, "ok", "ok"},
		} {
			s := a.at(w, began+c.after).status(id(c.host))
			if s.InstanceStatus.Status != c.reach || s.AttachedEbsStatus.Status != c.on {
				t.Errorf("%s late, %s after, host %d: reachability is %s, and EBS %s", late, c.after, c.host, s.InstanceStatus.Status, s.AttachedEbsStatus.Status)
			}
			if since := s.InstanceStatus.Details[0].ImpairedSince; since != nil && !since.Equal(w.Start().Add(began+late)) {
				t.Errorf("%s late, it is impaired since %s", late, since)
			}
		}
	}
}

// pinged asks for host 0's last ping: how old it is, or that there is no answer.
func pinged(v *world.View) (age time.Duration, err error) {
	out, err := v.DescribeInstanceInformation(context.Background(), &ssm.DescribeInstanceInformationInput{
		Filters: []ssmtypes.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: []string{id(0)}}},
	})
	if err != nil {
		return 0, err
	}
	return v.Now().Sub(*out.InstanceInformationList[0].LastPingDateTime), nil
}

// TestAServiceInTroubleNeverLooksWell has Systems Manager late, deaf and silent.
func TestAServiceInTroubleNeverLooksWell(t *testing.T) {
	seen := map[string]int{}
	for variant := range uint64(60) {
		w := make1(t, world.Hosts{Fleet: world.Batch, Count: 6})
		began := 6*time.Hour + time.Duration(variant)*13*time.Second
		w = with(t, w, world.Fault{Cause: world.SSMLate, Scope: world.WholeRegion, At: began, For: 40 * time.Minute, Variant: variant + 1})
		v := w.View(world.Unknowns{})
		during, err := pinged(v.At(w.Start().Add(began + 39*time.Minute)))
		after, aerr := pinged(v.At(w.Start().Add(began + 40*time.Minute + 20*time.Second)))
		switch {
		case aerr != nil:
			t.Fatal(aerr)
		case err != nil:
			seen["silent"]++
		case after > 5*time.Minute: // the ping before the trouble is still the last one
			seen["losing"]++
			if during < 38*time.Minute {
				t.Errorf("during it the last ping is %s old, and %s after", during, after)
			}
		case during > 2*time.Minute:
			seen["late"]++
		}
	}
	for _, form := range []string{"silent", "losing", "late"} {
		if seen[form] < 5 {
			t.Errorf("it is %s in %d variants of 60: %v", form, seen[form], seen)
		}
	}
}

// TestMetricsInTroubleNeverLookWell has CloudWatch late, deaf and silent.
func TestMetricsInTroubleNeverLookWell(t *testing.T) {
	seen := map[string]int{}
	for variant := range uint64(60) {
		w := make1(t, world.Hosts{Fleet: world.Batch, Count: 6})
		w = with(t, w, world.Fault{Cause: world.CloudWatchLate, Scope: world.WholeRegion, At: 6 * time.Hour, For: 40 * time.Minute, Variant: variant + 1})
		v := w.View(world.Unknowns{}).At(w.Start().Add(6*time.Hour + 39*time.Minute))
		if _, err := v.GetMetricData(context.Background(), &cloudwatch.GetMetricDataInput{StartTime: aws.Time(v.Now()), EndTime: aws.Time(v.Now())}); err != nil {
			seen["silent"]++
			continue
		}
		a := asker{t, v}
		during, _ := a.writes(a.root(id(0)))
		hole := v.Now().Sub(during[len(during)-1])
		if hole < 4*time.Minute {
			t.Errorf("variant %d: the newest minute began %s ago", variant+1, hole)
		}
		a.at(w, 7*time.Hour)
		times, _ := a.writes(a.root(id(0)))
		if len(times) < 230 {
			seen["losing"]++
		} else {
			seen["late"]++
		}
	}
	for _, form := range []string{"silent", "losing", "late"} {
		if seen[form] < 5 {
			t.Errorf("it is %s in %d variants of 60: %v", form, seen[form], seen)
		}
	}
}

// TestAFullTableNeverLosesAll has a host that loses some of its connections.
func TestAFullTableNeverLosesAll(t *testing.T) {
	for variant := range uint64(40) {
		a, w := befallen(t, world.Single, world.OwnNetwork, variant+1, 20*time.Hour, 0)
		longest, missing := time.Duration(0), 0
		for n := range 200 {
			a.at(w, 7*time.Hour+time.Duration(n)*3*time.Minute)
			longest = max(longest, a.silent(id(0)))
			if a.silence(id(0)) > 2*time.Minute {
				missing++
			}
		}
		if longest > 8*time.Hour {
			continue // another form: nothing gets through
		}
		if longest < 10*time.Minute || longest > 2*time.Hour || missing < 10 || missing > 150 {
			t.Errorf("variant %d: silent for %s at most, without a heartbeat at %d moments of 200", variant+1, longest, missing)
		}
		return
	}
	t.Error("no variant loses some of its connections")
}

// TestAListOfNeighboursNeverGoesStale asks for a subnet while a group exchanges its members.
func TestAListOfNeighboursNeverGoesStale(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Group6, Count: 6})
	w = with(t, w, world.Fault{Cause: world.GroupChurn, Scope: world.OneGroup, At: 6 * time.Hour, For: 30 * time.Minute, Variant: 2},
		world.Fault{Cause: world.GroupChurn, Scope: world.OneGroup, At: 9 * time.Hour, For: 30 * time.Minute, Variant: 4})
	a := asker{t, w.View(world.Unknowns{})}
	lists := map[int]int{}
	for n := range 600 {
		a.at(w, 5*time.Hour+time.Duration(n)*31*time.Second)
		for _, h := range []int{0, 1, 2} {
			one := a.instance(id(h))
			out, err := a.v.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{
				{Name: aws.String("subnet-id"), Values: []string{*one.SubnetId}}, {Name: aws.String("instance-state-name"), Values: []string{"running"}},
			}})
			a.must(err)
			listed := map[string]ec2types.Instance{}
			for _, r := range out.Reservations {
				for _, i := range r.Instances {
					listed[*i.InstanceId] = i
				}
			}
			lists[len(listed)]++
			for _, other := range []int{h, h + 3} {
				now := a.instance(id(other))
				if i, ok := listed[id(other)]; ok != (now.State.Name == "running") || ok && !i.LaunchTime.Equal(*now.LaunchTime) {
					t.Fatalf("at %s host %d is %s since %s, and in the list: %v", a.v.Now(), other, now.State.Name, now.LaunchTime, ok)
				}
			}
		}
	}
	if len(lists) < 2 {
		t.Errorf("the lists never change: %v", lists)
	}
}
