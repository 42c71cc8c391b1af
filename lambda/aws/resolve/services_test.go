package resolve_test

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

func (a *account) DescribeInstanceInformation(ctx context.Context, in *ssm.DescribeInstanceInformationInput, _ ...func(*ssm.Options)) (*ssm.DescribeInstanceInformationOutput, error) {
	call, ids := "DescribeInstanceInformation", []string(nil)
	if len(in.Filters) > 0 {
		ids = in.Filters[0].Values
	} else {
		call += " of any"
	}
	if err := a.enter(ctx, call, ids, pageOf(in.NextToken)); err != nil {
		return nil, err
	}
	if len(ids) > 100 || aws.ToInt32(in.MaxResults) > 50 {
		return nil, errors.New("ValidationException")
	}
	var found []ssmtypes.InstanceInformation
	for _, i := range a.agents {
		if ids == nil || i.InstanceId == nil || slices.Contains(ids, *i.InstanceId) {
			found = append(found, i)
		}
	}
	page, next := paged(a, found, in.NextToken)
	return &ssm.DescribeInstanceInformationOutput{InstanceInformationList: page, NextToken: next}, nil
}

func (a *account) DescribeAutoScalingGroups(ctx context.Context, in *autoscaling.DescribeAutoScalingGroupsInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	if err := a.enter(ctx, "DescribeAutoScalingGroups", in.AutoScalingGroupNames, pageOf(in.NextToken)); err != nil {
		return nil, err
	}
	if len(in.AutoScalingGroupNames) > 50 {
		return nil, errors.New("ValidationError: at most 50 names")
	}
	var found []asgtypes.AutoScalingGroup
	for _, g := range sorted(a.groups) {
		if a.careless || slices.Contains(in.AutoScalingGroupNames, aws.ToString(g.AutoScalingGroupName)) {
			found = append(found, g)
		}
	}
	page, next := paged(a, found, in.NextToken)
	return &autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: page, NextToken: next}, nil
}
