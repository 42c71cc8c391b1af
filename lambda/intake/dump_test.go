package intake_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// What a console's ring holds while a dump goes on, and after it has forgotten it.
const (
	progress     = "Copying data                                      : [ 41.0 %] -           eta: 9m1s\r"
	nothingKnown = "[91200.118400] app[811]: request 4711 served in 12 ms\r\n[91200.131120] app[811]: request 4712 served in 9 ms\r\n"
)

// alarmed lets an alarm of a moment ago name webA, which hangs then for 18 minutes.
func (w *world) alarmed(name string) {
	w.t.Helper()
	w.machines[webA].silentSince = w.now.Add(fellSilent.Sub(noon))
	w.deliver(alarm(name, "heartbeat", w.now.Add(-5*time.Second), webA))
}

// marked is when a dump of webA was last seen, as the casebook has it.
func (w *world) marked() time.Time {
	w.t.Helper()
	subject := cases.Subject{InstanceID: webA, SourceKey: "nobody's"}
	views, err := w.handler.Book.Read(w.t.Context(), []cases.Subject{subject})
	if err != nil {
		w.t.Fatal(err)
	}
	return views[subject].DumpSeen
}

func TestADumpNeverDiesAfterItsFirstLinesHaveLeftTheRing(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	for i, pass := range []struct{ console, why string }{
		{consoleDumping, "its capture kernel is writing a dump: an interrupt would kill it"},
		{consoleDumping + progress, "its capture kernel is writing a dump, 41 %, 9m1s to go: an interrupt would kill it"},
		{strings.Repeat(progress, 800), "its capture kernel is writing a dump, 41 %, 9m1s to go"},
		{nothingKnown, "its console showed a dump 10m ago, and no boot that finished since"},
		{"", "its console showed a dump 20m ago"},
		{"\x1b[2J", "its console showed a dump 30m ago"},
	} {
		m.console = pass.console
		w.alarmed("crashcart-" + string(rune('a'+i)))
		w.expect(step{outcome: "refused", rule: "quiet", why: pass.why})
		w.advance(10 * time.Minute)
	}
	for _, force := range []string{`["unresponsive"]`, `["unresponsive","cooldown"]`} {
		if _, err := w.invoke(`{"instanceIds":["` + webA + `"],"reason":"checkout hangs","force":` + force + `}`); err != nil {
			t.Fatal(err)
		}
		w.expect(step{outcome: "refused", rule: "quiet", why: "its console showed a dump 40m ago"})
	}
	if len(m.interruptedAt) != 0 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

func TestAMarkNeverLocksAMachineThatCameBack(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	m.console = consoleDumping
	w.alarmed("crashcart-dumps")
	w.expect(step{outcome: "refused", rule: "quiet", why: "writing a dump"})
	w.advance(10 * time.Minute)

	m.console = consoleBooting
	w.alarmed("crashcart-boots")
	w.expect(step{outcome: "later", rule: "quiet", why: "a boot that has not finished"})

	m.console = consoleUp // the ring has forgotten the dump, but not the boot
	w.now = w.now.Add(30 * time.Minute)
	w.queue = nil
	w.alarmed("crashcart-hangs")
	w.expect(step{outcome: "interrupted", rule: "unresponsive"})
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

func TestAMarkNeverCountsLongerThanSixHours(t *testing.T) {
	for after, want := range map[time.Duration]step{
		6*time.Hour - time.Second: {outcome: "refused", rule: "quiet", why: "its console showed a dump 5h59m ago"},
		6 * time.Hour:             {outcome: "interrupted", rule: "unresponsive"},
	} {
		w, m := hung(t, config.ModeAuto)
		m.console = consoleDumping
		w.alarmed("crashcart-dumps")
		w.expect(step{outcome: "refused", rule: "quiet"})
		m.console = nothingKnown
		w.now = w.now.Add(after)
		w.alarmed("crashcart-hangs")
		w.expect(want)
	}
}

func TestAMarkIsOfTheLastTimeThatTheDumpWasSeen(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	m.console = consoleDumping
	for _, name := range []string{"crashcart-one", "crashcart-two"} {
		w.alarmed(name)
		if got := w.marked(); !got.Equal(w.now) {
			t.Errorf("marked at %s, want %s", got, w.now)
		}
		w.advance(7 * time.Minute)
	}
}

// A dry run reads the real mark, and leaves none.
func TestADryRunNeverMarksADump(t *testing.T) {
	const asDryRun = `{"instanceIds":["` + webA + `"],"reason":"checkout hangs","dryRun":true}`
	for name, c := range map[string]struct {
		mode config.Mode
		ask  func(*world)
	}{
		"a stack in dry run": {config.ModeDryRun, func(w *world) { w.alarmed("crashcart-web") }},
		"a request for a dry run": {config.ModeAuto, func(w *world) {
			if _, err := w.invoke(asDryRun); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		w, m := hung(t, c.mode)
		m.console = consoleDumping
		c.ask(w)
		w.expect(step{outcome: "refused", rule: "quiet", why: "writing a dump"})
		if seen := w.marked(); !seen.IsZero() || w.called("dynamodb:PutItem") != 0 {
			t.Errorf("%s: marked at %s, %d items put", name, seen, w.called("dynamodb:PutItem"))
		}
		w.mark(time.Hour)
		m.console = nothingKnown
		w.advance(time.Minute)
		c.ask(w)
		w.expect(step{outcome: "refused", rule: "quiet", why: "its console showed a dump 1h1m ago"})
	}
}

func TestNothingButADumpIsEverMarked(t *testing.T) {
	for name, console := range map[string]string{
		"a login prompt": consoleUp, "a boot": consoleBooting, "nothing known": nothingKnown, "nothing": "",
		"a shutdown": consoleUp + "\r\n[  5120.100000] reboot: Restarting system\r\n",
	} {
		w, m := hung(t, config.ModeAuto)
		m.console = console
		w.alarmed("crashcart-web")
		if seen := w.marked(); !seen.IsZero() {
			t.Errorf("%s: marked at %s", name, seen)
		}
	}
}

func TestAMarkThatCannotBeMadeNeverChangesTheRefusal(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	m.console = consoleDumping
	w.fail["dynamodb:PutItem"] = errOutage
	if failed := w.deliver(heartbeat); len(failed) != 0 {
		t.Errorf("to come again: %v", failed)
	}
	w.expect(step{outcome: "refused", rule: "quiet", why: "writing a dump"})
	if !strings.Contains(w.logs.String(), "the dump that its console shows has no mark in the casebook") {
		t.Errorf("the log does not say so: %s", w.logs.String())
	}
}

func TestAMarkIsMadeBeforeTheAnswer(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	m.console = consoleDumping
	w.deadline = time.Minute
	if _, err := w.invoke(please); err != nil {
		t.Fatal(err)
	}
	if got := w.marked(); !got.Equal(w.now) {
		t.Errorf("marked at %s, want %s", got, w.now)
	}
}
