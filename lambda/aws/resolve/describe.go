package resolve

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/config"
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

// autoScalingTag is the tag that EC2 Auto Scaling puts on its instances ("Tag Auto
// Scaling groups and instances", Amazon EC2 Auto Scaling User Guide).
const autoScalingTag = "aws:autoscaling:groupName"

// describe asks by filter. Asked by id, one unknown instance would fail the call.
func (r *Resolver) describe(ctx context.Context, ids []string) map[string]fact.Of[instance.Description] {
	return inChunks(ids, filterValues, func(chunk []string) (map[string]instance.Description, error) {
		return r.describeWhere(ctx, filter("instance-id", chunk...))
	}, func() fact.Of[instance.Description] { return fact.Known(instance.Description{Exists: false}) })
}

func (r *Resolver) describeWhere(ctx context.Context, filters ...types.Filter) (map[string]instance.Description, error) {
	found := map[string]instance.Description{}
	// Managed instances can be hidden from a description. The guard must see them, to
	// refuse them.
	in := &ec2.DescribeInstancesInput{Filters: filters, IncludeManagedResources: aws.Bool(true)}
	pages := ec2.NewDescribeInstancesPaginator(r.EC2, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describing instances: %w", err)
		}
		for _, reservation := range page.Reservations {
			for _, i := range reservation.Instances {
				if i.InstanceId != nil {
					found[*i.InstanceId] = description(i)
				}
			}
		}
	}
	return found, nil
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

func description(i types.Instance) instance.Description {
	d := instance.Description{
		Exists:       true,
		Type:         string(i.InstanceType),
		Architecture: string(i.Architecture),
		// EC2 answers "windows" ("Instance", Amazon EC2 API Reference); the SDK's constant
		// is "Windows".
		Windows:    strings.EqualFold(string(i.Platform), string(types.PlatformValuesWindows)),
		LaunchedAt: aws.ToTime(i.LaunchTime),
	}
	if i.State != nil {
		d.State = string(i.State.Name)
	}
	if i.Operator != nil && aws.ToBool(i.Operator.Managed) {
		d.Operator = aws.ToString(i.Operator.Principal)
		if d.Operator == "" {
			d.Operator = "another service"
		}
	}
	for _, t := range i.Tags {
		switch aws.ToString(t.Key) {
		case config.TagKey:
			d.Tag = aws.ToString(t.Value)
		case config.GroupTagKey:
			d.GroupTag = aws.ToString(t.Value)
		case autoScalingTag:
			d.AutoScaling = aws.ToString(t.Value)
		}
	}
	return d
}

// describeTypes asks only for types that were never asked for. It asks by filter: asked
// by name, one unknown type would fail the call.
func (r *Resolver) describeTypes(ctx context.Context, names []string) map[string]fact.Of[instance.Type] {
	facts, missing := r.cachedTypes(names)
	asked := inChunks(missing, filterValues, func(chunk []string) (map[string]instance.Type, error) {
		found := map[string]instance.Type{}
		pages := ec2.NewDescribeInstanceTypesPaginator(r.EC2, &ec2.DescribeInstanceTypesInput{
			Filters: []types.Filter{filter("instance-type", chunk...)},
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("describing instance types: %w", err)
			}
			for _, t := range page.InstanceTypes {
				found[string(t.InstanceType)] = instanceType(t)
			}
		}
		return found, nil
	}, func() fact.Of[instance.Type] {
		return fact.Failed[instance.Type](errors.New("EC2 does not know the type"))
	})

	r.mu.Lock()
	defer r.mu.Unlock()
	for name, answer := range asked {
		facts[name] = answer
		if t, err := answer.Get(); err == nil {
			if r.types == nil {
				r.types = map[string]instance.Type{}
			}
			r.types[name] = t
		}
	}
	return facts
}

func (r *Resolver) cachedTypes(names []string) (facts map[string]fact.Of[instance.Type], missing []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	facts = map[string]fact.Of[instance.Type]{}
	for _, name := range names {
		if t, ok := r.types[name]; ok {
			facts[name] = fact.Known(t)
		} else {
			missing = append(missing, name)
		}
	}
	return facts, missing
}

func instanceType(t types.InstanceTypeInfo) instance.Type {
	out := instance.Type{Hypervisor: string(t.Hypervisor), BareMetal: aws.ToBool(t.BareMetal)}
	if t.ProcessorInfo != nil {
		for _, a := range t.ProcessorInfo.SupportedArchitectures {
			out.Architectures = append(out.Architectures, string(a))
		}
	}
	return out
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
