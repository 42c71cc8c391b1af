package intake_test

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"crashcart/lambda/domain/cases"
)

// voiceWalks are about what the instance itself says, and its neighbours.
func voiceWalks() []ruleWalk {
	pinged := func(when time.Time) func(*world) {
		return alter("DescribeInstanceInformation", func(out *ssm.DescribeInstanceInformationOutput) {
			if own := &out.InstanceInformationList[0]; *own.InstanceId == webA {
				own.LastPingDateTime = &when
			}
		})
	}
	others := func(n int, when time.Time) func(*world) {
		return alter("DescribeInstanceInformation", func(out *ssm.DescribeInstanceInformationOutput) {
			left := n
			for i := range out.InstanceInformationList {
				if o := &out.InstanceInformationList[i]; *o.InstanceId != webA && left > 0 {
					o.LastPingDateTime, left = &when, left-1
				}
			}
		})
	}
	alone := func(w *world) {
		w.add(webA, machine{tag: "auto", silentSince: fellSilent, console: consoleUp})
		w.bystanders(6)
	}
	return []ruleWalk{
		{
			cases.RuleUnresponsive, "its agent has pinged since the alarm", silentHost,
			pinged(at(11, 59, 30)), cases.OutcomeLater, "SSM ping 30s ago",
		},
		{
			cases.RuleUnresponsive, "its agent has pinged shortly before the alarm", silentHost,
			pinged(at(11, 52, 0)), cases.OutcomeLater, "SSM ping 8m ago, 11m required",
		},
		{
			cases.RuleUnresponsive, "it is a Windows, whose agent may be silent for longer", silentHost,
			describes(func(i *types.Instance) { i.Platform = "windows" }), cases.OutcomeLater, "SSM ping 19m ago, 20m required",
		},
		{
			cases.RuleUnresponsive, "three of its six neighbours are silent, too", alone,
			others(3, at(11, 49, 0)), cases.OutcomeLater, "3 of 6 neighbours that were heard of lately are silent, too",
		},
		{
			cases.RuleUnresponsive, "its neighbours ping every ten minutes", silentHost,
			others(9, at(11, 51, 0)), cases.OutcomeLater, "21m required where agents ping every 10m",
		},
		{
			cases.RuleUnresponsive, "it is in another subnet, whose hosts are silent", together(alone, silentStrangers),
			describes(func(i *types.Instance) { i.SubnetId = aws.String("subnet-2") }), cases.OutcomeLater, "3 of 3 neighbours",
		},
		{
			cases.RuleUnresponsive, "it has an instance profile, whose hosts are silent", together(alone, silentStrangers),
			describes(func(i *types.Instance) { i.IamInstanceProfile = &types.IamInstanceProfile{Arn: aws.String("arn:web")} }),
			cases.OutcomeLater, "3 of 9 neighbours",
		},
		{
			cases.RuleUnresponsive, "its check does not fail", failingHost,
			alter("DescribeInstanceStatus of the Region", func(out *ec2.DescribeInstanceStatusOutput) { out.InstanceStatuses = nil }),
			cases.OutcomeRefused, "reachability check does not fail",
		},
		{
			cases.RuleUnresponsive, "its check has failed for two minutes", failingHost,
			alter("DescribeInstanceStatus of the Region", func(out *ec2.DescribeInstanceStatusOutput) {
				out.InstanceStatuses[0].InstanceStatus.Details[0].ImpairedSince = aws.Time(at(11, 58, 0))
			}),
			cases.OutcomeLater, "has failed for 2m, 5m required",
		},
		{
			cases.RuleUnresponsive, "its check passes again", failingHost,
			checked(func(s *types.InstanceStatus) { s.InstanceStatus.Status = types.SummaryStatusOk }),
			cases.OutcomeRefused, "reachability check failed, and is ok by now",
		},
	}
}

// consoleWalks are about the latest console.
func consoleWalks() []ruleWalk {
	return []ruleWalk{
		{cases.RuleQuiet, "its console shows a capture kernel", silentHost, console(consoleDumping), cases.OutcomeRefused, "elfcorehdr=507252K"},
		{
			cases.RuleQuiet, "its console cannot be read", silentHost,
			func(w *world) { w.fail["GetConsoleOutput, latest"] = errOutage }, cases.OutcomeLater, "its console cannot be read",
		},
		{cases.RuleQuiet, "its console is empty", silentHost, console(""), cases.OutcomeLater, "its console is empty"},
		{
			cases.RuleQuiet, "it is a Windows, whose console shows no dump", together(silentHost, func(w *world) { w.now = at(12, 6, 0) }),
			describes(func(i *types.Instance) { i.Platform = "windows" }), cases.OutcomeLater, "the console of a Windows shows no dump",
		},
		{cases.RuleQuiet, "its console shows a boot", silentHost, console(consoleBooting), cases.OutcomeLater, "boot that has not finished"},
		{
			cases.RuleQuiet, "its console shows a shutdown", silentHost,
			console(consoleUp + "\r\n[ 5120.100000] reboot: Restarting system\r\n"), cases.OutcomeRefused, "it is shutting down",
		},
	}
}

// groupWalks are about the group and its members' signs of life.
func groupWalks() []ruleWalk {
	member := func(change func(*astypes.Instance)) func(*world) {
		return alter("DescribeAutoScalingGroups", func(out *autoscaling.DescribeAutoScalingGroupsOutput) {
			all := out.AutoScalingGroups[0].Instances
			change(&all[slices.IndexFunc(all, func(i astypes.Instance) bool { return *i.InstanceId == webA })])
		})
	}
	return []ruleWalk{
		{
			cases.RuleRunning, "its Auto Scaling group has it in Standby", silentMember,
			member(func(i *astypes.Instance) { i.LifecycleState = astypes.LifecycleStateStandby }),
			cases.OutcomeHeld, "its group web has it in Standby, not in InService",
		},
		{
			cases.RuleGroup, "two other members of its Auto Scaling group answer no health check", together(silentMember, deafHosts),
			alter("DescribeAutoScalingGroups", func(out *autoscaling.DescribeAutoScalingGroupsOutput) {
				out.AutoScalingGroups[0].TargetGroupARNs = []string{apiARN}
			}),
			cases.OutcomeRefused, "3 of 6 members of its Auto Scaling group web",
		},
		{
			cases.RuleGroup, "two other members of its target group answer no health check", silentBehind,
			deafHosts, cases.OutcomeRefused, "3 of 6 members of its target group api/50dc6c495c0c9188",
		},
		{
			cases.RuleGroup, "it is behind a target group that nobody has named, and so are two silent hosts", together(silentBehind, silentHosts(2), unregistered),
			alter("DescribeTargetHealth", func(*elb.DescribeTargetHealthOutput) {}), cases.OutcomeRefused, "3 of 6 members of its target group api/50dc6c495c0c9188",
		},
		{
			cases.RuleRunning, "its target groups cannot be asked", silentBehind,
			func(w *world) { w.fail["DescribeTargetHealth"] = errOutage }, cases.OutcomeLater, "its group is not known",
		},
		{
			cases.RuleRunning, "its VPC is not known", silentHost,
			describes(func(i *types.Instance) { i.VpcId = nil }), cases.OutcomeLater, "its group is not known: EC2 did not say its VPC",
		},
		{
			cases.RuleRunning, "its Auto Scaling group is terminating it", silentMember,
			member(func(i *astypes.Instance) { i.LifecycleState = astypes.LifecycleStateTerminatingWait }),
			cases.OutcomeRefused, "its group web is terminating it already (Terminating:Wait)",
		},
		{
			cases.RuleRunning, "its Auto Scaling group does not list it", silentMember,
			member(func(i *astypes.Instance) { i.InstanceId = aws.String(webB) }), cases.OutcomeLater, "the group does not list it",
		},
		{
			cases.RuleGroup, "two other members of its Auto Scaling group are silent", silentMember,
			silentHosts(2), cases.OutcomeRefused, "3 of 6 members of its Auto Scaling group web show no life now, at most 2 may",
		},
		{
			cases.RuleGroup, "the checks of two other members of its Auto Scaling group fail", silentMember,
			impairedHosts(2, at(11, 59, 0)), cases.OutcomeRefused, "3 of 6 members of its Auto Scaling group web",
		},
		{
			cases.RuleGroup, "the casebook has two open cases of its Auto Scaling group", silentMember,
			claimed(20*time.Minute, "asg/web", host(0), host(1)), cases.OutcomeRefused, "2 of at most 2 open cases of its Auto Scaling group web are taken",
		},
		{
			cases.RuleGroup, "two other members of its tag group are silent", silentTagged,
			silentHosts(2), cases.OutcomeRefused, "3 of 6 members of its tag group db",
		},
		{
			cases.RuleGroup, "the casebook has two open cases of its tag group", silentTagged,
			claimed(20*time.Minute, "tag/db", host(0), host(1)), cases.OutcomeRefused, "open cases of its tag group db are taken",
		},
		{
			cases.RuleGroup, "two other members of its target group are silent", silentTarget,
			silentHosts(2), cases.OutcomeRefused, "3 of 6 members of its target group api/50dc6c495c0c9188",
		},
	}
}

// deafHosts are two hosts whose load balancer gets no answer.
func deafHosts(w *world) {
	if len(w.pools) == 0 {
		w.balance("instance", host(0), host(1), host(2), host(3), host(4))
	}
	p := w.pools[apiARN]
	p.unhealthy = append(p.unhealthy, host(0), host(1))
}

// unregistered takes webA out of its target group.
func unregistered(w *world) {
	alter("DescribeTargetHealth", func(out *elb.DescribeTargetHealthOutput) {
		out.TargetHealthDescriptions = slices.DeleteFunc(out.TargetHealthDescriptions, func(d elbtypes.TargetHealthDescription) bool { return *d.Target.Id == webA })
	})(w)
}

// regionWalks are about the other instances of the Region.
func regionWalks() []ruleWalk {
	return []ruleWalk{
		{
			cases.RuleRegion, "the checks of eleven others fail", silentHost,
			impairedHosts(11, at(11, 45, 0)), cases.OutcomeRefused, "11 instances of the Region became unreachable within 30m, at most 10 may",
		},
		{
			cases.RuleRegion, "the checks of eleven others fail, and not since yesterday", together(silentHost, impairedHosts(11, at(11, 45, 0).AddDate(0, 0, -1))),
			impairedHosts(11, at(11, 45, 0)), cases.OutcomeRefused, "11 instances of the Region became unreachable within 30m",
		},
	}
}
