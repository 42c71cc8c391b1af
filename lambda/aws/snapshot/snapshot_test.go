package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"crashcart/lambda/aws/snapshot"
	"crashcart/lambda/domain/config"
)

const (
	host   = "i-0a1b2c3d4e5f60718"
	caseID = host + "-0123456789abcdef"
)

// cloud is EC2 with one instance, and with what was taken of it.
type cloud struct {
	volumes   map[string]string // by device
	root      string            // device
	gone      bool
	snapshots []types.Snapshot
	lost      bool // the answer to the next CreateSnapshots is lost
	paged     bool // each page but the last is empty
	endless   bool
	refuse    string // the code that CreateSnapshots answers
	created   int
	excluded  []string
}

func newCloud() *cloud {
	return &cloud{root: "/dev/xvda", volumes: map[string]string{"/dev/xvda": "vol-1", "/dev/sdf": "vol-2", "/dev/sdg": "vol-3"}}
}

func (c *cloud) DescribeInstances(_ context.Context, in *ec2.DescribeInstancesInput, _ ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	if c.gone || *in.Filters[0].Name != "instance-id" || in.Filters[0].Values[0] != host {
		return &ec2.DescribeInstancesOutput{}, nil
	}
	i := types.Instance{InstanceId: aws.String(host), RootDeviceName: &c.root}
	for device, id := range c.volumes {
		i.BlockDeviceMappings = append(i.BlockDeviceMappings, types.InstanceBlockDeviceMapping{DeviceName: &device, Ebs: &types.EbsInstanceBlockDevice{VolumeId: &id}})
	}
	return &ec2.DescribeInstancesOutput{Reservations: []types.Reservation{{Instances: []types.Instance{i}}}}, nil
}

func (c *cloud) DescribeSnapshots(_ context.Context, in *ec2.DescribeSnapshotsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error) {
	if !slices.Equal(in.OwnerIds, []string{"self"}) {
		return nil, errors.New("it looks through the snapshots of everybody")
	}
	if c.endless || c.paged && in.NextToken == nil {
		return &ec2.DescribeSnapshotsOutput{NextToken: aws.String("more")}, nil
	}
	out := &ec2.DescribeSnapshotsOutput{}
	for _, s := range c.snapshots {
		for _, t := range s.Tags {
			if "tag:"+*t.Key == *in.Filters[0].Name && *t.Value == in.Filters[0].Values[0] {
				out.Snapshots = append(out.Snapshots, s)
			}
		}
	}
	return out, nil
}

func (c *cloud) CreateSnapshots(_ context.Context, in *ec2.CreateSnapshotsInput, _ ...func(*ec2.Options)) (*ec2.CreateSnapshotsOutput, error) {
	if c.refuse != "" {
		return nil, &smithy.GenericAPIError{Code: c.refuse}
	}
	c.created++
	c.excluded = slices.Sorted(slices.Values(in.InstanceSpecification.ExcludeDataVolumeIds))
	id := fmt.Sprintf("snap-%017x", c.created)
	c.snapshots = append(c.snapshots, types.Snapshot{SnapshotId: &id, State: types.SnapshotStatePending, Tags: in.TagSpecifications[0].Tags})
	if *in.InstanceSpecification.InstanceId != host || in.TagSpecifications[0].ResourceType != types.ResourceTypeSnapshot {
		return nil, fmt.Errorf("%+v", in)
	}
	if c.lost {
		c.lost = false
		return nil, errors.New("no answer")
	}
	return &ec2.CreateSnapshotsOutput{Snapshots: []types.SnapshotInfo{{SnapshotId: &id}}}, nil
}

func TestOnlyTheRootVolumeIsEverCopied(t *testing.T) {
	c := newCloud()
	ids, err := snapshot.Taker{API: c}.Take(t.Context(), caseID, host)
	if err != nil || len(ids) != 1 || !slices.Equal(c.excluded, []string{"vol-2", "vol-3"}) {
		t.Errorf("%q, %v, without %q", ids, err, c.excluded)
	}
	if tag := c.snapshots[0].Tags[0]; *tag.Key != config.CaseTagKey || *tag.Value != caseID {
		t.Errorf("the tag %s=%s", *tag.Key, *tag.Value)
	}
}

func TestACaseNeverHasASecondSnapshot(t *testing.T) {
	for name, prepare := range map[string]func(*cloud){
		"asked again":           func(*cloud) {},
		"the answer was lost":   func(c *cloud) { c.lost = true },
		"it is on a later page": func(c *cloud) { c.paged = true },
		"another case has its own": func(c *cloud) {
			other := "i-0a1b2c3d4e5f60718-ffffffffffffffff"
			c.snapshots = []types.Snapshot{{SnapshotId: aws.String("snap-other"), Tags: []types.Tag{{Key: aws.String(config.CaseTagKey), Value: &other}}}}
		},
	} {
		c := newCloud()
		prepare(c)
		var last []string
		for range 3 {
			last, _ = snapshot.Taker{API: c}.Take(t.Context(), caseID, host)
		}
		if c.created != 1 || !slices.Equal(last, []string{"snap-00000000000000001"}) {
			t.Errorf("%s: %d were taken, the last answer is %q", name, c.created, last)
		}
	}
}

// One that failed has nothing in it.
func TestASnapshotThatFailedIsNeverTakenForOne(t *testing.T) {
	c := newCloud()
	k := snapshot.Taker{API: c}
	if _, err := k.Take(t.Context(), caseID, host); err != nil {
		t.Fatal(err)
	}
	c.snapshots[0].State = types.SnapshotStateError
	if ids, err := k.Take(t.Context(), caseID, host); err != nil || !slices.Equal(ids, []string{"snap-00000000000000002"}) {
		t.Errorf("%q, %v", ids, err)
	}
}

func TestWithoutARootVolumeNothingIsTaken(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*cloud)
		want    error
	}{
		"the root is no EBS volume": {func(c *cloud) { delete(c.volumes, "/dev/xvda") }, snapshot.ErrNoRoot},
		"the instance is gone":      {func(c *cloud) { c.gone = true }, snapshot.ErrGone},
	} {
		ec2 := newCloud()
		c.prepare(ec2)
		if ids, err := (snapshot.Taker{API: ec2}).Take(t.Context(), caseID, host); !errors.Is(err, c.want) || len(ids) > 0 || ec2.created > 0 {
			t.Errorf("%s: %q, %v, %d were taken", name, ids, err, ec2.created)
		}
	}
}

func TestARefusalSaysSo(t *testing.T) {
	c := newCloud()
	c.refuse = "SnapshotCreationPerVolumeRateExceeded"
	if ids, err := (snapshot.Taker{API: c}).Take(t.Context(), caseID, host); err == nil || len(ids) > 0 {
		t.Errorf("%q, %v", ids, err)
	}
}

func TestASearchThatTurnsInCirclesIsNeverFollowedForEver(t *testing.T) {
	c := newCloud()
	c.endless = true
	if ids, err := (snapshot.Taker{API: c}).Take(t.Context(), caseID, host); err == nil || len(ids) > 0 || c.created > 0 {
		t.Errorf("%q, %v, %d were taken", ids, err, c.created)
	}
}
