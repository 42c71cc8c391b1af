package intake_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/config"
)

// The consoles that the walks need, in the kernel's words.
const (
	consoleBooted  = "[    0.000000] Linux version 6.1.0-56-cloud-amd64\r\n[    0.000000] Command line: root=/dev/nvme0n1 ro crashkernel=256M\r\n[   12.500000] systemd[1]: Reached target Multi-User System.\r\nweb login: "
	consoleUp      = consoleBooted + "[ 4711.204810] TCP: request_sock_TCP: Possible SYN flooding on port 8080. Sending cookies.\r\n" // that boot was long ago
	consoleBooting = consoleUp + "\r\n[    0.000000] Linux version 6.1.0-56-cloud-amd64\r\n[    0.000000] Command line: root=/dev/nvme0n1 ro crashkernel=256M\r\n[    2.113009] nvme nvme0: 2/0/0 default/read/poll queues\r\n"
	consoleDumping = consoleUp + "\r\n[    0.000000] Linux version 6.1.0-56-cloud-amd64\r\n[    0.000000] Command line: root=/dev/nvme0n1 ro irqpoll nr_cpus=1 reset_devices elfcorehdr=507252K\r\n[    9.500000] kdump-tools[112]: running makedumpfile\r\n"
)

// at is a time of the walks' day.
func at(hour, minute, second int) time.Time {
	return time.Date(2026, 3, 4, hour, minute, second, 0, time.UTC)
}

// step is what one delivery is expected to come to.
type step struct {
	at      time.Time
	outcome string
	rule    string
	why     string // a part of the sentence: the figure that decided
}

// TestWalks follows one instance, one alarm and the clock from the alarm to the
// end of the story.
func TestWalks(t *testing.T) {
	for name, walk := range map[string]struct {
		machine machine
		metric  string
		alarm   time.Time
		steps   []step
		laters  map[int]string // what every pass between two steps says, by the second of them
		left    int            // in the queue at the end
		sent    int
	}{
		"an agent falls silent and the alarm comes early: permitted once its disk has been still for sixteen minutes": {
			machine: machine{tag: "auto", silentSince: at(12, 0, 30), console: consoleUp},
			metric:  "heartbeat", alarm: at(12, 3, 10),
			steps: []step{
				{at(12, 3, 15), "later", "unresponsive", "SSM ping 3m15s ago, 11m required"},
				{at(12, 10, 15), "later", "unresponsive", "SSM ping 10m15s ago, 11m required"},
				{at(12, 11, 15), "later", "unresponsive", "it writes nothing (0 for 9 min, 40 a minute before, 16 min required where its kernel may be alive); it says nothing (SSM ping 11m15s ago)"},
				{at(12, 16, 15), "later", "unresponsive", "0 for 14 min, 40 a minute before, 16 min required"},
				{at(12, 17, 15), "later", "unresponsive", "0 for 15 min, 40 a minute before, 16 min required"},
				{at(12, 18, 15), "interrupted", "unresponsive", "it says nothing (SSM ping 18m15s ago), it writes nothing (0 for 16 min, 40 a minute before), and nobody gets an answer"},
			},
			laters: map[int]string{1: "ago, 11m required", 3: "16 min required where its kernel may be alive"},
			sent:   1,
		},
		"the reachability check fails and there is no agent: that may be its network, so a person must ask": {
			machine: machine{tag: "auto", noAgent: true, failsFrom: at(12, 0, 0), console: consoleUp},
			metric:  "StatusCheckFailed_Instance", alarm: at(12, 2, 0),
			steps: []step{
				{at(12, 2, 5), "later", "unresponsive", "has failed for 2m5s, 5m required"},
				{at(12, 3, 5), "later", "unresponsive", "has failed for 3m5s, 5m required"},
				{at(12, 4, 5), "later", "unresponsive", "has failed for 4m5s, 5m required"},
				{at(12, 5, 5), "later", "unresponsive", "0 for 4 min, 40 a minute before, 5 min required"},
				{at(12, 6, 5), "held", "unresponsive", "neither agent nor heartbeat was heard in the hour before: that may be its network alone"},
			},
		},
		"its heartbeat stops and there is no agent: permitted after sixteen minutes": {
			machine: machine{tag: "auto", noAgent: true, heartbeat: true, failsFrom: at(12, 0, 0), failsUntil: at(12, 0, 1), console: consoleUp},
			metric:  "heartbeat", alarm: at(12, 4, 0),
			steps: []step{
				{at(12, 4, 5), "later", "unresponsive", "heartbeat 4m5s ago, 5 full minutes required"},
				{at(12, 5, 5), "later", "unresponsive", "0 for 4 min, 40 a minute before, 16 min required"},
				{at(12, 16, 5), "later", "unresponsive", "0 for 15 min, 40 a minute before, 16 min required"},
				{at(12, 17, 5), "interrupted", "unresponsive", "it says nothing (heartbeat 17m5s ago)"},
			},
			laters: map[int]string{2: "16 min required where its kernel may be alive"},
			sent:   1,
		},
		"its heartbeat stops, its check fails and there is no agent: permitted after five full minutes": {
			machine: machine{tag: "auto", noAgent: true, heartbeat: true, failsFrom: at(12, 0, 0), console: consoleUp},
			metric:  "heartbeat", alarm: at(12, 4, 0),
			steps: []step{
				{at(12, 4, 5), "later", "unresponsive", "reachability check has failed for 4m5s, 5m required"},
				{at(12, 5, 5), "later", "unresponsive", "0 for 4 min, 40 a minute before, 5 min required"},
				{at(12, 6, 5), "interrupted", "unresponsive", "it says nothing (heartbeat 6m5s ago, reachability check has failed for 6m5s), it writes nothing (0 for 5 min, 40 a minute before)"},
			},
			sent: 1,
		},
		"its agent was stopped, and it goes on working: alive as long as it is asked": {
			machine: machine{tag: "auto", silentSince: at(11, 46, 0), works: true},
			metric:  "CPUUtilization", alarm: at(12, 0, 0),
			steps: []step{
				{at(12, 0, 5), "later", "unresponsive", "it is alive: it writes as before: 40 a minute"},
				{at(12, 29, 5), "refused", "unresponsive", "given up after 30 passes: it is alive"},
			},
			laters: map[int]string{1: "it is alive"},
		},
		"an agent that is dead for days proves nothing about a CPU alarm": {
			machine: machine{tag: "auto", pingAt: at(12, 0, 0).Add(-40 * time.Hour)},
			metric:  "CPUUtilization", alarm: at(12, 0, 0),
			steps: []step{
				{at(12, 0, 5), "later", "unresponsive", "SSM ping 40h ago, longer than the 30m"},
				{at(12, 7, 5), "later", "unresponsive", "SSM ping 40h7m ago, longer than the 30m"},
				{at(12, 8, 5), "later", "unresponsive", "it is alive: it writes as before"},
				{at(12, 29, 5), "refused", "unresponsive", "given up after 30 passes: it is alive"},
			},
			laters: map[int]string{1: "longer than the 30m", 3: "it is alive"},
		},
		"the check fails but the agent pinged 30 s ago": {
			machine: machine{tag: "auto", failsFrom: at(12, 0, 0), pingAt: at(12, 6, 0)},
			metric:  "StatusCheckFailed_Instance", alarm: at(12, 2, 0),
			steps: []step{{at(12, 6, 30), "later", "unresponsive", "it is alive: SSM ping 30s ago"}},
			left:  1,
		},
		"a reboot for patching: its agent is back before anything is proven": {
			machine: machine{
				tag: "auto", silentSince: at(12, 0, 0), backAt: at(12, 3, 0), failsFrom: at(12, 0, 0), failsUntil: at(12, 1, 50), console: consoleBooting,
			},
			metric: "StatusCheckFailed_Instance", alarm: at(12, 1, 30),
			steps: []step{
				{at(12, 1, 35), "later", "unresponsive", "SSM ping 6m35s ago, 11m required, reachability check has failed for 1m35s, 5m required"},
				{at(12, 5, 35), "later", "unresponsive", "it is alive: SSM ping 35s ago"},
			},
			laters: map[int]string{1: "11m required"},
			left:   1,
		},
		"AWS is rebooting it by schedule": {
			machine: machine{tag: "auto", failsFrom: at(12, 0, 0), noAgent: true, scheduled: []types.InstanceStatusEvent{{
				Code: types.EventCodeSystemReboot, NotBefore: new(at(11, 58, 0)), NotAfter: new(at(13, 58, 0)),
			}}},
			metric: "StatusCheckFailed_Instance", alarm: at(12, 2, 0),
			steps: []step{{at(12, 5, 5), "refused", "booted", "system-reboot for it; its window opened 7m5s ago"}},
		},
		"it is dumping already": {
			machine: machine{tag: "auto", silentSince: fellSilent, console: consoleDumping},
			metric:  "heartbeat", alarm: at(12, 0, 0),
			steps: []step{{at(12, 0, 5), "refused", "quiet", "elfcorehdr=507252K"}},
		},
		"it has no agent and nothing else to show: it has its passes until it is no news any more": {
			machine: machine{tag: "auto", noAgent: true, idle: true, mute: true},
			metric:  "CPUUtilization", alarm: at(12, 0, 0),
			steps: []step{
				{at(12, 0, 5), "later", "unresponsive", "no SSM agent, no heartbeat, reachability check does not fail: nothing of it can fall silent"},
				{at(12, 29, 5), "refused", "unresponsive", "given up after 30 passes: not proven that it says nothing (no SSM agent"},
			},
			laters: map[int]string{1: "no SSM agent"},
		},
		"the alarm is half an hour old": {
			machine: machine{tag: "auto", silentSince: at(11, 25, 0)},
			metric:  "heartbeat", alarm: at(11, 30, 0),
			steps: []step{{at(12, 0, 0), "refused", "fresh", "the trigger is 30m old"}},
		},
		"nobody has tagged it": {
			machine: machine{silentSince: fellSilent},
			metric:  "heartbeat", alarm: at(12, 0, 0),
			steps: []step{{at(12, 0, 5), "refused", "opted-in", "no tag crashcart"}},
		},
		"Graviton is refused at once, silent or not": {
			machine: machine{tag: "auto", architecture: types.ArchitectureValuesArm64},
			metric:  "heartbeat", alarm: at(12, 0, 0),
			steps: []step{{at(12, 0, 5), "refused", "supported", "arm64"}},
		},
		"a failed dump could terminate it": {
			machine: machine{tag: "auto", silentSince: fellSilent, shutdown: "terminate"},
			metric:  "heartbeat", alarm: at(12, 0, 0),
			steps: []step{{at(12, 0, 5), "refused", "survives", `"terminate", not stop`}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, config.ModeAuto)
			w.add(webA, walk.machine)
			for i, s := range walk.steps {
				if i == 0 {
					w.now = s.at
					w.deliver(alarm("crashcart-web", walk.metric, walk.alarm, webA))
				} else {
					for later, ok := walk.laters[i]; ok && w.now.Add(time.Minute).Before(s.at); {
						w.advance(time.Minute)
						w.expect(step{outcome: "later", rule: "unresponsive", why: later})
					}
					w.advance(s.at.Sub(w.now))
				}
				w.expect(s)
			}
			if w.sent() != walk.sent {
				t.Errorf("%d interrupts were sent, want %d", w.sent(), walk.sent)
			}
			if len(w.queue) != walk.left {
				t.Errorf("%d targets are still in the queue, want %d", len(w.queue), walk.left)
			}
		})
	}
}

// expect checks that exactly one decision was made, and that it is this one.
func (w *world) expect(s step) decision {
	w.t.Helper()
	ds := w.decisions()
	if len(ds) != 1 {
		w.t.Fatalf("%s: %d decisions, want 1: %+v", w.now.Format(time.TimeOnly), len(ds), ds)
	}
	d := ds[0]
	if d.Outcome != s.outcome || d.Rule != s.rule || !strings.Contains(d.Why, s.why) {
		w.t.Fatalf("%s: %s by %s: %q\nwant %s by %s: ...%s...", w.now.Format(time.TimeOnly), d.Outcome, d.Rule, d.Why, s.outcome, s.rule, s.why)
	}
	return d
}

func TestWhoMayAskInEveryMode(t *testing.T) {
	for _, c := range []struct {
		mode   config.Mode
		tag    string
		alarm  string
		direct string
	}{
		{config.ModeDryRun, "manual", "held", "dry-run"},
		{config.ModeDryRun, "auto", "dry-run", "dry-run"},
		{config.ModeManual, "manual", "held", "interrupted"},
		{config.ModeManual, "auto", "held", "interrupted"},
		{config.ModeAuto, "manual", "held", "interrupted"},
		{config.ModeAuto, "auto", "interrupted", "interrupted"},
	} {
		for kind, want := range map[string]string{"alarm": c.alarm, "direct": c.direct} {
			t.Run(fmt.Sprintf("stack %s, tag %s, %s", c.mode, c.tag, kind), func(t *testing.T) {
				w := newWorld(t, c.mode)
				m := w.add(webA, machine{tag: c.tag, silentSince: fellSilent, console: consoleUp})
				if kind == "alarm" {
					w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
				} else if _, err := w.invoke(`{"instanceIds":["` + webA + `"],"reason":"checkout hangs"}`); err != nil {
					t.Fatal(err)
				}
				d := w.decisions()[0]
				if d.Outcome != want {
					t.Fatalf("%s: %s, want %s", d.Outcome, d.Why, want)
				}
				if sent := len(m.interruptedAt); (sent == 1) != (want == "interrupted") {
					t.Errorf("%d interrupts for the outcome %s", sent, want)
				}
				command := strings.Contains(d.Command, `aws lambda invoke --region eu-central-1 --function-name crashcart-interrupt`)
				if command != (want == "held") || d.Command != "" && !command || strings.Contains(d.Why, "aws lambda") || w.notified[0].Command != d.Command {
					t.Errorf("a held target, and no other, must come with the command to type, beside its reason: %q, %q, %+v", d.Why, d.Command, w.notified)
				}
			})
		}
	}
}

// hung is a world with one instance that may be interrupted at once.
func hung(t *testing.T, mode config.Mode) (*world, *machine) {
	w := newWorld(t, mode)
	return w, w.add(webA, machine{tag: "auto", silentSince: fellSilent, console: consoleUp})
}

func TestOneHangNeverGetsTwoInterrupts(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	first := alarm("crashcart-heartbeat", "heartbeat", at(11, 59, 0), webA)
	w.deliver(first)
	caseID := w.expect(step{outcome: "interrupted", rule: "unresponsive"}).CaseID

	w.deliver(first) // the same state change in another message
	if d := w.expect(step{outcome: "duplicate", rule: "episode", why: "this very trigger"}); d.CaseID != caseID {
		t.Errorf("the duplicate names case %s, want %s", d.CaseID, caseID)
	}
	w.advance(time.Minute)
	w.deliver(alarm("crashcart-cpu", "CPUUtilization", at(12, 0, 30), webA))
	w.expect(step{outcome: "duplicate", rule: "episode", why: "was opened 1m ago and is still open"})

	w.advance(time.Minute) // a composite alarm acts two minutes later
	w.deliver(alarm("crashcart-composite-as-metric", "StatusCheckFailed", at(12, 2, 0), webA))
	w.expect(step{outcome: "duplicate", rule: "episode"})

	if _, err := w.invoke(`{"instanceIds":["` + webA + `"],"reason":"again","force":["unresponsive","cooldown"]}`); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "duplicate", rule: "episode"})

	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts, want exactly one", len(m.interruptedAt))
	}
}

func TestTwoAlarmsInOneBatchNeverFireTwice(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.deliver(
		alarm("crashcart-heartbeat", "heartbeat", at(11, 59, 0), webA),
		alarm("crashcart-target", "UnHealthyHostCount", at(11, 59, 30), webA),
	)
	got := map[string]int{}
	for _, d := range w.decisions() {
		got[d.Outcome]++
	}
	if got["interrupted"] != 1 || got["duplicate"] != 1 || len(m.interruptedAt) != 1 {
		t.Errorf("outcomes %v, %d interrupts; want one interrupted, one duplicate, one interrupt", got, len(m.interruptedAt))
	}
}

func TestCooldownOutlivesTheCase(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.deliver(alarm("crashcart-heartbeat", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "interrupted", rule: "unresponsive"})
	m.silentSince, m.backAt = at(11, 50, 0), at(12, 5, 0)

	w.advance(49 * time.Hour) // the case has lapsed, the machine hangs again
	m.silentSince, m.backAt = w.now.Add(fellSilent.Sub(noon)), time.Time{}
	w.deliver(alarm("crashcart-heartbeat", "heartbeat", w.now.Add(-time.Minute), webA))
	w.expect(step{outcome: "interrupted", rule: "unresponsive"})
	if len(m.interruptedAt) != 2 {
		t.Errorf("%d interrupts of two episodes", len(m.interruptedAt))
	}
}

func TestAnUnknownIdNeverFailsItsBatch(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.deliver(alarm("crashcart-gone", "heartbeat", at(11, 59, 0), "i-0ffffffffffffffff"), alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	ds := w.decisions()
	gone := slices.IndexFunc(ds, func(d decision) bool { return d.InstanceID == "i-0ffffffffffffffff" })
	if len(ds) != 2 || gone < 0 || ds[gone].Rule != "known" || !strings.Contains(ds[gone].Why, "no such instance in this account and Region") {
		t.Errorf("decisions: %+v", ds)
	}
	if len(m.interruptedAt) != 1 {
		t.Errorf("the hung instance beside it was interrupted %d times", len(m.interruptedAt))
	}
}

func TestAGroupThatFailsAltogetherIsNeverInterrupted(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	var ids []string
	for i := range 6 {
		id := fmt.Sprintf("i-0c1b2c3d4e5f6070%d", i)
		ids = append(ids, id)
		w.add(id, machine{tag: "auto", group: "checkout", silentSince: fellSilent, console: consoleUp, subnet: "subnet-of-" + id})
	}
	w.healthy(len(ids))
	w.deliver(alarm("crashcart-group", "heartbeat", at(11, 59, 0), ids[0]))
	w.expect(step{outcome: "refused", rule: "group", why: "6 of 6 members of its Auto Scaling group checkout show no life now, at most 2 may"})
	w.deliver(alarm("crashcart-group", "heartbeat", at(11, 59, 30), ids...))
	for _, d := range w.decisions() {
		if d.Rule != "group" {
			t.Errorf("%s: %s by %s", d.InstanceID, d.Outcome, d.Rule)
		}
	}
	if w.sent() != 0 {
		t.Errorf("%d interrupts", w.sent())
	}
}

func TestOneHungMemberOfAHealthyGroupIsInterrupted(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto", group: "checkout", silentSince: fellSilent, console: consoleUp})
	for i := range 5 {
		w.add(fmt.Sprintf("i-0c1b2c3d4e5f6070%d", i), machine{tag: "auto", group: "checkout"})
	}
	w.deliver(alarm("crashcart-group", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "interrupted", rule: "unresponsive"})
}
