package intake_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/cases"
)

// descriptionWalks are about DescribeInstances.
func descriptionWalks() []ruleWalk {
	return []ruleWalk{
		{
			cases.RuleFresh, "it is no Windows", silentWindows,
			describes(func(i *types.Instance) { i.Platform = "" }), cases.OutcomeRefused, "the trigger is 30m30s old; it must be younger than 30m",
		},
		{
			cases.RuleKnown, "EC2 does not describe it", silentHost,
			alter("DescribeInstances", func(out *ec2.DescribeInstancesOutput) { out.Reservations = nil }),
			cases.OutcomeRefused, "no such instance in this account and Region",
		},
		{
			cases.RuleOptedIn, "it has no tag crashcart", silentHost,
			tagged("crashcart", ""), cases.OutcomeRefused, "it has no tag crashcart",
		},
		{
			cases.RuleOptedIn, "its tag crashcart is spelt otherwise", silentHost,
			tagged("crashcart", "Auto"), cases.OutcomeRefused, `its tag crashcart is "Auto"`,
		},
		{
			cases.RuleOptedIn, "its tag is another", silentHost,
			describes(func(i *types.Instance) { i.Tags[0].Key = aws.String("crash-cart") }), cases.OutcomeRefused, "it has no tag crashcart",
		},
		{
			cases.RuleOptedIn, "its tag's key is spelt otherwise", silentHost,
			describes(func(i *types.Instance) { i.Tags[0].Key = aws.String("CrashCart") }), cases.OutcomeRefused, `its tag key "CrashCart" differs from crashcart`,
		},
		{
			cases.RuleOptedIn, "it has its tag twice, in two spellings", silentHost,
			describes(func(i *types.Instance) {
				i.Tags = append(i.Tags, types.Tag{Key: aws.String("CRASHCART"), Value: aws.String("auto")})
			}),
			cases.OutcomeRefused, `its tag key "CRASHCART" differs from crashcart`,
		},
		{
			cases.RuleSupported, "it is a Graviton", silentHost,
			describes(func(i *types.Instance) { i.Architecture = types.ArchitectureValuesArm64 }), cases.OutcomeRefused, "m6i.large is arm64",
		},
		{
			cases.RuleRunning, "it is stopping", silentHost,
			describes(func(i *types.Instance) { i.State.Name = types.InstanceStateNameStopping }), cases.OutcomeRefused, "it is stopping",
		},
		{
			cases.RuleRunning, "another service manages it", silentHost,
			describes(func(i *types.Instance) {
				i.Operator = &types.OperatorResponse{Managed: aws.Bool(true), Principal: aws.String("eks.amazonaws.com")}
			}),
			cases.OutcomeRefused, "managed by eks.amazonaws.com",
		},
		{
			cases.RuleBooted, "it was launched five minutes ago", silentHost,
			describes(func(i *types.Instance) { i.LaunchTime = aws.Time(at(11, 55, 0)) }), cases.OutcomeLater, "launched 5m ago, 10m required",
		},
		{
			cases.RuleAsked, "its tag crashcart is manual", silentHost,
			tagged("crashcart", "manual"), cases.OutcomeHeld, "its tag crashcart is manual",
		},
	}
}

// typeWalks are about DescribeInstanceTypes.
func typeWalks() []ruleWalk {
	metal := func(i *types.InstanceTypeInfo) { i.BareMetal, i.Hypervisor = aws.Bool(true), "" }
	return []ruleWalk{
		{
			cases.RuleSupported, "its type is no Nitro", silentHost,
			typed(func(i *types.InstanceTypeInfo) { i.Hypervisor = types.InstanceTypeHypervisorXen }), cases.OutcomeRefused, "runs on the hypervisor xen",
		},
		{
			cases.RuleSupported, "its type is made for arm64", silentHost,
			typed(func(i *types.InstanceTypeInfo) {
				i.ProcessorInfo.SupportedArchitectures = []types.ArchitectureType{types.ArchitectureTypeArm64}
			}),
			cases.OutcomeRefused, "m6i.large is made for arm64",
		},
		{
			cases.RuleSupported, "its type is not bare metal", together(silentHost, typed(metal)),
			typed(func(i *types.InstanceTypeInfo) { i.Hypervisor = "" }), cases.OutcomeLater, "the hypervisor of m6i.large is not known",
		},
	}
}

// statusWalks are about the full status, and the shutdown behaviour.
func statusWalks() []ruleWalk {
	return []ruleWalk{
		{
			cases.RuleBooted, "a reboot is scheduled, and was over or called off before", together(silentHost, scheduled(func(e *types.InstanceStatusEvent) {
				e.Description = aws.String("[Completed] The instance is scheduled for a reboot")
			})),
			scheduled(func(*types.InstanceStatusEvent) {}), cases.OutcomeRefused, "AWS has scheduled system-reboot for it; its window opened 5m ago",
		},
		{
			cases.RuleBooted, "the window of a reboot is not over", together(silentHost, scheduled(func(e *types.InstanceStatusEvent) {
				e.NotAfter = aws.Time(at(11, 59, 0))
			})),
			scheduled(func(*types.InstanceStatusEvent) {}), cases.OutcomeRefused, "AWS has scheduled system-reboot",
		},
		{
			cases.RuleBooted, "the window of a reboot has begun", together(silentHost, scheduled(func(e *types.InstanceStatusEvent) {
				e.NotBefore = aws.Time(at(12, 30, 0))
			})),
			scheduled(func(*types.InstanceStatusEvent) {}), cases.OutcomeRefused, "AWS has scheduled system-reboot",
		},
		{
			cases.RuleHostOK, "the system status check fails", silentHost,
			checked(func(s *types.InstanceStatus) { s.SystemStatus.Status = types.SummaryStatusImpaired }), cases.OutcomeRefused, "system status check fails",
		},
		{
			cases.RuleHostOK, "the system status check says nothing", silentHost,
			checked(func(s *types.InstanceStatus) { s.SystemStatus = nil }), cases.OutcomeLater, "AWS's own check of the host is not known",
		},
		{
			cases.RuleHostOK, "the attached-EBS check fails", silentHost,
			checked(func(s *types.InstanceStatus) {
				s.AttachedEbsStatus = &types.EbsStatusSummary{Status: types.SummaryStatusImpaired}
			}),
			cases.OutcomeLater, "attached-EBS check fails",
		},
		{
			cases.RuleHostOK, "the system status check is only beginning", silentHost,
			checked(func(s *types.InstanceStatus) { s.SystemStatus.Status = types.SummaryStatusInitializing }),
			cases.OutcomeLater, "system status check says initializing",
		},
		{
			cases.RuleSurvives, "a power-off terminates it", silentHost,
			alter("DescribeInstanceAttribute", func(out *ec2.DescribeInstanceAttributeOutput) {
				out.InstanceInitiatedShutdownBehavior.Value = aws.String("terminate")
			}),
			cases.OutcomeRefused, `its shutdown behaviour is "terminate"`,
		},
	}
}
