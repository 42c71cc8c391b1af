package resolve_test

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"
)

// ways is the part of an account that leads to instances: alarms, target groups
// and network interfaces.
type ways struct {
	metric       map[string]cwtypes.MetricAlarm
	composite    map[string]cwtypes.CompositeAlarm
	children     map[string][]string // of composite alarms, by name
	targetGroups map[string]elbtypes.TargetGroup
	health       map[string][]elbtypes.TargetHealthDescription
	interfaces   []types.NetworkInterface
	careless     bool // names of groups, the filter vpc-id and the end of metrics are passed over

	alarmInputs []cloudwatch.DescribeAlarmsInput
}

const prefix = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:"

// DescribeAlarms is as picky as the API Reference says: by name it gives only
// metric alarms unless AlarmTypes says more, and next to ChildrenOfAlarmName it
// takes nothing but the paging.
func (a *account) DescribeAlarms(ctx context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	about, call := in.AlarmNames, "DescribeAlarms"
	if in.ChildrenOfAlarmName != nil {
		about, call = []string{*in.ChildrenOfAlarmName}, "DescribeAlarms of children"
	}
	if err := a.enter(ctx, call, about, pageOf(in.NextToken)); err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.alarmInputs = append(a.alarmInputs, *in)
	a.mu.Unlock()
	children := in.ChildrenOfAlarmName != nil
	alone := len(in.AlarmNames) == 0 && len(in.AlarmTypes) == 0 && in.StateValue == ""
	if children && !alone || len(in.AlarmNames) > 100 || slices.Contains(in.AlarmNames, "") {
		return nil, &smithy.GenericAPIError{Code: "ValidationError"}
	}
	names, kinds := in.AlarmNames, in.AlarmTypes
	if children {
		names, kinds = a.children[about[0]], []cwtypes.AlarmType{"MetricAlarm", "CompositeAlarm"}
	} else if len(kinds) == 0 {
		kinds = []cwtypes.AlarmType{"MetricAlarm"}
	}
	var found []string
	for _, name := range slices.Sorted(slices.Values(names)) {
		_, m := a.metric[name]
		_, c := a.composite[name]
		if m && slices.Contains(kinds, "MetricAlarm") || c && slices.Contains(kinds, "CompositeAlarm") {
			found = append(found, name)
		}
	}
	page, next := paged(a, found, in.NextToken)
	out := &cloudwatch.DescribeAlarmsOutput{NextToken: next}
	for _, name := range page {
		if m, ok := a.metric[name]; ok {
			out.MetricAlarms = append(out.MetricAlarms, m)
		} else {
			out.CompositeAlarms = append(out.CompositeAlarms, a.composite[name])
		}
	}
	if children {
		brief(out)
	}
	return out, nil
}

// brief leaves of children what the API says of them.
func brief(out *cloudwatch.DescribeAlarmsOutput) {
	for i, m := range out.MetricAlarms {
		out.MetricAlarms[i] = cwtypes.MetricAlarm{AlarmName: m.AlarmName, AlarmArn: m.AlarmArn, StateValue: m.StateValue}
	}
	for i, c := range out.CompositeAlarms {
		out.CompositeAlarms[i] = cwtypes.CompositeAlarm{AlarmName: c.AlarmName, AlarmArn: c.AlarmArn, StateValue: c.StateValue}
	}
}

func (a *account) DescribeTargetGroups(ctx context.Context, in *elb.DescribeTargetGroupsInput, _ ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error) {
	if len(in.TargetGroupArns) == 0 {
		return a.allTargetGroups(ctx, in)
	}
	if err := a.enter(ctx, "DescribeTargetGroups", in.TargetGroupArns, 0); err != nil {
		return nil, err
	}
	out := &elb.DescribeTargetGroupsOutput{}
	for _, arn := range in.TargetGroupArns {
		g, ok := a.targetGroups[arn]
		if !ok {
			return nil, &elbtypes.TargetGroupNotFoundException{}
		}
		out.TargetGroups = append(out.TargetGroups, g)
	}
	return out, nil
}

func (a *account) allTargetGroups(ctx context.Context, in *elb.DescribeTargetGroupsInput) (*elb.DescribeTargetGroupsOutput, error) {
	if err := a.enter(ctx, "DescribeTargetGroups of all", nil, pageOf(in.Marker)); err != nil {
		return nil, err
	}
	page, next := paged(a, sorted(a.targetGroups), in.Marker)
	return &elb.DescribeTargetGroupsOutput{TargetGroups: page, NextMarker: next}, nil
}

func (a *account) DescribeTargetHealth(ctx context.Context, in *elb.DescribeTargetHealthInput, _ ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error) {
	if err := a.enter(ctx, "DescribeTargetHealth", []string{*in.TargetGroupArn}, 0); err != nil {
		return nil, err
	}
	if _, ok := a.targetGroups[*in.TargetGroupArn]; !ok {
		return nil, &elbtypes.TargetGroupNotFoundException{}
	}
	return &elb.DescribeTargetHealthOutput{TargetHealthDescriptions: a.health[*in.TargetGroupArn]}, nil
}

func (a *account) DescribeNetworkInterfaces(ctx context.Context, in *ec2.DescribeNetworkInterfacesInput, _ ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	if err := a.enter(ctx, "DescribeNetworkInterfaces", in.Filters[len(in.Filters)-1].Values, pageOf(in.NextToken)); err != nil {
		return nil, err
	}
	if err := limited(in.Filters); err != nil {
		return nil, err
	}
	if *in.Filters[0].Name != "vpc-id" || len(in.Filters) != 2 {
		return nil, errors.New("the fake knows addresses only within a VPC")
	}
	var found []types.NetworkInterface
	for _, i := range a.interfaces {
		filters := slices.DeleteFunc(slices.Clone(in.Filters), func(f types.Filter) bool { return a.careless && *f.Name == "vpc-id" })
		if accepts(filters, func(name string) []string { return interfaceProperty(i, name) }) {
			found = append(found, i)
		}
	}
	page, next := paged(a, found, in.NextToken)
	return &ec2.DescribeNetworkInterfacesOutput{NetworkInterfaces: page, NextToken: next}, nil
}

func interfaceProperty(i types.NetworkInterface, name string) (values []string) {
	switch name {
	case "vpc-id":
		values = append(values, aws.ToString(i.VpcId))
	case "addresses.private-ip-address":
		for _, a := range i.PrivateIpAddresses {
			values = append(values, aws.ToString(a.PrivateIpAddress))
		}
	case "ipv6-addresses.ipv6-address":
		for _, a := range i.Ipv6Addresses {
			values = append(values, aws.ToString(a.Ipv6Address))
		}
	}
	return values
}

// watch adds a metric alarm in ALARM with these dimensions, name and value in turn.
func (a *account) watch(name string, dimensions ...string) {
	m := cwtypes.MetricAlarm{
		AlarmName: &name, AlarmArn: aws.String(prefix + name), StateValue: cwtypes.StateValueAlarm,
		Namespace: aws.String("AWS/EC2"), MetricName: aws.String("CPUUtilization"),
	}
	for i := 0; i < len(dimensions); i += 2 {
		if dimensions[i] == "TargetGroup" {
			m.Namespace, m.MetricName = aws.String("AWS/ApplicationELB"), aws.String("UnHealthyHostCount")
		}
		m.Dimensions = append(m.Dimensions, cwtypes.Dimension{Name: &dimensions[i], Value: &dimensions[i+1]})
	}
	if a.metric == nil {
		a.metric = map[string]cwtypes.MetricAlarm{}
	}
	a.metric[name] = m
}

// compose adds a composite alarm in ALARM over the children.
func (a *account) compose(name string, children ...string) {
	if a.composite == nil {
		a.composite, a.children = map[string]cwtypes.CompositeAlarm{}, map[string][]string{}
	}
	a.composite[name] = cwtypes.CompositeAlarm{AlarmName: &name, AlarmArn: aws.String(prefix + name), StateValue: cwtypes.StateValueAlarm}
	a.children[name] = children
}

// calm takes a metric alarm back to a state.
func (a *account) calm(name string, state cwtypes.StateValue) {
	m := a.metric[name]
	m.StateValue = state
	a.metric[name] = m
}

const api = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/api/50dc6c495c0c9188"

// balance adds the target group api, of healthy targets of one type in vpc-1.
func (a *account) balance(kind elbtypes.TargetTypeEnum, targets ...string) {
	a.targetGroups = map[string]elbtypes.TargetGroup{api: {TargetGroupArn: aws.String(api), TargetType: kind, VpcId: aws.String("vpc-1")}}
	a.health = map[string][]elbtypes.TargetHealthDescription{}
	for _, id := range targets {
		a.answer(id, elbtypes.TargetHealthStateEnumHealthy, "")
	}
}

// answer registers a target once more, or changes its state if it is healthy so far.
func (a *account) answer(target string, state elbtypes.TargetHealthStateEnum, reason elbtypes.TargetHealthReasonEnum) {
	d := elbtypes.TargetHealthDescription{
		Target:       &elbtypes.TargetDescription{Id: &target, Port: aws.Int32(int32(8080 + len(a.health[api])))},
		TargetHealth: &elbtypes.TargetHealth{State: state, Reason: reason},
	}
	for i, have := range a.health[api] {
		if *have.Target.Id == target && have.TargetHealth.State == elbtypes.TargetHealthStateEnumHealthy {
			a.health[api][i] = d
			return
		}
	}
	a.health[api] = append(a.health[api], d)
}

// attach gives an instance an interface with the addresses, the first of which is
// its primary one; "" attaches it to none.
func (a *account) attach(vpc, id string, addresses ...string) {
	i := types.NetworkInterface{VpcId: &vpc, Attachment: &types.NetworkInterfaceAttachment{InstanceId: &id}}
	if id == "" {
		i.Attachment = nil
	}
	for _, address := range addresses {
		if len(address) > 3 && address[:3] == "fd0" {
			i.Ipv6Addresses = append(i.Ipv6Addresses, types.NetworkInterfaceIpv6Address{Ipv6Address: &address})
		} else {
			if i.PrivateIpAddress == nil {
				i.PrivateIpAddress = &address
			}
			i.PrivateIpAddresses = append(i.PrivateIpAddresses, types.NetworkInterfacePrivateIpAddress{PrivateIpAddress: &address})
		}
	}
	a.interfaces = append(a.interfaces, i)
}

// rebalance changes the target group api.
func (a *account) rebalance(how func(*elbtypes.TargetGroup)) {
	g := a.targetGroups[api]
	how(&g)
	a.targetGroups = maps.Clone(a.targetGroups)
	a.targetGroups[api] = g
}
