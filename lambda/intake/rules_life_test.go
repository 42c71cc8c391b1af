package intake_test

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/domain/cases"
)

// signWalks are about the signs of life of the instance itself.
func signWalks() []ruleWalk {
	pinged := func(when time.Time) func(*world) {
		return alter("DescribeInstanceInformation", func(out *ssm.DescribeInstanceInformationOutput) {
			out.InstanceInformationList[0].LastPingDateTime = &when
		})
	}
	return []ruleWalk{
		{
			cases.RuleUnresponsive, "its agent has pinged since the alarm", silentHost,
			pinged(at(11, 59, 30)), cases.OutcomeRefused, "its SSM agent pinged 30s ago, after the alarm: it is alive",
		},
		{
			cases.RuleUnresponsive, "its agent has pinged shortly before the alarm", silentHost,
			pinged(at(11, 58, 0)), cases.OutcomeLater, "its SSM agent pinged 2m ago, 6m of silence required",
		},
		{
			cases.RuleUnresponsive, "it is a Windows, whose agent may be silent for longer", silentHost,
			describes(func(i *types.Instance) { i.Platform = "windows" }), cases.OutcomeLater, "20m of silence required",
		},
		{
			cases.RuleUnresponsive, "nine of twelve other agents are silent, too", silentHost,
			alter("DescribeInstanceInformation of the Region", func(out *ssm.DescribeInstanceInformationOutput) {
				others := slices.DeleteFunc(out.InstanceInformationList, func(i ssmtypes.InstanceInformation) bool { return *i.InstanceId == webA })
				for i := range others[:9] {
					others[i].LastPingDateTime = aws.Time(at(11, 49, 0))
				}
				out.InstanceInformationList = others
			}),
			cases.OutcomeLater, "so are 9 of 12 other agents",
		},
		{
			cases.RuleUnresponsive, "its check does not fail", failingHost,
			alter("DescribeInstanceStatus of the Region", func(out *ec2.DescribeInstanceStatusOutput) { out.InstanceStatuses = nil }),
			cases.OutcomeLater, "AWS's reachability check does not fail",
		},
		{
			cases.RuleUnresponsive, "its check fails since two minutes", failingHost,
			alter("DescribeInstanceStatus of the Region", func(out *ec2.DescribeInstanceStatusOutput) {
				out.InstanceStatuses[0].InstanceStatus.Details[0].ImpairedSince = aws.Time(at(11, 58, 0))
			}),
			cases.OutcomeLater, "fails for 2m, 5m required",
		},
		{
			cases.RuleUnresponsive, "its check passes again", failingHost,
			checked(func(s *types.InstanceStatus) { s.InstanceStatus.Status = types.SummaryStatusOk }), cases.OutcomeRefused, "failed and passes again: it is alive",
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
			console(consoleUp + "\r\n[  512.100000] reboot: Restarting system\r\n"), cases.OutcomeRefused, "it is shutting down",
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
