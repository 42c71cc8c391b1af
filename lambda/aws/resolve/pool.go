package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"crashcart/lambda/domain/fact"
	"crashcart/lambda/domain/instance"
)

// pool is a target group, with what is registered in it.
type pool struct {
	group   types.TargetGroup
	targets []types.TargetHealthDescription
	gone    bool // it was deleted: nothing is registered in it
}

// pools asks what is registered in target groups. A group that is known is not described
// again.
func (r *Resolver) pools(ctx context.Context, known catalog, arns []string) map[string]fact.Of[pool] {
	return inChunks(arns, 1, func(chunk []string) (map[string]pool, error) {
		p, err := r.pool(ctx, known, chunk[0])
		if _, gone := errors.AsType[*types.TargetGroupNotFoundException](err); gone {
			p, err = pool{gone: true}, nil
		}
		return map[string]pool{chunk[0]: p}, err
	}, func() fact.Of[pool] { return fact.Failed[pool](errors.New("the target group is not known")) })
}

func (r *Resolver) pool(ctx context.Context, known catalog, arn string) (p pool, err error) {
	var remembered bool
	if p.group, remembered = known.groups[arn]; !remembered {
		p.group, p.targets, err = r.Targets.group(ctx, arn)
		return p, err
	}
	health, err := r.Targets.Balancers.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
	if err != nil {
		return pool{}, fmt.Errorf("describing target group %s: %w", instance.TargetGroupName(arn), err)
	}
	p.targets = health.TargetHealthDescriptions
	return p, nil
}

// ids are the targets, by instance or by address.
func (p pool) ids() []string {
	return unique(p.targets, func(d types.TargetHealthDescription) string {
		if d.Target == nil {
			return ""
		}
		return aws.ToString(d.Target.Id)
	})
}

// silent are the targets that the load balancer gets no answer from, on one of their ports
// at least ("TargetHealth", Elastic Load Balancing API Reference).
func (p pool) silent() map[string]bool {
	silent := map[string]bool{}
	for _, d := range p.targets {
		if d.Target == nil || d.TargetHealth == nil {
			continue
		}
		switch d.TargetHealth.Reason {
		case types.TargetHealthReasonEnumTimeout, types.TargetHealthReasonEnumFailedHealthChecks:
			silent[aws.ToString(d.Target.Id)] = true
		}
	}
	return silent
}

// registrations are those of one instance: by its id, or by one of its own addresses in the
// group's VPC. Private addresses repeat in other VPCs.
func (p pool) registrations(id string, d instance.Description) []instance.Registration {
	var out []instance.Registration
	for _, t := range p.targets {
		if t.Target == nil || t.TargetHealth == nil || !p.is(aws.ToString(t.Target.Id), id, d) {
			continue
		}
		out = append(out, instance.Registration{
			TargetGroup: aws.ToString(p.group.TargetGroupArn),
			Protocol:    string(p.group.HealthCheckProtocol),
			Port:        p.checkedPort(t),
			Interval:    time.Duration(aws.ToInt32(p.group.HealthCheckIntervalSeconds)) * time.Second,
			Threshold:   int(aws.ToInt32(p.group.UnhealthyThresholdCount)),
			State:       string(t.TargetHealth.State),
			Reason:      string(t.TargetHealth.Reason),
		})
	}
	slices.SortFunc(out, func(a, b instance.Registration) int { return cmp.Compare(a.Port, b.Port) })
	return out
}

// is says whether a target is the instance.
func (p pool) is(target, id string, d instance.Description) bool {
	switch p.group.TargetType {
	case types.TargetTypeEnumInstance:
		return target == id
	case types.TargetTypeEnumIp:
		return aws.ToString(p.group.VpcId) == d.VPC && slices.Contains(d.Addresses, target)
	}
	return false
}

// checkedPort is the port that the health check asks: one of its own, or that of the target
// ("traffic-port"; "TargetGroup", Elastic Load Balancing API Reference).
func (p pool) checkedPort(t types.TargetHealthDescription) int {
	if port, err := strconv.Atoi(cmp.Or(aws.ToString(t.HealthCheckPort), aws.ToString(p.group.HealthCheckPort))); err == nil {
		return port
	}
	return int(aws.ToInt32(t.Target.Port))
}
