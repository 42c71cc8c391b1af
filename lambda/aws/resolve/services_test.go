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
	ids := in.Filters[0].Values
	if err := a.enter(ctx, "DescribeInstanceInformation", ids, pageOf(in.NextToken)); err != nil {
		return nil, err
	}
	if len(ids) > 100 || aws.ToInt32(in.MaxResults) > 50 {
		return nil, errors.New("ValidationException")
	}
	var found []ssmtypes.InstanceInformation
	for _, i := range a.agents {
		right := len(in.Filters) < 2 || slices.Contains(in.Filters[1].Values, string(i.ResourceType))
		if right && (i.InstanceId == nil || slices.Contains(ids, *i.InstanceId)) {
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
