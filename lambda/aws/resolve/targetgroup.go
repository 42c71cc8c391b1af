package resolve

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// Targets knows what is registered in a load balancer's target groups.
type Targets struct {
	Balancers  Balancers
	Interfaces Interfaces
}

// group asks for a target group and the health of its targets, side by side.
func (t Targets) group(ctx context.Context, arn string) (types.TargetGroup, []types.TargetHealthDescription, error) {
	var (
		wg         sync.WaitGroup
		groups     *elb.DescribeTargetGroupsOutput
		health     *elb.DescribeTargetHealthOutput
		gerr, herr error
	)
	wg.Go(func() {
		groups, gerr = t.Balancers.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{arn}})
	})
	wg.Go(func() {
		health, herr = t.Balancers.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
	})
	wg.Wait()
	for _, err := range []error{gerr, herr} {
		if err != nil {
			return types.TargetGroup{}, nil, fmt.Errorf("describing target group %s: %w", instance.TargetGroupName(arn), err)
		}
	}
	if len(groups.TargetGroups) != 1 {
		return types.TargetGroup{}, nil, fmt.Errorf("describing target group %s: %d answers for one ARN", instance.TargetGroupName(arn), len(groups.TargetGroups))
	}
	return groups.TargetGroups[0], health.TargetHealthDescriptions, nil
}

// owners finds the instances that the addresses of a target group belong to. It looks in
// the group's VPC alone, since private addresses repeat.
func (t Targets) owners(ctx context.Context, group types.TargetGroup, addresses []string) (map[string]string, error) {
	vpc := aws.ToString(group.VpcId)
	if vpc == "" {
		return nil, errors.New("looking for the owners of addresses: the target group's VPC is not known")
	}
	name := "addresses.private-ip-address"
	if group.IpAddressType == types.TargetGroupIpAddressTypeEnumIpv6 {
		name = "ipv6-addresses.ipv6-address"
	}
	owners := map[string]string{}
	for _, answer := range inChunks(addresses, filterValues, func(chunk []string) (map[string]map[string]string, error) {
		found, err := t.attached(ctx, vpc, filter(name, chunk...))
		return map[string]map[string]string{chunk[0]: found}, err
	}, func() fact.Of[map[string]string] { return fact.Known[map[string]string](nil) }) {
		found, err := answer.Get()
		if err != nil {
			return nil, fmt.Errorf("looking for the owners of addresses: %w", err)
		}
		maps.Copy(owners, found)
	}
	return owners, nil
}

// attached gives the instance of every address of the interfaces that match and are in
// the VPC.
func (t Targets) attached(ctx context.Context, vpc string, which ec2types.Filter) (map[string]string, error) {
	owners := map[string]string{}
	pages := ec2.NewDescribeNetworkInterfacesPaginator(t.Interfaces, &ec2.DescribeNetworkInterfacesInput{
		Filters: []ec2types.Filter{filter("vpc-id", vpc), which},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, i := range page.NetworkInterfaces {
			if i.Attachment == nil || aws.ToString(i.Attachment.InstanceId) == "" || aws.ToInt32(i.Attachment.DeviceIndex) != 0 || aws.ToString(i.VpcId) != vpc {
				continue
			}
			// Only the primary address is the host's own. A secondary one may be a
			// container's, whose trouble is not the host's.
			owners[aws.ToString(i.PrivateIpAddress)] = *i.Attachment.InstanceId
			for _, a := range i.Ipv6Addresses {
				owners[aws.ToString(a.Ipv6Address)] = *i.Attachment.InstanceId
			}
		}
	}
	return owners, nil
}
