package intake_test

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"crashcart/lambda/domain/cases"
)

// metricWalks are about what CloudWatch has counted, and on which volumes.
func metricWalks() []ruleWalk {
	return []ruleWalk{
		{
			cases.RuleUnresponsive, "its disk is written", silentHost,
			counted("VolumeWriteOps", fellSilent, time.Minute, slices.Repeat([]float64{1}, 17)...), cases.OutcomeLater, "it wrote 1m ago, 16 min of stillness required",
		},
		{
			cases.RuleUnresponsive, "its disk is written as before", silentHost,
			counted("VolumeWriteOps", fellSilent, time.Minute, slices.Repeat([]float64{40}, 17)...), cases.OutcomeLater, "it writes as before",
		},
		{
			cases.RuleUnresponsive, "its check does not fail, so that its kernel may be alive", unreachableHost,
			alter("DescribeInstanceStatus of the Region", func(out *ec2.DescribeInstanceStatusOutput) { out.InstanceStatuses = nil }),
			cases.OutcomeLater, "0 for 9 min, 40 a minute before, 16 min required where its kernel may be alive",
		},
		{
			cases.RuleUnresponsive, "its disk was as still before", unreachableHost,
			counted("VolumeWriteOps", at(11, 0, 0), time.Minute, -1, -1, -1, -1, -1, -1), cases.OutcomeLater, "0 for 9 min, 40 a minute before, 13 min required",
		},
		{
			cases.RuleUnresponsive, "the newest minutes of its disk are not published", silentHost,
			counted("VolumeIdleTime", at(11, 54, 0), time.Minute, -1, -1, -1, -1, -1), cases.OutcomeLater, "the newest published minute ended 6m ago",
		},
		{
			cases.RuleUnresponsive, "CloudWatch gives only a part of its writes", silentHost,
			published("VolumeWriteOps", func(r *cwtypes.MetricDataResult) { r.StatusCode = cwtypes.StatusCodePartialData }),
			cases.OutcomeLater, "CloudWatch did not give all of VolumeWriteOps",
		},
		{
			cases.RuleUnresponsive, "CloudWatch does not answer", silentHost,
			func(w *world) { w.fail["GetMetricData"] = errOutage }, cases.OutcomeLater, "asking for metrics",
		},
		{
			cases.RuleUnresponsive, "it has another disk, which is written", silentHost,
			describes(func(i *types.Instance) {
				other := types.EbsInstanceBlockDevice{VolumeId: aws.String(volume("i-0d000000000000000"))} // a bystander's
				i.BlockDeviceMappings = append(i.BlockDeviceMappings, types.InstanceBlockDeviceMapping{Ebs: &other})
			}),
			cases.OutcomeLater, "it is alive: it writes as before",
		},
		{
			cases.RuleUnresponsive, "its disk may have several hosts", silentHost,
			alter("DescribeVolumes", func(out *ec2.DescribeVolumesOutput) { out.Volumes[0].MultiAttachEnabled = aws.Bool(true) }),
			cases.OutcomeLater, "its console was read for the first time",
		},
		{
			cases.RuleUnresponsive, "nobody knows whether its disk may have several hosts", silentHost,
			alter("DescribeVolumes", func(out *ec2.DescribeVolumesOutput) { out.Volumes = nil }), cases.OutcomeLater, "EC2 does not know one of its volumes",
		},
		{
			cases.RuleUnresponsive, "its heartbeat has come", silentHost,
			counted("mem_used_percent", at(11, 58, 0), time.Minute, 1), cases.OutcomeLater, "it is alive: heartbeat 1m ago",
		},
		{
			cases.RuleUnresponsive, "it sends as before", together(silentSender, func(w *world) { w.machines[webA].sends = false }),
			counted("NetworkOut", at(11, 55, 0), 5*time.Minute, 3e6), cases.OutcomeLater, "it is alive: NetworkOut 3.0 MB in 5m",
		},
		{
			cases.RuleUnresponsive, "it sends as before, and is no router", together(silentSender, describes(func(i *types.Instance) { i.SourceDestCheck = aws.Bool(false) })),
			describes(func(i *types.Instance) { i.SourceDestCheck = aws.Bool(true) }), cases.OutcomeLater, "it is alive: NetworkOut",
		},
		{
			cases.RuleUnresponsive, "it sends as before, and has detailed monitoring", together(unreachableHost, func(w *world) { w.machines[webA].sends, w.now = true, at(12, 0, 30) }),
			describes(func(i *types.Instance) { i.Monitoring = &types.Monitoring{State: types.MonitoringStateEnabled} }),
			cases.OutcomeLater, "it is alive: NetworkOut",
		},
	}
}

// answerWalks are about who gets an answer from the host.
func answerWalks() []ruleWalk {
	overTCP := checkedBy(func(g *elbtypes.TargetGroup) { g.HealthCheckProtocol = elbtypes.ProtocolEnumTcp })
	nodePort := checkedBy(func(g *elbtypes.TargetGroup) { g.HealthCheckPort = aws.String("30080") })
	node := describes(func(i *types.Instance) {
		i.Tags = append(i.Tags, types.Tag{Key: aws.String("kubernetes.io/cluster/prod"), Value: aws.String("owned")})
	})
	same := checkedBy(func(*elbtypes.TargetGroup) {})
	healthy := "it is alive: target health: healthy (HTTP)"
	return []ruleWalk{
		{
			cases.RuleUnresponsive, "its health check is answered", silentBehind,
			answers("healthy", ""), cases.OutcomeLater, healthy,
		},
		{
			cases.RuleUnresponsive, "its health check is answered with another code", silentBehind,
			answers("unhealthy", "Target.ResponseCodeMismatch"), cases.OutcomeLater, "it is alive: target health: Target.ResponseCodeMismatch",
		},
		{
			cases.RuleUnresponsive, "its health check, which is answered, asks more than the kernel", together(answering, overTCP),
			same, cases.OutcomeLater, healthy,
		},
		{
			cases.RuleUnresponsive, "its health check, which is answered, asks no node port", together(answering, nodePort),
			same, cases.OutcomeLater, healthy,
		},
		{
			cases.RuleUnresponsive, "its health check is answered, and it is no node of a cluster", together(answering, node),
			describes(func(*types.Instance) {}), cases.OutcomeLater, healthy,
		},
		{
			cases.RuleUnresponsive, "its address is the target that answers", together(silentHost, func(w *world) { w.balance("ip", "10.0.0.9") }),
			describes(func(i *types.Instance) {
				i.NetworkInterfaces = []types.InstanceNetworkInterface{{PrivateIpAddress: aws.String("10.0.0.9")}}
			}),
			cases.OutcomeLater, healthy,
		},
		{
			cases.RuleUnresponsive, "its application answers", silentHost,
			checked(func(s *types.InstanceStatus) {
				s.ApplicationStatus = &types.ApplicationStatusSummary{Status: types.SummaryStatusOk}
			}),
			cases.OutcomeLater, "it is alive: application status ok",
		},
	}
}
