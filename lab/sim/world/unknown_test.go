package world_test

import (
	"context"
	"errors"
	"testing"

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

// strange are questions that the product does not ask.
var strange = map[string]func(context.Context, *world.View) error{
	"instances by owner": func(ctx context.Context, v *world.View) error {
		_, err := v.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: byOwner})
		return err
	},
	"statuses by owner": func(ctx context.Context, v *world.View) error {
		_, err := v.DescribeInstanceStatus(ctx, &ec2.DescribeInstanceStatusInput{Filters: byOwner})
		return err
	},
	"types by owner": func(ctx context.Context, v *world.View) error {
		_, err := v.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{Filters: byOwner})
		return err
	},
	"the user data": func(ctx context.Context, v *world.View) error {
		_, err := v.DescribeInstanceAttribute(ctx, &ec2.DescribeInstanceAttributeInput{InstanceId: aws.String(id(0)), Attribute: ec2types.InstanceAttributeNameUserData})
		return err
	},
	"volumes by owner": func(ctx context.Context, v *world.View) error {
		_, err := v.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{Filters: byOwner})
		return err
	},
	"interfaces by owner": func(ctx context.Context, v *world.View) error {
		_, err := v.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: byOwner})
		return err
	},
	"every agent": func(ctx context.Context, v *world.View) error {
		_, err := v.DescribeInstanceInformation(ctx, &ssm.DescribeInstanceInformationInput{})
		return err
	},
	"agents by status": func(ctx context.Context, v *world.View) error {
		_, err := v.DescribeInstanceInformation(ctx, &ssm.DescribeInstanceInformationInput{
			Filters: []ssmtypes.InstanceInformationStringFilter{{Key: aws.String("PingStatus"), Values: []string{"Online"}}},
		})
		return err
	},
	"a metric without a time": func(ctx context.Context, v *world.View) error {
		_, err := v.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{})
		return err
	},
	"an expression": func(ctx context.Context, v *world.View) error {
		_, err := v.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
			StartTime: aws.Time(v.Now()), EndTime: aws.Time(v.Now()), MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("a"), Expression: aws.String("1")}},
		})
		return err
	},
	"every group": func(ctx context.Context, v *world.View) error {
		_, err := v.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
		return err
	},
	"target groups from nowhere": func(ctx context.Context, v *world.View) error {
		_, err := v.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Marker: aws.String("x")})
		return err
	},
}

var byOwner = []ec2types.Filter{{Name: aws.String("owner-id"), Values: []string{"111122223333"}}}

// TestAStrangeQuestionIsNeverAnswered asks what the world does not model. An empty answer
// would be a measurement of nothing.
func TestAStrangeQuestionIsNeverAnswered(t *testing.T) {
	w := make1(t, world.Hosts{Fleet: world.Group6ELB, Count: 6})
	for what, ask := range strange {
		if err := ask(t.Context(), w.View(world.Unknowns{})); !errors.Is(err, world.ErrNotModelled) {
			t.Errorf("asked for %s it says %v", what, err)
		}
	}
}
