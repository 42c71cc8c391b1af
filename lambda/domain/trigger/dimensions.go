package trigger

import (
	"fmt"
	"slices"
	"strings"

	"crashcart/lambda/domain/instance"
)

// The dimensions that lead to an instance.
const (
	instanceDimension    = "InstanceId"           // "List the available CloudWatch metrics for your instances", Amazon EC2 User Guide
	groupDimension       = "AutoScalingGroupName" // the same page
	targetGroupDimension = "TargetGroup"          // "CloudWatch metrics for your Application Load Balancer", and for Network and Gateway, its value as in the ARN
)

// populations are the dimensions that stand for many machines ("List the
// available CloudWatch metrics for your instances" in the Amazon EC2 User Guide,
// "Amazon EKS Container Insights metrics" and "Amazon ECS Container Insights
// metrics" in the Amazon CloudWatch User Guide, "CloudWatch metrics for your
// Application Load Balancer").
func populations() []string {
	return []string{
		"ImageId", "InstanceType", "ClusterName", "ServiceName", "NodegroupName",
		"LoadBalancer", "LoadBalancerName", "AvailabilityZone",
	}
}

// machines are the dimensions that name one machine of a population. They are not
// followed: the same host name may be in every VPC.
func machines() []string { return []string{"host", "NodeName", "ContainerInstanceId"} }

// metricTargets gives what the alarm's metrics lead to, in their order and each once. If
// they lead to nothing, the record says why. Where one metric has the dimension InstanceId,
// groups do not count: a named instance needs no group to find it. Within one metric,
// InstanceId comes before TargetGroup, and TargetGroup before AutoScalingGroupName.
func metricTargets(metrics []metric, at owner) ([]Ref, Record) {
	refs, unfit := gather(metrics, at, instanceOf)
	what := "no instance id in the alarm is one"
	if len(refs) == 0 && len(unfit) == 0 {
		refs, unfit = gather(metrics, at, groupOf)
		what = "no group in the alarm is one"
	}
	switch {
	case len(refs) > 0:
		return refs, Record{}
	case len(unfit) > 0:
		return nil, ignore(ReasonNoInstance, "%s: %s", what, some(unfit))
	}
	return nil, withoutTarget(metrics)
}

// gather reads one kind of target from every metric. unfit says what is wrong with those
// that have the dimension but name no target. For a metric without the dimension, read
// gives neither a Ref nor an error.
func gather(metrics []metric, at owner, read func(metric, owner) (Ref, error)) (refs []Ref, unfit []string) {
	for _, m := range metrics {
		ref, err := read(m, at)
		switch {
		case err != nil:
			unfit = append(unfit, err.Error())
		case ref == Ref{}:
		case m.account != "" && m.account != at.account:
			unfit = append(unfit, fmt.Sprintf("%s is of account %s, not the alarm's", m.from(), quote(m.account)))
		case !slices.ContainsFunc(refs, ref.same):
			ref.From = m.from()
			refs = append(refs, ref)
		}
	}
	return refs, unfit
}

// same reports whether both name the same thing, wherever they were named.
func (r Ref) same(other Ref) bool {
	r.From = other.From
	return r == other
}

// instanceOf reads the dimension InstanceId.
func instanceOf(m metric, _ owner) (Ref, error) {
	if !m.dimensions.has(instanceDimension) {
		return Ref{}, nil
	}
	id, err := m.dimensions.text(instanceDimension)
	if err != nil {
		return Ref{}, err
	}
	if !instance.IsID(id) {
		return Ref{}, fmt.Errorf("%s has InstanceId %s", m.from(), quote(id))
	}
	return Ref{Instance: id}, nil
}

// groupOf reads the dimension TargetGroup and gives the whole ARN, or else it reads
// AutoScalingGroupName.
func groupOf(m metric, at owner) (Ref, error) {
	switch {
	case m.dimensions.has(targetGroupDimension) && m.balances():
		value, err := m.dimensions.text(targetGroupDimension)
		if err == nil {
			err = checkTargetGroup(value)
		}
		if err != nil {
			return Ref{}, fmt.Errorf("%s: %w", m.from(), err)
		}
		arn := fmt.Sprintf("arn:%s:elasticloadbalancing:%s:%s:%s", at.partition, at.region, at.account, value)
		return Ref{TargetGroup: arn}, nil
	case m.dimensions.has(groupDimension):
		group, err := m.dimensions.text(groupDimension)
		if err == nil {
			err = checkName("AutoScalingGroupName", group)
		}
		if err != nil {
			return Ref{}, fmt.Errorf("%s: %w", m.from(), err)
		}
		return Ref{AutoScalingGroup: group}, nil
	}
	return Ref{}, nil
}

// balances reports whether the metric is one of a load balancer with target groups.
func (m metric) balances() bool {
	return slices.Contains([]string{"AWS/ApplicationELB", "AWS/NetworkELB", "AWS/GatewayELB"}, m.namespace)
}

// checkTargetGroup refuses what is not targetgroup/<name>/<id>, the end of a target
// group's ARN ("Resource types defined by AWS Elastic Load Balancing V2" in the
// Service Authorization Reference; a name has 32 letters, digits or hyphens at
// most, "CreateTargetGroup" in the Elastic Load Balancing API Reference).
func checkTargetGroup(s string) error {
	const longest = 32
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	parts := strings.Split(s, "/")
	ok := len(parts) == 3 && parts[0] == "targetgroup"
	for _, part := range parts {
		ok = ok && part != "" && len(part) <= longest && strings.Trim(part, letters) == ""
	}
	if !ok {
		return fmt.Errorf("TargetGroup %s is not targetgroup/<name>/<id>", quote(s))
	}
	return nil
}

// checkTargetGroupARN refuses an ARN that groupOf cannot have made.
func checkTargetGroupARN(s string) error {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || !isCode(parts[1]) || parts[2] != "elasticloadbalancing" || !isCode(parts[3]) || !isAccount(parts[4]) {
		return fmt.Errorf("%s is not the ARN of a target group", quote(s))
	}
	return checkTargetGroup(parts[5])
}

// withoutTarget is the record of an alarm whose metrics lead to no instance. It says what
// they name instead.
func withoutTarget(metrics []metric) Record {
	var names, wide []string
	for _, m := range metrics {
		has := m.dimensions.keys()
		names = append(names, has...)
		if slices.ContainsFunc(machines(), m.dimensions.has) {
			continue
		}
		for _, name := range has {
			if slices.Contains(populations(), name) {
				wide = append(wide, name)
			}
		}
	}
	slices.Sort(names)
	slices.Sort(wide)
	switch names, wide = slices.Compact(names), slices.Compact(wide); {
	case len(wide) > 0:
		return ignore(ReasonPopulation, "%s stands for many machines, and which of them hangs is not in the alarm", orNothing(wide))
	case len(names) > 0:
		return ignore(ReasonNoInstance, "no metric of the alarm has the dimension InstanceId, only %s", orNothing(names))
	case slices.ContainsFunc(metrics, func(m metric) bool { return strings.TrimSpace(m.name) != "" }):
		return ignore(ReasonNoInstance, "the alarm's metrics have no dimensions")
	}
	return ignore(ReasonNoInstance, "the alarm watches a query or an expression, which names no instance")
}

// withoutMetrics says what kind of alarm has no metrics.
func withoutMetrics(configuration object) string {
	if configuration.has("queryString") || configuration.has("logGroupIdentifiers") {
		return "a log alarm has no metrics that could name an instance"
	}
	return "the alarm has no metrics that could name an instance"
}
