package intake_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/trigger"
)

// ruleWalk begins in a world in which the event is an interrupt of webA. Then one
// answer is another, and that alone must bring the rule's objection.
type ruleWalk struct {
	rule    string
	name    string       // what is different
	base    func(*world) // the world in which webA is interrupted
	change  func(*world) // the one answer
	event   string       // heartbeat, if empty
	outcome cases.Outcome
	why     string // a part of the sentence
}

// heartbeat is the event of most walks: an alarm about webA, a minute old.
var heartbeat = alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA)

// TestNoAnswerThatForbidsIsEverOverlooked is for the reading of the answers. The
// guard's own tests set the facts themselves, and do not notice when nobody reads
// them out of AWS's answers any more.
func TestNoAnswerThatForbidsIsEverOverlooked(t *testing.T) {
	for _, walk := range ruleWalks() {
		t.Run(walk.rule+": "+walk.name, func(t *testing.T) {
			w := walk.start(t)
			walk.handle(w)
			if ds := w.decisions(); len(w.machines[webA].interruptedAt) != 1 || w.sent() != 1 {
				t.Fatalf("as long as nothing is different: %d interrupts, want one: %+v", w.sent(), ds)
			}

			w = walk.start(t)
			walk.change(w)
			walk.handle(w)
			d := w.expect(step{outcome: string(walk.outcome), rule: walk.rule, why: walk.why})
			if w.sent() != 0 || d.InstanceID != webA {
				t.Errorf("%d interrupts; decided of %s", w.sent(), d.InstanceID)
			}
		})
	}
}

func TestNoRuleIsEverWithoutAWalkFromTheAnswerToItsObjection(t *testing.T) {
	walks := ruleWalks()
	for _, r := range guard.Rules() {
		if !slices.ContainsFunc(walks, func(w ruleWalk) bool { return w.rule == r.Name() }) {
			t.Errorf("no walk shows that an answer of AWS or of the casebook makes %s object", r.Name())
		}
	}
	for _, w := range walks {
		if !slices.ContainsFunc(guard.Rules(), func(r guard.Rule) bool { return r.Name() == w.rule }) {
			t.Errorf("the walk %q is for %s, which is no rule", w.name, w.rule)
		}
	}
}

func (walk ruleWalk) start(t *testing.T) *world {
	w := newWorld(t, config.ModeAuto)
	walk.base(w)
	return w
}

func (walk ruleWalk) handle(w *world) {
	event := walk.event
	if event == "" {
		event = heartbeat
	}
	w.deliver(event)
}

// ruleWalks are in the order of guard.Rules.
func ruleWalks() []ruleWalk {
	return slices.Concat(bookWalks(), descriptionWalks(), typeWalks(), statusWalks(), signWalks(), consoleWalks(), groupWalks(), regionWalks())
}

// The worlds in which webA is interrupted.

// silentHost has an agent that has fallen silent, while twelve others are heard.
func silentHost(w *world) {
	w.add(webA, machine{tag: "auto", silentSince: at(11, 50, 0), console: consoleUp})
	w.bystanders(12)
}

func silentWindows(w *world) {
	w.add(webA, machine{tag: "auto", windows: true, silentSince: at(11, 55, 0), console: consoleUp})
	w.now = at(12, 28, 0)
}

// failingHost has no agent, and its reachability check fails.
func failingHost(w *world) {
	w.add(webA, machine{tag: "auto", noAgent: true, failsFrom: at(11, 50, 0), console: consoleUp})
}

// silentMember is silentHost in an Auto Scaling group of six.
func silentMember(w *world) {
	silentHost(w)
	w.machines[webA].group = "web"
	for i := range 5 {
		w.add(host(i), machine{tag: "auto", group: "web"})
	}
}

// silentTagged is silentHost in a tag group of six.
func silentTagged(w *world) {
	silentHost(w)
	w.machines[webA].groupTag = "db"
	for i := range 5 {
		w.add(host(i), machine{groupTag: "db"})
	}
}

// silentTarget is silentHost behind a load balancer, with five others.
func silentTarget(w *world) {
	silentHost(w)
	for i := range 5 {
		w.add(host(i), machine{})
	}
	w.balance("instance", webA, host(0), host(1), host(2), host(3), host(4)).unhealthy = []string{webA}
}

// The answers that are different.

func alter[T any](op string, change func(*T)) func(*world) {
	return func(w *world) {
		w.alter[op] = func(out any) { change(out.(*T)) }
	}
}

// describes changes what DescribeInstances says of webA.
func describes(change func(*types.Instance)) func(*world) {
	return alter("DescribeInstances", func(out *ec2.DescribeInstancesOutput) {
		all := out.Reservations[0].Instances
		if i := slices.IndexFunc(all, func(i types.Instance) bool { return *i.InstanceId == webA }); i >= 0 {
			change(&all[i])
		}
	})
}

func tagged(key, value string) func(*world) {
	return describes(func(i *types.Instance) {
		i.Tags = slices.DeleteFunc(i.Tags, func(t types.Tag) bool { return *t.Key == key })
		if value != "" {
			i.Tags = append(i.Tags, types.Tag{Key: &key, Value: &value})
		}
	})
}

// typed changes what DescribeInstanceTypes says.
func typed(change func(*types.InstanceTypeInfo)) func(*world) {
	return alter("DescribeInstanceTypes", func(out *ec2.DescribeInstanceTypesOutput) { change(&out.InstanceTypes[0]) })
}

// checked changes what the full status of webA says.
func checked(change func(*types.InstanceStatus)) func(*world) {
	return alter("DescribeInstanceStatus", func(out *ec2.DescribeInstanceStatusOutput) { change(&out.InstanceStatuses[0]) })
}

// scheduled is an answer with one scheduled event, a system reboot whose window is
// open.
func scheduled(change func(*types.InstanceStatusEvent)) func(*world) {
	return checked(func(s *types.InstanceStatus) {
		e := types.InstanceStatusEvent{
			Code: types.EventCodeSystemReboot, Description: aws.String("The instance is scheduled for a reboot"),
			NotBefore: aws.Time(at(11, 55, 0)), NotAfter: aws.Time(at(13, 55, 0)),
		}
		change(&e)
		s.Events = []types.InstanceStatusEvent{e}
	})
}

// console has the latest console say this.
func console(text string) func(*world) {
	return func(w *world) { w.machines[webA].console = text }
}

// silentHosts are members that have fallen silent with webA.
func silentHosts(n int) func(*world) {
	return func(w *world) {
		for i := range n {
			w.machines[host(i)].silentSince = at(11, 50, 0)
		}
	}
}

// claimed opens cases in the casebook, so long ago, each by a trigger of its own.
func claimed(ago time.Duration, group string, ids ...string) func(*world) {
	return func(w *world) {
		for _, id := range ids {
			w.claim(ago, cases.Request{
				InstanceID: id, Group: group, Origin: cases.Origin{SourceKey: "another trigger of " + id, Kind: "alarm"},
			})
		}
	}
}

// claim opens a case as it would have been opened that long ago.
func (w *world) claim(ago time.Duration, r cases.Request) cases.Case {
	w.t.Helper()
	now := w.handler.Book.Now
	w.handler.Book.Now = func() time.Time { return now().Add(-ago) }
	defer func() { w.handler.Book.Now = now }()
	r.Cooldown, r.Budget, r.GroupLimit = w.handler.Config.Rules.Cooldown, w.handler.Config.Rules.Budget, 2
	c, err := w.handler.Book.Claim(w.t.Context(), r)
	if err == nil {
		err = w.handler.Book.Settle(w.t.Context(), c, cases.StateInterrupted, "")
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// closeCase closes a case, so that its instance may have another.
func (w *world) closeCase(c cases.Case) {
	w.t.Helper()
	if _, err := w.handler.Book.CloseCase(w.t.Context(), c.ID, "seen to", "ops"); err != nil {
		w.t.Fatal(err)
	}
}

// pull pulls the lever.
func (w *world) pull(reason, by string) {
	w.t.Helper()
	if _, err := w.handler.Book.Pull(w.t.Context(), reason, by, false); err != nil {
		w.t.Fatal(err)
	}
}

// sourceKeyOf is the source key of an event's trigger.
func sourceKeyOf(t *testing.T, event string) string {
	t.Helper()
	for _, rec := range trigger.Decode([]byte(event), trigger.Invocation{At: noon}).Records {
		if rec.Trigger != nil {
			return rec.Trigger.SourceKey
		}
	}
	t.Fatal("no trigger: " + event)
	return ""
}

func together(all ...func(*world)) func(*world) {
	return func(w *world) {
		for _, do := range all {
			do(w)
		}
	}
}

// The walks.

func bookWalks() []ruleWalk {
	return []ruleWalk{
		{
			cases.RuleEpisode, "the casebook has an open case of the instance", silentHost,
			claimed(3*time.Minute, "", webA), "", cases.OutcomeDuplicate, "of this instance was opened 3m ago and is still open",
		},
		{
			cases.RuleEpisode, "the casebook has a case that this trigger has opened", silentHost,
			func(w *world) {
				sourceKey := sourceKeyOf(w.t, heartbeat)
				w.closeCase(w.claim(8*time.Hour, cases.Request{InstanceID: webA, Origin: cases.Origin{SourceKey: sourceKey, Kind: "alarm"}}))
			},
			"", cases.OutcomeDuplicate, "this very trigger has opened case " + webA,
		},
		{
			cases.RuleLever, "the casebook has a lever", silentHost,
			func(w *world) { w.pull("patch day", "ops") }, "", cases.OutcomeRefused, "stopped 0s ago by ops (patch day)",
		},
		{
			cases.RuleFresh, "the queue delivers it a quarter of an hour later", silentHost,
			func(w *world) { w.now = at(12, 14, 0) }, "", cases.OutcomeRefused, "the trigger is 15m old",
		},
		{
			cases.RuleCooldown, "the casebook has a closed case of the instance, three hours old", silentHost,
			func(w *world) {
				w.closeCase(w.claim(3*time.Hour, cases.Request{InstanceID: webA, Origin: cases.Origin{SourceKey: "of the morning", Kind: "alarm"}}))
			},
			"", cases.OutcomeRefused, "interrupted 3h ago, 6h required",
		},
		{
			cases.RuleBudget, "the casebook has three interrupts of the last hour", silentHost,
			claimed(20*time.Minute, "", host(20), host(21), host(22)), "", cases.OutcomeRefused, "3 of 3 interrupts an hour are used up; the next is free in 40m",
		},
	}
}

func descriptionWalks() []ruleWalk {
	return []ruleWalk{
		{
			cases.RuleFresh, "it is no Windows", silentWindows,
			describes(func(i *types.Instance) { i.Platform = "" }), "", cases.OutcomeRefused, "the trigger is 29m old; it must be younger than 15m",
		},
		{
			cases.RuleKnown, "EC2 does not describe it", silentHost,
			alter("DescribeInstances", func(out *ec2.DescribeInstancesOutput) { out.Reservations = nil }),
			"", cases.OutcomeRefused, "no such instance in this account and Region",
		},
		{
			cases.RuleOptedIn, "it has no tag crashcart", silentHost,
			tagged("crashcart", ""), "", cases.OutcomeRefused, "it has no tag crashcart",
		},
		{
			cases.RuleOptedIn, "its tag crashcart is spelt otherwise", silentHost,
			tagged("crashcart", "Auto"), "", cases.OutcomeRefused, `its tag crashcart is "Auto"`,
		},
		{
			cases.RuleOptedIn, "its tag is another", silentHost,
			describes(func(i *types.Instance) { i.Tags[0].Key = aws.String("Crashcart") }), "", cases.OutcomeRefused, "it has no tag crashcart",
		},
		{
			cases.RuleSupported, "it is a Graviton", silentHost,
			describes(func(i *types.Instance) { i.Architecture = types.ArchitectureValuesArm64 }), "", cases.OutcomeRefused, "m6i.large is arm64",
		},
		{
			cases.RuleRunning, "it is stopping", silentHost,
			describes(func(i *types.Instance) { i.State.Name = types.InstanceStateNameStopping }), "", cases.OutcomeRefused, "it is stopping",
		},
		{
			cases.RuleRunning, "another service manages it", silentHost,
			describes(func(i *types.Instance) {
				i.Operator = &types.OperatorResponse{Managed: aws.Bool(true), Principal: aws.String("eks.amazonaws.com")}
			}),
			"", cases.OutcomeRefused, "managed by eks.amazonaws.com",
		},
		{
			cases.RuleBooted, "it was launched five minutes ago", silentHost,
			describes(func(i *types.Instance) { i.LaunchTime = aws.Time(at(11, 55, 0)) }), "", cases.OutcomeLater, "launched 5m ago, 10m required",
		},
		{
			cases.RuleAsked, "its tag crashcart is manual", silentHost,
			tagged("crashcart", "manual"), "", cases.OutcomeHeld, "its tag crashcart is manual",
		},
	}
}

func typeWalks() []ruleWalk {
	metal := func(i *types.InstanceTypeInfo) { i.BareMetal, i.Hypervisor = aws.Bool(true), "" }
	return []ruleWalk{
		{
			cases.RuleSupported, "its type is no Nitro", silentHost,
			typed(func(i *types.InstanceTypeInfo) { i.Hypervisor = types.InstanceTypeHypervisorXen }), "", cases.OutcomeRefused, "runs on the hypervisor xen",
		},
		{
			cases.RuleSupported, "its type is made for arm64", silentHost,
			typed(func(i *types.InstanceTypeInfo) {
				i.ProcessorInfo.SupportedArchitectures = []types.ArchitectureType{types.ArchitectureTypeArm64}
			}),
			"", cases.OutcomeRefused, "m6i.large is made for arm64",
		},
		{
			cases.RuleSupported, "its type is not bare metal", together(silentHost, typed(metal)),
			typed(func(i *types.InstanceTypeInfo) { i.Hypervisor = "" }), "", cases.OutcomeLater, "the hypervisor of m6i.large is not known",
		},
	}
}

func statusWalks() []ruleWalk {
	return []ruleWalk{
		{
			cases.RuleBooted, "a reboot is scheduled, and was over or called off before", together(silentHost, scheduled(func(e *types.InstanceStatusEvent) {
				e.Description = aws.String("[Completed] The instance is scheduled for a reboot")
			})),
			scheduled(func(*types.InstanceStatusEvent) {}), "", cases.OutcomeRefused, "AWS has scheduled system-reboot for it; its window opened 5m ago",
		},
		{
			cases.RuleBooted, "the window of a reboot is not over", together(silentHost, scheduled(func(e *types.InstanceStatusEvent) {
				e.NotAfter = aws.Time(at(11, 59, 0))
			})),
			scheduled(func(*types.InstanceStatusEvent) {}), "", cases.OutcomeRefused, "AWS has scheduled system-reboot",
		},
		{
			cases.RuleBooted, "the window of a reboot has begun", together(silentHost, scheduled(func(e *types.InstanceStatusEvent) {
				e.NotBefore = aws.Time(at(12, 30, 0))
			})),
			scheduled(func(*types.InstanceStatusEvent) {}), "", cases.OutcomeRefused, "AWS has scheduled system-reboot",
		},
		{
			cases.RuleHostOK, "the system status check fails", silentHost,
			checked(func(s *types.InstanceStatus) { s.SystemStatus.Status = types.SummaryStatusImpaired }), "", cases.OutcomeRefused, "system status check fails",
		},
		{
			cases.RuleHostOK, "the system status check says nothing", silentHost,
			checked(func(s *types.InstanceStatus) { s.SystemStatus = nil }), "", cases.OutcomeLater, "AWS's own check of the host is not known",
		},
		{
			cases.RuleHostOK, "the attached-EBS check fails", silentHost,
			checked(func(s *types.InstanceStatus) {
				s.AttachedEbsStatus = &types.EbsStatusSummary{Status: types.SummaryStatusImpaired}
			}),
			"", cases.OutcomeRefused, "attached-EBS check fails",
		},
		{
			cases.RuleSurvives, "a power-off terminates it", silentHost,
			alter("DescribeInstanceAttribute", func(out *ec2.DescribeInstanceAttributeOutput) {
				out.InstanceInitiatedShutdownBehavior.Value = aws.String("terminate")
			}),
			"", cases.OutcomeRefused, `its shutdown behaviour is "terminate"`,
		},
	}
}

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
			pinged(at(11, 59, 30)), "", cases.OutcomeRefused, "its SSM agent pinged 30s ago, after the alarm: it is alive",
		},
		{
			cases.RuleUnresponsive, "its agent has pinged shortly before the alarm", silentHost,
			pinged(at(11, 58, 0)), "", cases.OutcomeLater, "its SSM agent pinged 2m ago, 6m of silence required",
		},
		{
			cases.RuleUnresponsive, "it is a Windows, whose agent may be silent for longer", silentHost,
			describes(func(i *types.Instance) { i.Platform = "windows" }), "", cases.OutcomeLater, "20m of silence required",
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
			"", cases.OutcomeLater, "so are 9 of 12 other agents",
		},
		{
			cases.RuleUnresponsive, "its check does not fail", failingHost,
			alter("DescribeInstanceStatus of the Region", func(out *ec2.DescribeInstanceStatusOutput) { out.InstanceStatuses = nil }),
			"", cases.OutcomeLater, "AWS's reachability check does not fail",
		},
		{
			cases.RuleUnresponsive, "its check fails since two minutes", failingHost,
			alter("DescribeInstanceStatus of the Region", func(out *ec2.DescribeInstanceStatusOutput) {
				out.InstanceStatuses[0].InstanceStatus.Details[0].ImpairedSince = aws.Time(at(11, 58, 0))
			}),
			"", cases.OutcomeLater, "fails for 2m, 5m required",
		},
		{
			cases.RuleUnresponsive, "its check passes again", failingHost,
			checked(func(s *types.InstanceStatus) { s.InstanceStatus.Status = types.SummaryStatusOk }), "", cases.OutcomeRefused, "failed and passes again: it is alive",
		},
		{
			cases.RuleUnresponsive, "its application answers", together(unheardApplication, checked(application(types.SummaryStatusImpaired, at(11, 50, 0)))),
			checked(application(types.SummaryStatusOk, time.Time{})), "", cases.OutcomeLater, "its application status check does not fail",
		},
		{
			cases.RuleUnresponsive, "its application fails since two minutes", together(unheardApplication, checked(application(types.SummaryStatusImpaired, at(11, 50, 0)))),
			checked(application(types.SummaryStatusImpaired, at(11, 58, 0))), "", cases.OutcomeLater, "its application status check fails for 2m, 5m required",
		},
	}
}

// unheardApplication has neither an agent nor a check that fails. Only its
// application status can show that it hangs.
func unheardApplication(w *world) {
	w.add(webA, machine{tag: "auto", noAgent: true, console: consoleUp})
	w.handler.Guard.Config.Rules.ApplicationStatus = true
}

func application(status types.SummaryStatus, since time.Time) func(*types.InstanceStatus) {
	return func(s *types.InstanceStatus) {
		s.ApplicationStatus = &types.ApplicationStatusSummary{Status: status}
		if !since.IsZero() {
			s.ApplicationStatus.ImpairedSince = &since
		}
	}
}

func consoleWalks() []ruleWalk {
	return []ruleWalk{
		{cases.RuleQuiet, "its console shows a capture kernel", silentHost, console(consoleDumping), "", cases.OutcomeRefused, "elfcorehdr=507252K"},
		{cases.RuleQuiet, "its console shows a boot", silentHost, console(consoleBooting), "", cases.OutcomeLater, "boot that has not finished"},
		{
			cases.RuleQuiet, "its console shows a shutdown", silentHost,
			console(consoleUp + "\r\n[  512.100000] reboot: Restarting system\r\n"), "", cases.OutcomeRefused, "it is shutting down",
		},
	}
}

// groupWalks are about the group and its members' signs of life.
func groupWalks() []ruleWalk {
	unhealthy := groupAlarm("unhealthy", at(11, 59, 0), "TargetGroup", apiPath)
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
			"", cases.OutcomeRefused, "its group web is terminating it already (Terminating:Wait)",
		},
		{
			cases.RuleRunning, "its Auto Scaling group does not list it", silentMember,
			member(func(i *astypes.Instance) { i.InstanceId = aws.String(webB) }), "", cases.OutcomeLater, "the group does not list it",
		},
		{
			cases.RuleGroup, "two other members of its Auto Scaling group are silent", silentMember,
			silentHosts(2), "", cases.OutcomeRefused, "3 of 6 members of its Auto Scaling group web show no life now, at most 2 may",
		},
		{
			cases.RuleGroup, "the checks of two other members of its Auto Scaling group fail", silentMember,
			impairedHosts(2, at(11, 59, 0)), "", cases.OutcomeRefused, "3 of 6 members of its Auto Scaling group web",
		},
		{
			cases.RuleGroup, "the casebook has two open cases of its Auto Scaling group", silentMember,
			claimed(20*time.Minute, "asg/web", host(0), host(1)), "", cases.OutcomeRefused, "2 of at most 2 open cases of its Auto Scaling group web are taken",
		},
		{
			cases.RuleGroup, "two other members of its tag group are silent", silentTagged,
			silentHosts(2), "", cases.OutcomeRefused, "3 of 6 members of its tag group db",
		},
		{
			cases.RuleGroup, "the casebook has two open cases of its tag group", silentTagged,
			claimed(20*time.Minute, "tag/db", host(0), host(1)), "", cases.OutcomeRefused, "open cases of its tag group db are taken",
		},
		{
			cases.RuleGroup, "two other members of its target group are silent", silentTarget,
			silentHosts(2), unhealthy, cases.OutcomeRefused, "3 of 6 members of its target group api/50dc6c495c0c9188",
		},
	}
}

func regionWalks() []ruleWalk {
	return []ruleWalk{
		{
			cases.RuleRegion, "the checks of eleven others fail", silentHost,
			impairedHosts(11, at(11, 45, 0)), "", cases.OutcomeRefused, "11 instances of the Region became unreachable within 30m, at most 10 may",
		},
		{
			cases.RuleRegion, "the checks of eleven others fail, and not since yesterday", together(silentHost, impairedHosts(11, at(11, 45, 0).AddDate(0, 0, -1))),
			impairedHosts(11, at(11, 45, 0)), "", cases.OutcomeRefused, "11 instances of the Region became unreachable within 30m",
		},
	}
}

// impairedHosts adds others to the list of instances whose check fails.
func impairedHosts(n int, since time.Time) func(*world) {
	return alter("DescribeInstanceStatus of the Region", func(out *ec2.DescribeInstanceStatusOutput) {
		for i := range n {
			out.InstanceStatuses = append(out.InstanceStatuses, impairedSince(host(i), since))
		}
	})
}

// impairedSince is the status of another instance whose reachability check fails.
func impairedSince(id string, since time.Time) types.InstanceStatus {
	return types.InstanceStatus{InstanceId: &id, InstanceStatus: &types.InstanceStatusSummary{
		Status:  types.SummaryStatusImpaired,
		Details: []types.InstanceStatusDetails{{ImpairedSince: &since, Status: types.StatusTypeFailed}},
	}}
}
