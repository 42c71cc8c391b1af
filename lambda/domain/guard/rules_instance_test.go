package guard_test

import (
	"testing"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/domain/instance"
	"crashcart/lambda/domain/trigger"
)

func TestAnInstanceThatDoesNotExistIsNeverInterrupted(t *testing.T) {
	judge(t, "known", []situation{
		{"it exists", func(*scene) {}, guard.Permitted},
		{"it does not, and nothing else is known", func(s *scene) { s.description = instance.Description{} }, guard.Refused},
	})
}

func TestAnInstanceThatNobodyOptedInIsNeverInterrupted(t *testing.T) {
	tag := func(value string) func(*scene) {
		return func(s *scene) {
			s.direct()
			s.description.Tag = value
		}
	}
	judge(t, "opted-in", []situation{
		{"auto", tag(config.TagAuto), guard.Permitted},
		{"manual", tag(config.TagManual), guard.Permitted},
		{"no tag", tag(""), guard.Refused},
		{"Auto", tag("Auto"), guard.Refused},
		{"auto and a space", tag("auto "), guard.Refused},
		{"true", tag("true"), guard.Refused},
		{"off", tag("off"), guard.Refused},
		{"several lines", tag("auto\nmanual"), guard.Refused},
		{"no tag, but one whose key is spelt otherwise", func(s *scene) {
			tag("")(s)
			s.description.TagMisspelt = "CrashCart"
		}, guard.Refused},
		{"auto, and a second tag whose key is spelt otherwise", func(s *scene) { s.description.TagMisspelt = "Crashcart" }, guard.Refused},
		{"a key with an escape in it", func(s *scene) { s.description.TagMisspelt = "CRASHCART\x1b[2J" }, guard.Refused},
	})
}

func TestAnInstanceThatEC2CannotInterruptIsNeverTried(t *testing.T) {
	kind := func(name, arch string, k instance.Type) func(*scene) {
		return func(s *scene) { s.description.Type, s.description.Architecture, s.kind = name, arch, k }
	}
	nitro := func(archs ...string) instance.Type { return instance.Type{Hypervisor: "nitro", Architectures: archs} }
	metal := func(archs ...string) instance.Type { return instance.Type{BareMetal: true, Architectures: archs} }
	judge(t, "supported", []situation{
		{"Nitro, x86_64", kind("m6i.large", "x86_64", nitro("x86_64")), guard.Permitted},
		{"Nitro, i386", kind("t3.small", "i386", nitro("i386", "x86_64")), guard.Permitted},
		{"bare metal, x86_64", kind("m5.metal", "x86_64", metal("x86_64")), guard.Permitted},
		{"Graviton", kind("m7g.large", "arm64", nitro("arm64")), guard.Refused},
		{"Graviton on bare metal", kind("a1.metal", "arm64", metal("arm64")), guard.Refused},
		{"Graviton whose instance says x86_64", kind("m7g.large", "x86_64", nitro("arm64")), guard.Refused},
		{"a type for both", kind("m9x.large", "x86_64", nitro("x86_64", "arm64")), guard.Refused},
		{"a Mac", kind("mac1.metal", "x86_64_mac", metal("x86_64_mac")), guard.Refused},
		{"an Arm Mac", kind("mac2.metal", "arm64_mac", metal("arm64_mac")), guard.Refused},
		{"Xen", kind("m4.large", "x86_64", instance.Type{Hypervisor: "xen", Architectures: []string{"x86_64"}}), guard.Refused},
		{"AWS says no architecture", kind("m6i.large", "", nitro("x86_64")), guard.Later},
		{"AWS says no hypervisor", kind("m6i.large", "x86_64", instance.Type{Architectures: []string{"x86_64"}}), guard.Later},
		{"AWS says no architecture of the type", kind("m6i.large", "x86_64", nitro()), guard.Later},
	})
}

func TestAnInstanceThatIsGoingIsNeverInterrupted(t *testing.T) {
	state := func(state string) func(*scene) { return func(s *scene) { s.description.State = state } }
	lifecycle := func(name string) func(*scene) {
		return func(s *scene) {
			s.member(5)
			s.group.Lifecycle = name
		}
	}
	direct := func(change func(*scene)) func(*scene) {
		return func(s *scene) {
			change(s)
			s.direct("unresponsive", "cooldown", "quiet")
		}
	}
	judge(t, "running", []situation{
		{"running", state("running"), guard.Permitted},
		{"pending", state("pending"), guard.Refused},
		{"stopping", state("stopping"), guard.Refused},
		{"stopped", state("stopped"), guard.Refused},
		{"shutting-down", state("shutting-down"), guard.Refused},
		{"terminated", state("terminated"), guard.Refused},
		{"AWS says no state", state(""), guard.Later},
		{"managed by another service", func(s *scene) { s.description.Operator = "eks.amazonaws.com" }, guard.Refused},
		{"in service", lifecycle("InService"), guard.Permitted},
		{"in service, and a person asks", direct(lifecycle("InService")), guard.Permitted},
		{"standby", lifecycle("Standby"), guard.Held},
		{"standby, and a person asks", direct(lifecycle("Standby")), guard.Permitted},
		{"entering standby", lifecycle("EnteringStandby"), guard.Held},
		{"pending", lifecycle("Pending"), guard.Held},
		{"pending, waiting for a hook, and a person asks", direct(lifecycle("Pending:Wait")), guard.Permitted},
		{"detaching", lifecycle("Detaching"), guard.Held},
		{"in a warm pool", lifecycle("Warmed:Running"), guard.Held},
		{"in a state that nobody knows yet", lifecycle("in-service"), guard.Held},
		{"terminating, and a person forces", direct(lifecycle("Terminating:Wait")), guard.Refused},
		{"terminating", lifecycle("Terminating"), guard.Refused},
		{"terminating, waiting for a hook", lifecycle("Terminating:Wait"), guard.Refused},
		{"terminating in a warm pool", lifecycle("Warmed:Terminating:Proceed"), guard.Refused},
		{"terminated", lifecycle("Terminated"), guard.Refused},
		{"its group does not list it", lifecycle(""), guard.Later},
		{"in a tag group, which has no lifecycle", func(s *scene) {
			s.member(5)
			s.group.Kind, s.group.Lifecycle = instance.GroupTag, ""
		}, guard.Permitted},
	})
}

func TestAnInstanceThatIsStartingOrIsRebootedByAWSIsNeverInterrupted(t *testing.T) {
	up := func(d time.Duration) func(*scene) {
		return func(s *scene) {
			s.description.LaunchedAt = ago(d)
			s.died(ago(min(d, 12*time.Minute)))
			s.direct("unresponsive")
		}
	}
	event := func(e instance.Event) func(*scene) {
		return func(s *scene) { s.status.Events = []instance.Event{e} }
	}
	const code = "system-reboot"
	judge(t, "booted", []situation{
		{"launched a second short of 10 minutes ago", up(10*time.Minute - time.Second), guard.Later},
		{"launched 10 minutes ago", up(10 * time.Minute), guard.Permitted},
		{"launched a second more than 10 minutes ago", up(10*time.Minute + time.Second), guard.Permitted},
		{"launched in the future, by a clock that is ahead", up(-5 * time.Second), guard.Later},
		{"AWS says no launch", func(s *scene) {
			s.direct("unresponsive")
			s.description.LaunchedAt = time.Time{}
		}, guard.Later},
		{"a window opens in a second", event(instance.Event{Code: code, NotBefore: noon.Add(time.Second), NotAfter: noon.Add(time.Hour)}), guard.Permitted},
		{"a window opens", event(instance.Event{Code: code, NotBefore: noon, NotAfter: noon.Add(time.Hour)}), guard.Refused},
		{"a window is open", event(instance.Event{Code: code, NotBefore: ago(12 * time.Minute), NotAfter: noon.Add(time.Hour)}), guard.Refused},
		{"a window closes", event(instance.Event{Code: code, NotBefore: ago(time.Hour), NotAfter: noon}), guard.Refused},
		{"a window closed a second ago", event(instance.Event{Code: code, NotBefore: ago(time.Hour), NotAfter: ago(time.Second)}), guard.Permitted},
		{"a window without an end is open", event(instance.Event{Code: "instance-retirement", NotBefore: ago(5 * 24 * time.Hour)}), guard.Refused},
		{"a window without a beginning", event(instance.Event{Code: "instance-stop"}), guard.Refused},
		{"a reboot of the instance", event(instance.Event{Code: "instance-reboot", NotBefore: ago(time.Minute)}), guard.Refused},
		{"maintenance", event(instance.Event{Code: "system-maintenance", NotBefore: ago(time.Minute)}), guard.Refused},
		{"an event of a kind that nobody knows yet", event(instance.Event{Code: "instance-dry run", NotBefore: ago(time.Minute)}), guard.Refused},
		{"completed", event(instance.Event{Code: code, Description: "[Completed] The host is up", NotBefore: ago(time.Hour)}), guard.Permitted},
		{"cancelled", event(instance.Event{Code: code, Description: "[Canceled] The host is up", NotBefore: ago(time.Hour)}), guard.Permitted},
		{"completed, by the last word only", event(instance.Event{Code: code, Description: "Not yet [Completed]", NotBefore: ago(time.Hour)}), guard.Refused},
		{"the second of two is open", func(s *scene) {
			s.status.Events = []instance.Event{
				{Code: code, Description: "[Completed]", NotBefore: ago(time.Hour)}, {Code: "instance-stop", NotBefore: ago(26 * time.Hour)},
			}
		}, guard.Refused},
	})
}

func TestAGuestIsNeverInterruptedForItsHost(t *testing.T) {
	status := func(system, ebs string) func(*scene) {
		return func(s *scene) { s.status.System.Status, s.status.EBS.Status = system, ebs }
	}
	// failed is a pass of that long ago, which saw the check of the volumes fail.
	failed := func(d time.Duration) func(*scene) {
		return func(s *scene) { s.ref.Seen.EBS = ago(d) }
	}
	judge(t, "host-ok", []situation{
		{"both ok", status("ok", "ok"), guard.Permitted},
		{"no check of volumes", status("ok", ""), guard.Permitted},
		{"host impaired", status("impaired", "ok"), guard.Refused},
		{"neither check applies", status("not-applicable", "not-applicable"), guard.Permitted},
		{"volumes impaired", status("ok", "impaired"), guard.Later},
		{"volumes without data", status("ok", "insufficient-data"), guard.Later},
		{"volumes initializing", status("ok", "initializing"), guard.Later},
		{"both impaired", status("impaired", "impaired"), guard.Refused},
		{"AWS has no data of the host", status("insufficient-data", "ok"), guard.Later},
		{"AWS is still checking the host", status("initializing", "ok"), guard.Later},
		{"AWS says something new of the host", status("Ok", "ok"), guard.Later},
		{"AWS does not speak of the host", status("", "ok"), guard.Later},
		{"the instance's own check is impaired", func(s *scene) { s.status.Instance.Status = "impaired" }, guard.Permitted},
		{"volumes were impaired a second short of 10 minutes ago", failed(10*time.Minute - time.Second), guard.Later},
		{"volumes were impaired 10 minutes ago", failed(10 * time.Minute), guard.Permitted},
		{"volumes were impaired by a clock that is ahead", failed(-time.Second), guard.Later},
		{"volumes were impaired, and somebody forces", func(s *scene) {
			s.direct("unresponsive", "cooldown", "quiet")
			s.ref.Seen = &trigger.Seen{At: ago(time.Minute)}
			failed(time.Minute)(s)
		}, guard.Later},
	})
}

func TestAnInstanceThatAPowerOffWouldEndIsNeverInterrupted(t *testing.T) {
	behaviour := func(b string) func(*scene) { return func(s *scene) { s.shutdown = b } }
	judge(t, "survives", []situation{
		{"stop", behaviour("stop"), guard.Permitted},
		{"terminate", behaviour("terminate"), guard.Refused},
		{"nothing said", behaviour(""), guard.Refused},
	})
}
