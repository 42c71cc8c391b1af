// Package snapshot takes a snapshot of an instance's root volume: the last resort when a
// host cannot give its dump.
//
// The snapshot has the case in its tags. By them it is found again, so that a case has one,
// however often it is asked for. Nothing here deletes one: reading and deleting it stay
// with people.
package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/config"
)

// API is the subset of the EC2 API used here.
type API interface {
	DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
	DescribeSnapshots(context.Context, *ec2.DescribeSnapshotsInput, ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error)
	CreateSnapshots(context.Context, *ec2.CreateSnapshotsInput, ...func(*ec2.Options)) (*ec2.CreateSnapshotsOutput, error)
}

// Taker takes snapshots.
type Taker struct {
	API API
}

// Why there is no snapshot.
var (
	// ErrGone says that EC2 does not know the instance.
	ErrGone = errors.New("EC2 does not know the instance")
	// ErrNoRoot says that the root device is none that a snapshot can be taken of.
	ErrNoRoot = errors.New("its root device is no EBS volume")
)

// Take gives the ids of a case's snapshots, and takes one if there is none. CreateSnapshots
// has no token: two calls at the same moment may both take one.
func (k Taker) Take(ctx context.Context, caseID, instanceID string) ([]string, error) {
	found, err := k.find(ctx, caseID)
	if err != nil || len(found) > 0 {
		return found, err
	}
	others, err := k.others(ctx, instanceID)
	if err != nil {
		return nil, err
	}
	out, err := k.API.CreateSnapshots(ctx, &ec2.CreateSnapshotsInput{
		Description: aws.String("Crashcart: root volume of " + instanceID + ", case " + caseID),
		InstanceSpecification: &types.InstanceSpecification{
			InstanceId: &instanceID, ExcludeBootVolume: aws.Bool(false), ExcludeDataVolumeIds: others,
		},
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeSnapshot,
			Tags: []types.Tag{
				{Key: aws.String(config.CaseTagKey), Value: &caseID},
				{Key: aws.String("Name"), Value: aws.String("crashcart " + instanceID)},
			},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("taking a snapshot of the root volume of %s: %w", instanceID, err)
	}
	for _, s := range out.Snapshots {
		found = append(found, aws.ToString(s.SnapshotId))
	}
	if len(found) == 0 {
		return nil, errors.New("EC2 answered without a snapshot")
	}
	return found, nil
}

// find gives the snapshots that have the case in their tags. Those that failed are no use.
func (k Taker) find(ctx context.Context, caseID string) (ids []string, err error) {
	in := &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, Filters: []types.Filter{{Name: aws.String("tag:" + config.CaseTagKey), Values: []string{caseID}}},
	}
	for range mostPages {
		out, err := k.API.DescribeSnapshots(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("looking for snapshots of case %s: %w", caseID, err)
		}
		for _, s := range out.Snapshots {
			if s.State != types.SnapshotStateError {
				ids = append(ids, aws.ToString(s.SnapshotId))
			}
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			slices.Sort(ids)
			return ids, nil
		}
	}
	return nil, fmt.Errorf("looking for snapshots of case %s: more than %d pages", caseID, mostPages)
}

// mostPages bounds a search. A page may be empty and have another behind it.
const mostPages = 20

// others are the instance's volumes besides its root.
func (k Taker) others(ctx context.Context, instanceID string) (ids []string, err error) {
	out, err := k.API.DescribeInstances(ctx, &ec2.DescribeInstancesInput{
		Filters: []types.Filter{{Name: aws.String("instance-id"), Values: []string{instanceID}}},
	})
	if err != nil {
		return nil, fmt.Errorf("asking for the volumes of %s: %w", instanceID, err)
	}
	for _, r := range out.Reservations {
		for i := range r.Instances {
			return besidesRoot(&r.Instances[i])
		}
	}
	return nil, ErrGone
}

func besidesRoot(i *types.Instance) (ids []string, err error) {
	root := false
	for _, m := range i.BlockDeviceMappings {
		switch {
		case m.Ebs == nil:
		case aws.ToString(m.DeviceName) == aws.ToString(i.RootDeviceName):
			root = true
		default:
			ids = append(ids, aws.ToString(m.Ebs.VolumeId))
		}
	}
	if !root {
		return nil, ErrNoRoot
	}
	return ids, nil
}
