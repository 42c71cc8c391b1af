package guard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/printable"
	"crashcart/lambda/domain/trigger"
)

// known permits instances that this account and Region has.
type known struct{}

func (known) Name() string { return cases.RuleKnown }

func (known) Check(in Inquiry) Verdict {
	d, err := in.Instance.Description.Get()
	switch {
	case err != nil:
		return doubt("the instance", err)
	case !d.Exists:
		return refuse("no such instance in this account and Region (%s)", in.Config.Region)
	}
	return allow()
}

// optedIn permits instances that somebody has tagged auto or manual. IAM compares the keys
// of tags without their case ("AWS global condition context keys", AWS IAM User Guide:
// aws:ResourceTag), so another spelling of the key opts in by IAM's policies, too. Its value
// may differ from that of the real key, so it refuses, whatever else the tags say.
type optedIn struct{}

func (optedIn) Name() string { return cases.RuleOptedIn }

func (optedIn) Check(in Inquiry) Verdict {
	d, err := in.Instance.Description.Get()
	switch {
	case err != nil:
		return doubt("its tag "+config.TagKey, err)
	case d.TagMisspelt != "":
		return refuse("its tag key %q differs from %s in its letters' case alone, and IAM takes both for one key: remove it, and let only %s say %s or %s",
			d.TagMisspelt, config.TagKey, config.TagKey, config.TagAuto, config.TagManual)
	case d.Tag == "":
		return refuse("it has no tag %s, or an empty one; %s or %s would opt it in", config.TagKey, config.TagAuto, config.TagManual)
	case d.Tag != config.TagAuto && d.Tag != config.TagManual:
		return refuse("its tag %s is %q; only %s or %s opts it in", config.TagKey, d.Tag, config.TagAuto, config.TagManual)
	}
	return allow()
}

// supported permits what EC2 can interrupt: Nitro and bare metal, and never Graviton
// ("Send a diagnostic interrupt to debug an unreachable Amazon EC2 instance", Amazon EC2
// User Guide). The hypervisor is read from the instance type: the instance's own field
// says xen for Nitro too.
type supported struct{}

func (supported) Name() string { return cases.RuleSupported }

func (supported) Check(in Inquiry) Verdict {
	d, err := in.Instance.Description.Get()
	switch {
	case err != nil:
		return doubt("its architecture", err)
	case d.Architecture == "":
		return doubt("its architecture", errUnsaid)
	case foreign(d.Architecture):
		return refuse("%s is %s; EC2 can only interrupt x86_64 and i386", d.Type, d.Architecture)
	}
	t, err := in.Instance.Type.Get()
	switch {
	case err != nil:
		return doubt("its instance type", err)
	case !t.BareMetal && t.Hypervisor == "":
		return doubt("the hypervisor of "+d.Type, errUnsaid)
	case !t.BareMetal && t.Hypervisor != "nitro":
		return refuse("%s runs on the hypervisor %s; EC2 can only interrupt Nitro and bare metal", d.Type, t.Hypervisor)
	case len(t.Architectures) == 0:
		return doubt("the architecture of "+d.Type, errUnsaid)
	case slices.ContainsFunc(t.Architectures, foreign):
		return refuse("%s is made for %s; EC2 can only interrupt x86_64 and i386", d.Type, strings.Join(t.Architectures, " and "))
	}
	return allow()
}

// foreign says whether EC2 cannot interrupt the architecture. It compares the whole
// word, since a Mac's architecture is x86_64_mac.
func foreign(arch string) bool { return arch != "x86_64" && arch != "i386" }

// running permits instances that run, that this account manages itself, and that are in
// service in their group, or in none. A member that its group has set aside, or is starting,
// gives nobody an answer and may well be silent: only a person knows whether it hangs.
type running struct{}

func (running) Name() string { return cases.RuleRunning }

func (running) Check(in Inquiry) Verdict {
	d, err := in.Instance.Description.Get()
	switch {
	case err != nil:
		return doubt("its state", err)
	case d.State == "":
		return doubt("its state", errUnsaid)
	case d.State != "running":
		return refuse("it is %s, not running", d.State)
	case d.Operator != "":
		return refuse("it is managed by %s, not by this account", d.Operator)
	}
	return serving(in)
}

// serving permits members that are in service in their group, and those of no group.
func serving(in Inquiry) Verdict {
	g, err := in.Instance.Group.Get()
	switch {
	case err != nil:
		return doubt("its group", err)
	case g.Kind == instance.GroupAutoScaling && g.Name != "" && g.Lifecycle == "":
		return doubt("what its group "+printable.Line(g.Name, maxText)+" does with it", errors.New("the group does not list it"))
	case terminating(g.Lifecycle):
		return refuse("its group %s is terminating it already (%s)", printable.Line(g.Name, maxText), printable.Line(g.Lifecycle, maxText))
	case g.Lifecycle != "" && g.Lifecycle != inService && in.Trigger.Kind != trigger.KindDirect:
		return Verdict{
			Kind: Held, Command: in.command(),
			Why: fmt.Sprintf("its group %s has it in %s, not in %s, so a person must ask",
				printable.Line(g.Name, maxText), printable.Line(g.Lifecycle, maxText), inService),
		}
	}
	return allow()
}

// inService is the state of a member that does its group's work ("Amazon EC2 Auto Scaling
// instance lifecycle", Amazon EC2 Auto Scaling User Guide).
const inService = "InService"

// terminating says whether a group is terminating its member. That covers the states of
// a warm pool ("Warmed:Terminating:Wait") and the end ("Terminated"), too ("Amazon EC2
// Auto Scaling instance lifecycle", Amazon EC2 Auto Scaling User Guide).
func terminating(lifecycle string) bool { return strings.Contains(lifecycle, "Terminat") }

// booted permits instances that have had the time to boot, and that AWS is not rebooting
// or stopping itself. The launch time does not change on a reboot. A reboot from inside
// shows on the console, which the rule quiet reads.
type booted struct{}

func (booted) Name() string { return cases.RuleBooted }

func (booted) Check(in Inquiry) Verdict {
	d, err := in.Instance.Description.Get()
	switch {
	case err != nil:
		return doubt("when it was launched", err)
	case d.LaunchedAt.IsZero():
		return doubt("when it was launched", errUnsaid)
	}
	if up, need := in.Now.Sub(d.LaunchedAt), in.Config.Rules.Booted; up < need {
		return notYet("launched %s ago, %s required", printable.Duration(up), printable.Duration(need)).in(need - up)
	}
	s, err := in.Instance.Status.Get()
	if err != nil {
		return doubt("its scheduled events", err)
	}
	for _, e := range s.Events {
		if windowOpen(in.Now, e) {
			return refuse("AWS has scheduled %s for it; its window opened %s", e.Code, printable.Ago(in.Now, e.NotBefore))
		}
	}
	return allow()
}

// windowOpen says whether the window of a scheduled event is open. Every kind of event
// reboots, stops or cuts off the instance ("Scheduled events for your instances", Amazon
// EC2 User Guide), so a kind that is not known yet counts like the others.
func windowOpen(now time.Time, e instance.Event) bool {
	over := strings.HasPrefix(e.Description, "[Completed]") || strings.HasPrefix(e.Description, "[Canceled]")
	return !over && !now.Before(e.NotBefore) && (e.NotAfter.IsZero() || !now.After(e.NotAfter))
}

// hostOK permits while the trouble is the guest's own. An interrupt cannot help a broken
// host. Without its volumes a guest writes nothing, answers nobody, and has nowhere to write
// a dump; it goes on when they are back. Every instance has the check of its host; not every
// one has that of its volumes.
type hostOK struct{}

func (hostOK) Name() string { return cases.RuleHostOK }

func (hostOK) Check(in Inquiry) Verdict {
	s, err := in.Instance.Status.Get()
	switch {
	case err != nil:
		return doubt("AWS's own checks of the host", err)
	case s.System.Status == "impaired":
		return refuse("AWS's system status check fails: the host is broken, not the guest; stop and start moves it")
	case s.System.Status == "":
		return doubt("AWS's own check of the host", errUnsaid)
	case !passes(s.System):
		return notYet("AWS's system status check says %s, and must say ok or not-applicable", printable.Line(s.System.Status, maxText))
	case s.EBS.Status == "impaired":
		return notYet("AWS's attached-EBS check fails: a host without its volumes looks hung, and goes on when they are back; %s after that it is decided anew",
			printable.Duration(ebsHeals)).in(ebsHeals)
	case s.EBS.Status != "" && !passes(s.EBS):
		return notYet("AWS's attached-EBS check says %s, and must say ok or not-applicable", printable.Line(s.EBS.Status, maxText))
	}
	return healed(in)
}

// passes says whether a status check finds nothing, or does not apply to the instance
// ("InstanceStatusSummary", Amazon EC2 API Reference).
func passes(c instance.Check) bool { return c.Status == "ok" || c.Status == "not-applicable" }

// healed permits once the attached-EBS check has passed for long enough, if a pass over
// this target saw it fail.
func healed(in Inquiry) Verdict {
	seen := in.Ref.Seen
	if seen == nil || seen.EBS.IsZero() {
		return allow()
	}
	if age := in.asOf().Sub(seen.EBS); age < ebsHeals {
		return notYet("AWS's attached-EBS check failed %s ago: what hung with its volumes may go on by itself; %s since then required",
			printable.Duration(age), printable.Duration(ebsHeals)).in(ebsHeals - age)
	}
	return allow()
}

// survives permits instances that a power-off from inside stops and does not terminate.
// A capture kernel that fails may power off.
type survives struct{}

func (survives) Name() string { return cases.RuleSurvives }

func (survives) Check(in Inquiry) Verdict {
	b, err := in.Instance.Shutdown.Get()
	switch {
	case err != nil:
		return doubt("its shutdown behaviour", err)
	case b != "stop":
		return refuse("its shutdown behaviour is %q, not stop: a failed dump could terminate it", b)
	}
	return allow()
}
