package intake_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// ways is the part of the world that leads to its machines.
type ways struct {
	pools     map[string]*pool // target groups, by ARN
	addresses map[string]string
	watched   map[string]cwtypes.MetricAlarm // in ALARM, by name
	composed  map[string][]string            // composites in ALARM, and their children
}

// pool is a target group.
type pool struct {
	kind      elbtypes.TargetTypeEnum
	targets   []string
	unhealthy []string
}

const (
	alarmPrefix = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:"
	apiPath     = "targetgroup/api/50dc6c495c0c9188"
	apiARN      = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:" + apiPath
	apiName     = "target group " + apiARN
)

func (w *world) balance(kind elbtypes.TargetTypeEnum, targets ...string) *pool {
	p := &pool{kind: kind, targets: targets}
	w.pools = map[string]*pool{apiARN: p}
	return p
}

// watch adds a metric alarm in ALARM that has one dimension.
func (w *world) watch(name, dimension, value string) {
	if w.watched == nil {
		w.watched = map[string]cwtypes.MetricAlarm{}
	}
	namespace := "AWS/EC2"
	if dimension == "TargetGroup" {
		namespace = "AWS/ApplicationELB"
	}
	w.watched[name] = cwtypes.MetricAlarm{
		AlarmName: &name, AlarmArn: aws.String(alarmPrefix + name), StateValue: cwtypes.StateValueAlarm,
		Namespace: &namespace, MetricName: aws.String("Watched"), Dimensions: []cwtypes.Dimension{{Name: &dimension, Value: &value}},
	}
}

func (w *world) DescribeTargetGroups(_ context.Context, in *elb.DescribeTargetGroupsInput, _ ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error) {
	if err := w.call("DescribeTargetGroups"); err != nil {
		return nil, err
	}
	arns := in.TargetGroupArns
	if len(arns) == 0 {
		arns = slices.Sorted(maps.Keys(w.pools))
	}
	out := &elb.DescribeTargetGroupsOutput{}
	for _, arn := range arns {
		p, ok := w.pools[arn]
		if !ok {
			return nil, &elbtypes.TargetGroupNotFoundException{}
		}
		out.TargetGroups = append(out.TargetGroups, elbtypes.TargetGroup{
			TargetGroupArn: &arn, TargetType: p.kind, VpcId: aws.String("vpc-1"), HealthCheckProtocol: elbtypes.ProtocolEnumHttp,
			HealthCheckPort: aws.String("traffic-port"), HealthCheckIntervalSeconds: aws.Int32(30), UnhealthyThresholdCount: aws.Int32(2),
		})
	}
	return altered(w, "DescribeTargetGroups", out), nil
}

func (w *world) DescribeTargetHealth(_ context.Context, in *elb.DescribeTargetHealthInput, _ ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error) {
	if err := w.call("DescribeTargetHealth"); err != nil {
		return nil, err
	}
	p, ok := w.pools[*in.TargetGroupArn]
	if !ok {
		return nil, &elbtypes.TargetGroupNotFoundException{}
	}
	out := &elb.DescribeTargetHealthOutput{}
	for _, id := range p.targets {
		h := &elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumHealthy}
		if slices.Contains(p.unhealthy, id) {
			h = &elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumUnhealthy, Reason: elbtypes.TargetHealthReasonEnumTimeout}
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, elbtypes.TargetHealthDescription{
			Target: &elbtypes.TargetDescription{Id: &id, Port: aws.Int32(8080)}, TargetHealth: h,
		})
	}
	return altered(w, "DescribeTargetHealth", out), nil
}

func (w *world) DescribeNetworkInterfaces(_ context.Context, in *ec2.DescribeNetworkInterfacesInput, _ ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error) {
	if err := w.call("DescribeNetworkInterfaces"); err != nil {
		return nil, err
	}
	out := &ec2.DescribeNetworkInterfacesOutput{}
	for _, address := range in.Filters[1].Values {
		if id, ok := w.addresses[address]; ok {
			out.NetworkInterfaces = append(out.NetworkInterfaces, types.NetworkInterface{
				VpcId: aws.String("vpc-1"), Attachment: &types.NetworkInterfaceAttachment{InstanceId: &id},
				PrivateIpAddress: &address, PrivateIpAddresses: []types.NetworkInterfacePrivateIpAddress{{PrivateIpAddress: &address}},
			})
		}
	}
	return out, nil
}

func (w *world) DescribeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	if err := w.call("DescribeAlarms"); err != nil {
		return nil, err
	}
	names := in.AlarmNames
	if in.ChildrenOfAlarmName != nil {
		names = w.composed[*in.ChildrenOfAlarmName]
	}
	out := &cloudwatch.DescribeAlarmsOutput{}
	for _, name := range names {
		if a, ok := w.watched[name]; ok {
			out.MetricAlarms = append(out.MetricAlarms, a)
		} else if _, ok := w.composed[name]; ok {
			out.CompositeAlarms = append(out.CompositeAlarms, cwtypes.CompositeAlarm{
				AlarmName: &name, AlarmArn: aws.String(alarmPrefix + name), StateValue: cwtypes.StateValueAlarm,
			})
		}
	}
	return out, nil
}

// groupAlarm is an EventBridge event of an alarm with a metric for each pair of a
// dimension and its value.
func groupAlarm(name string, at time.Time, dimensions ...string) string {
	var metrics []string
	for i := 0; i < len(dimensions); i += 2 {
		namespace := "AWS/EC2"
		if dimensions[i] == "TargetGroup" {
			namespace = "AWS/ApplicationELB"
		}
		metrics = append(metrics, fmt.Sprintf(
			`{"id":"m%d","metricStat":{"metric":{"namespace":%q,"name":"Watched","dimensions":{%q:%q}},"period":60,"stat":"Maximum"},"returnData":true}`,
			i, namespace, dimensions[i], dimensions[i+1]))
	}
	return stateChange(name, at, "", `"metrics":[`+strings.Join(metrics, ",")+`]`)
}

// compositeAlarm is an EventBridge event of a composite alarm that names the
// children that set it off, or none if CloudWatch has cut the list off.
func compositeAlarm(name string, at time.Time, children ...string) string {
	var list []string
	for _, child := range children {
		list = append(list, fmt.Sprintf(`{"arn":%q,"state":{"value":"ALARM","timestamp":"2026-03-04T11:59:00.000+0000"}}`, alarmPrefix+child))
	}
	data := ""
	if len(list) > 0 {
		data = fmt.Sprintf(`,"reasonData":%q`, `{"triggeringAlarms":[`+strings.Join(list, ",")+`]}`)
	}
	return stateChange(name, at, data, `"alarmRule":"ALARM(any)"`)
}

func stateChange(name string, at time.Time, state, configuration string) string {
	return fmt.Sprintf(`{"version":"0","id":"e-1","detail-type":"CloudWatch Alarm State Change","source":"aws.cloudwatch",`+
		`"account":"111122223333","time":%q,"region":"eu-central-1","resources":[%q],`+
		`"detail":{"alarmName":%q,"state":{"value":"ALARM","reason":"Threshold Crossed","timestamp":%q%s},"configuration":{%s}}}`,
		at.Format(time.RFC3339), alarmPrefix+name, name, at.UTC().Format("2006-01-02T15:04:05.000-0700"), state, configuration)
}
