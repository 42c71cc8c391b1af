package intake_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"crashcart/lambda/domain/config"
)

// What a kernel says on its console some minutes later.
const (
	saysStuck = "\r\n[ 5000.100000] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [kworker/0:1:17]\r\n"
	saysLogin = "\r\n[ 5000.100000] systemd[1]: Started Daily Cleanup of Temporary Directories.\r\n"
)

// undisked is a world with one instance whose agent and heartbeat have fallen silent, and
// whose disk was never written: only its kernel's own word can show that it hangs.
func undisked(t *testing.T) (*world, *machine) {
	w := newWorld(t, config.ModeAuto)
	return w, w.add(webA, machine{tag: "auto", silentSince: fellSilent, idle: true, heartbeat: true, console: consoleUp})
}

func TestAKernelThatSaysItIsStuckIsBelievedOnlyAfterAPassBefore(t *testing.T) {
	w, m := undisked(t)
	m.console += saysStuck // it may be from days ago
	w.deliver(heartbeat)
	w.expect(step{outcome: "later", rule: "unresponsive", why: "its console was read for the first time"})
	w.advance(time.Minute)
	w.expect(step{outcome: "later", rule: "unresponsive", why: "nothing new on the console"})
	m.console += strings.ReplaceAll(saysStuck, "5000", "5028")
	w.advance(time.Minute)
	w.expect(step{outcome: "later", rule: "unresponsive", why: "stuck for 22s! [kworker/0:1:17], for how long is not known"})
	m.console += strings.NewReplacer("5000", "5256", "22s", "250s").Replace(saysStuck)
	w.advance(time.Minute)
	w.expect(step{outcome: "interrupted", rule: "unresponsive", why: "soft lockup"})
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

func TestAConsoleThatShowsLifeNeverPermits(t *testing.T) {
	w, m := undisked(t)
	w.deliver(heartbeat)
	w.expect(step{outcome: "later", rule: "unresponsive"})
	m.console += strings.ReplaceAll(saysStuck, "5000", "4990") + saysLogin
	w.advance(time.Minute)
	w.expect(step{outcome: "later", rule: "unresponsive", why: "it is alive: console since the last pass"})
}

// Reading consoles costs calls that EC2 throttles, and most passes are about living hosts.
func TestAConsoleOfALivingHostIsNeverRead(t *testing.T) {
	for name, m := range map[string]machine{
		"its agent is heard":                         {tag: "auto"},
		"its agent was stopped, and its disk writes": {tag: "auto", silentSince: fellSilent, works: true},
	} {
		w := newWorld(t, config.ModeAuto)
		w.add(webA, m)
		w.deliver(heartbeat)
		w.advance(time.Hour)
		if n := w.called("GetConsoleOutput") + w.called("GetConsoleScreenshot"); n != 0 || w.sent() != 0 {
			t.Errorf("%s: %d consoles and screens were read for %d interrupts: %v", name, n, w.sent(), summary(w.decisions()))
		}
	}
}

// A console shows a host that comes back minutes before its signs of life are published. And
// the rule quiet must not see one that is older than the evidence.
func TestAConsoleIsNeverLeftUnreadOnceAVoiceIsLate(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto", silentSince: at(11, 57, 30), heartbeat: true, console: consoleUp})
	w.deliver(heartbeat)
	late := at(12, 1, 1) // a ping was due at noon, and may be a minute late
	for before := 0; w.now.Before(at(12, 15, 0)); before = w.called("GetConsoleOutput") {
		w.advance(time.Minute)
		want := 0
		if !w.now.Before(late) {
			want = 1
		}
		if w.sent() > 0 {
			want += 2 // the evidence
		}
		if n := w.called("GetConsoleOutput") - before; n != want {
			t.Errorf("%s: %d consoles were read, want %d", w.now.Format(time.TimeOnly), n, want)
		}
	}
	if w.sent() != 1 || w.called("GetConsoleScreenshot") != 1 {
		t.Errorf("%d interrupts, %d screens were photographed: %v", w.sent(), w.called("GetConsoleScreenshot"), summary(w.decisions()))
	}
}

func TestAnEarlyConsoleThatCannotBeReadNeverPermits(t *testing.T) {
	w, m := undisked(t)
	w.fail["GetConsoleOutput, latest"] = apiError{"RequestLimitExceeded"}
	w.deliver(heartbeat)
	w.expect(step{outcome: "later", rule: "unresponsive", why: "RequestLimitExceeded"})
	w.advance(time.Hour)
	if ds := w.decisions(); ds[len(ds)-1].Outcome != "refused" || len(m.interruptedAt) != 0 {
		t.Errorf("%d interrupts, the last decision is %+v", len(m.interruptedAt), ds[len(ds)-1])
	}
}

func TestADumpThatAnEarlyConsoleShowsIsMarked(t *testing.T) {
	w, m := undisked(t)
	m.console = consoleDumping
	w.deliver(heartbeat)
	w.expect(step{outcome: "refused", rule: "quiet", why: "elfcorehdr=507252K"})
	if seen := w.marked(); !seen.Equal(w.now) {
		t.Errorf("marked at %s", seen)
	}
}

// What hung with its volumes may go on by itself, minutes after they are back.
func TestAVolumesCheckThatFailedIsNeverForgottenByTheNextPass(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	m.heartbeat = true
	checked(func(s *types.InstanceStatus) {
		s.AttachedEbsStatus = &types.EbsStatusSummary{Status: types.SummaryStatusImpaired}
	})(w)
	w.deliver(heartbeat)
	w.expect(step{outcome: "later", rule: "host-ok", why: "attached-EBS check fails"})
	delete(w.alter, "DescribeInstanceStatus")
	w.advance(9*time.Minute + 59*time.Second)
	for _, d := range w.decisions() {
		if d.Rule != "host-ok" || !strings.Contains(d.Why, "attached-EBS check failed") {
			t.Errorf("%s by %s: %s", d.Outcome, d.Rule, d.Why)
		}
	}
	w.advance(2 * time.Minute)
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts: %v", len(m.interruptedAt), summary(w.decisions()))
	}
}

// Where nothing but the machine's own question stays open, a person can answer it.
func TestAHangThatOnlyAPersonCanTellIsNeverJustRefused(t *testing.T) {
	w, m := undisked(t)
	w.deliver(heartbeat)
	w.advance(time.Hour)
	ds := w.decisions()
	last := ds[len(ds)-1]
	if last.Outcome != "held" || last.Rule != "unresponsive" || !strings.HasPrefix(last.Why, "given up after 29 passes: ") || !strings.Contains(last.Why, "nothing new on the console") || !strings.Contains(last.Command, webA) {
		t.Errorf("the last of %d decisions is %+v", len(ds), last)
	}
	if len(m.interruptedAt) != 0 || len(w.queue) != 0 {
		t.Errorf("%d interrupts, %d messages in the queue", len(m.interruptedAt), len(w.queue))
	}
	if _, err := w.invoke(please); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "interrupted", rule: "unresponsive"})
}

// A person's request reaches back to before the last ping, however old that is.
func TestAPersonsRequestFindsTheBaselineFromBeforeTheLastPing(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	m := w.add(webA, machine{tag: "manual", silentSince: noon.Add(-26 * time.Hour), console: consoleUp})
	if _, err := w.invoke(please); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "interrupted", rule: "unresponsive", why: "it writes nothing (0 for"})
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

// The open cases of a group that nobody has named count, too.
func TestOpenCasesOfATargetGroupThatWasFoundAreNeverOverlooked(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	silentBehind(w)
	claimed(20*time.Minute, "tg/api/50dc6c495c0c9188", host(0), host(1))(w)
	w.deliver(heartbeat)
	w.expect(step{outcome: "refused", rule: "group", why: "2 of at most 2 open cases of its target group api/50dc6c495c0c9188 are taken"})
	if w.sent() != 0 {
		t.Errorf("%d interrupts", w.sent())
	}
}

// A host whose agent was heard is decided without asking for its metrics: most passes are
// about such hosts.
func TestAHostThatIsHeardCostsOneRound(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto"})
	w.alter["DescribeVolumes"] = func(any) { t.Error("its volumes were asked for") }
	alter("DescribeInstanceTypes", func(*ec2.DescribeInstanceTypesOutput) { t.Error("its type was asked for") })(w)
	w.deliver(heartbeat)
	w.expect(step{outcome: "later", rule: "unresponsive", why: "it is alive: SSM ping 0s ago"})
	if n := w.called("GetMetricData"); n != 0 {
		t.Errorf("%d calls for metrics", n)
	}
}
