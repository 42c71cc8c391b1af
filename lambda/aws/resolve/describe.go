package resolve

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// The sizes of EC2's requests ("DescribeInstances" and "DescribeInstanceStatus", Amazon
// EC2 API Reference: a filter takes 200 values; 100 ids, or pages of 1,000).
const (
	filterValues   = 200
	statusIDs      = 100
	statusPageSize = 1000
	attributeCalls = 1 // DescribeInstanceAttribute takes one instance
)

// describe asks by filter. Asked by id, one unknown instance would fail the call.
func (r *Resolver) describe(ctx context.Context, ids []string) map[string]fact.Of[instance.Description] {
	return inChunks(ids, filterValues, func(chunk []string) (map[string]instance.Description, error) {
		return r.describeWhere(ctx, filter("instance-id", chunk...))
	}, func() fact.Of[instance.Description] { return fact.Known(instance.Description{Exists: false}) })
}

// describeWhere describes all instances that pass the filters.
func (r *Resolver) describeWhere(ctx context.Context, filters ...types.Filter) (map[string]instance.Description, error) {
	found := map[string]instance.Description{}
	_, err := r.eachPage(ctx, &ec2.DescribeInstancesInput{Filters: filters}, func(page map[string]instance.Description) bool {
		maps.Copy(found, page)
		return true
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// eachPage hands the pages of an answer to more, until that wants no more of them. cut says
// that there would have been more.
func (r *Resolver) eachPage(ctx context.Context, in *ec2.DescribeInstancesInput, more func(map[string]instance.Description) bool) (cut bool, err error) {
	// Managed instances can be hidden from a description. The guard must see them, to
	// refuse them.
	in.IncludeManagedResources = aws.Bool(true)
	pages := ec2.NewDescribeInstancesPaginator(r.EC2, in)
	for pages.HasMorePages() {
		answer, err := pages.NextPage(ctx)
		if err != nil {
			return false, fmt.Errorf("describing instances: %w", err)
		}
		page := map[string]instance.Description{}
		for _, reservation := range answer.Reservations {
			for _, i := range reservation.Instances {
				if i.InstanceId != nil {
					page[*i.InstanceId] = description(i)
				}
			}
		}
		if !more(page) {
			return pages.HasMorePages(), nil
		}
	}
	return false, nil
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

// shutdowns asks what each instance does when its own system shuts down: stop, or
// terminate.
func (r *Resolver) shutdowns(ctx context.Context, ids []string) map[string]fact.Of[string] {
	return inChunks(ids, attributeCalls, func(chunk []string) (map[string]string, error) {
		out, err := r.EC2.DescribeInstanceAttribute(ctx, &ec2.DescribeInstanceAttributeInput{
			InstanceId: &chunk[0], Attribute: types.InstanceAttributeNameInstanceInitiatedShutdownBehavior,
		})
		if err != nil {
			return nil, fmt.Errorf("asking for the shutdown behaviour: %w", err)
		}
		if out.InstanceInitiatedShutdownBehavior == nil || out.InstanceInitiatedShutdownBehavior.Value == nil {
			return nil, errors.New("EC2 did not say the shutdown behaviour")
		}
		return map[string]string{chunk[0]: *out.InstanceInitiatedShutdownBehavior.Value}, nil
	}, func() fact.Of[string] {
		return fact.Failed[string](errors.New("EC2 did not say the shutdown behaviour"))
	})
}
