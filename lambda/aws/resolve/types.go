package resolve

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

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
