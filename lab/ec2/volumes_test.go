package ec2_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lab/fleet"
)

const (
	quorumA = "i-0aab2c3d4e5f60718"
	quorumB = "i-0bbb2c3d4e5f60718"
	router  = "i-0ccb2c3d4e5f60718"
	lonely  = "i-0ddb2c3d4e5f60718"
	shared  = "vol-0123456789abcdef0"
)

// newDisks has, besides the guests of newWorld, two that share a volume, a router in
// another subnet, and one without any EBS volume.
func newDisks(t *testing.T) world {
	t.Helper()
	w := newWorld(t)
	both := fleet.Volume{ID: shared, MultiAttach: true}
	for _, s := range []fleet.Spec{
		{ID: quorumA, Type: "m6i.large", Habits: fleet.Habits{Volumes: []fleet.Volume{{ID: fleet.VolumeOf(quorumA)}, both}, Detailed: true}},
		{ID: quorumB, Type: "m6i.large", Habits: fleet.Habits{Volumes: []fleet.Volume{{ID: fleet.VolumeOf(quorumB)}, both}}},
		{ID: router, Type: "m6i.large", Router: true, Subnet: "subnet-0bbbbbbbbbbbbbbbb", Profile: "nat"},
		{ID: lonely, Type: "m6i.large", Profile: fleet.NoProfile, Habits: fleet.Habits{Disk: fleet.DiskStore}},
	} {
		if err := w.fleet.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w world) described(t *testing.T, in sdk.DescribeInstancesInput) map[string]types.Instance {
	t.Helper()
	out, err := w.DescribeInstances(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]types.Instance{}
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			all[aws.ToString(i.InstanceId)] = i
		}
	}
	return all
}

func TestWhatTheVitalsNeedOfAnInstanceIsInItsDescription(t *testing.T) {
	w := newDisks(t)
	all := w.described(t, sdk.DescribeInstancesInput{})
	for id, want := range map[string]string{
		web:     "vol-0a1b2c3d4e5f60718 in subnet-0a0b0c0d0e0f01020, profile arn:aws:iam::111122223333:instance-profile/web, checked true, monitoring disabled",
		quorumA: "vol-0aab2c3d4e5f60718 vol-0123456789abcdef0 in subnet-0a0b0c0d0e0f01020, profile arn:aws:iam::111122223333:instance-profile/web, checked true, monitoring enabled",
		router:  "vol-0ccb2c3d4e5f60718 in subnet-0bbbbbbbbbbbbbbbb, profile arn:aws:iam::111122223333:instance-profile/nat, checked false, monitoring disabled",
		lonely:  "in subnet-0a0b0c0d0e0f01020, profile , checked true, monitoring disabled",
	} {
		i, got := all[id], ""
		for _, d := range i.BlockDeviceMappings {
			got += aws.ToString(d.Ebs.VolumeId) + " "
		}
		if i.IamInstanceProfile == nil {
			i.IamInstanceProfile = &types.IamInstanceProfile{}
		}
		got += fmt.Sprintf("in %s, profile %s, checked %v, monitoring %s", aws.ToString(i.SubnetId),
			aws.ToString(i.IamInstanceProfile.Arn), aws.ToBool(i.SourceDestCheck), i.Monitoring.State)
		if got != want {
			t.Errorf("%s: %s\nwant %s", id, got, want)
		}
	}
}

func TestNeighboursAreFoundBySubnetAndByProfileAlone(t *testing.T) {
	w := newDisks(t)
	filter := func(name string, values ...string) types.Filter {
		return types.Filter{Name: aws.String(name), Values: values}
	}
	if err := w.fleet.Stop(untagged); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		filters []types.Filter
		has     []string
		not     []string
	}{
		"a subnet":             {[]types.Filter{filter("subnet-id", "subnet-0bbbbbbbbbbbbbbbb")}, []string{router}, []string{web, lonely}},
		"two subnets, running": {[]types.Filter{filter("subnet-id", "subnet-0b*", fleet.DefaultSubnet), filter("instance-state-name", "running")}, []string{router, web, lonely}, []string{untagged, managed}},
		"a profile":            {[]types.Filter{filter("iam-instance-profile.arn", "arn:aws:iam::111122223333:instance-profile/web")}, []string{web, quorumA}, []string{router, lonely}},
		"nobody's subnet":      {[]types.Filter{filter("subnet-id", "subnet-0eeeeeeeeeeeeeeee")}, nil, []string{web, router}},
	} {
		got := w.described(t, sdk.DescribeInstancesInput{Filters: c.filters})
		for _, id := range c.has {
			if _, ok := got[id]; !ok {
				t.Errorf("%s: %s is missing", name, id)
			}
		}
		for _, id := range c.not {
			if _, ok := got[id]; ok {
				t.Errorf("%s: %s is there", name, id)
			}
		}
	}
	pages := sdk.NewDescribeInstancesPaginator(w, &sdk.DescribeInstancesInput{
		Filters: []types.Filter{filter("subnet-id", fleet.DefaultSubnet)}, MaxResults: aws.Int32(5),
	})
	n, found := 0, 0
	for ; pages.HasMorePages(); n++ {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found += len(out.Reservations)
	}
	if n != 2 || found != 9 {
		t.Errorf("%d instances on %d pages", found, n)
	}
}

func TestAVolumeSaysWhetherItIsShared(t *testing.T) {
	w := newDisks(t)
	if err := w.fleet.Terminate(metal); err != nil {
		t.Fatal(err)
	}
	gone := fleet.VolumeOf(metal)
	byFilter := []types.Filter{{Name: aws.String("volume-id"), Values: []string{shared, fleet.VolumeOf(web), gone, "vol-0ffffffffffffffff"}}}
	for name, in := range map[string]sdk.DescribeVolumesInput{
		"by filter, unknown ones absent": {Filters: byFilter},
		"by id":                          {VolumeIds: []string{fleet.VolumeOf(web), shared}},
	} {
		out, err := w.DescribeVolumes(t.Context(), &in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, v := range out.Volumes {
			got = append(got, fmt.Sprintf("%s %v %d", aws.ToString(v.VolumeId), aws.ToBool(v.MultiAttachEnabled), len(v.Attachments)))
		}
		if want := []string{shared + " true 2", fleet.VolumeOf(web) + " false 1"}; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for want, in := range map[string]sdk.DescribeVolumesInput{
		"InvalidVolume.NotFound 400":      {VolumeIds: []string{shared, gone}},
		"InvalidParameterCombination 400": {VolumeIds: []string{shared}, MaxResults: aws.Int32(5)},
		"InvalidParameterValue 400":       {Filters: []types.Filter{{Name: aws.String("colour"), Values: []string{"red"}}}},
		"FilterLimitExceeded 400":         {Filters: []types.Filter{{Name: aws.String("volume-id"), Values: make([]string, 201)}}},
	} {
		if _, err := w.DescribeVolumes(t.Context(), &in); refusal(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	n := 0
	pages := sdk.NewDescribeVolumesPaginator(w, &sdk.DescribeVolumesInput{MaxResults: aws.Int32(5)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n += len(out.Volumes)
	}
	if n != 10 { // ten guests with a root, less one that is gone, and the shared one
		t.Errorf("%d volumes", n)
	}
}
