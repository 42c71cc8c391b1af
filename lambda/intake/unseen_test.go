package intake_test

import (
	"strings"
	"testing"
	"time"

	"crashcart/lambda/domain/config"
)

// A console that shows nothing may belong to a dump that nobody sees. The silence of its
// host must outlast such a dump, and the trigger must outlast the silence.
func TestAConsoleThatShowsNothingIsWaitedForAndItsHangNeverLost(t *testing.T) {
	const eventLog = "2026/03/04 09:12:44Z: Windows is Ready to use"
	for name, c := range map[string]struct {
		machine machine
		metric  string
		alarm   time.Time
		console string
		waits   string    // a part of the sentence while it is waited for
		due     time.Time // when the silence is long enough
		pass    time.Duration
	}{
		"the agent is silent": {
			machine{tag: "auto", silentSince: at(12, 0, 30)},
			"heartbeat", at(12, 3, 10), "",
			"its console is empty, as it would be during a dump that it does not show; ", at(12, 21, 0), time.Minute,
		},
		"the check and the heartbeat fail": {
			machine{tag: "auto", noAgent: true, heartbeat: true, failsFrom: at(12, 0, 0)},
			"StatusCheckFailed_Instance", at(12, 2, 0), "",
			"its console is empty", at(12, 20, 0), time.Minute,
		},
		"a Windows, the agent is silent": {
			machine{tag: "auto", windows: true, silentSince: at(12, 0, 30)},
			"heartbeat", at(12, 3, 10), "",
			"the console of a Windows shows no dump, so there may be one; ", at(12, 26, 0), 150 * time.Second,
		},
		"a Windows with an event log, the agent is silent": {
			machine{tag: "auto", windows: true, silentSince: at(12, 0, 30)},
			"heartbeat", at(12, 3, 10), eventLog,
			"the console of a Windows shows no dump", at(12, 26, 0), 150 * time.Second,
		},
		"a Windows, the check and the heartbeat fail": {
			machine{tag: "auto", windows: true, noAgent: true, heartbeat: true, failsFrom: at(12, 0, 0)},
			"StatusCheckFailed_Instance", at(12, 2, 0), "",
			"the console of a Windows shows no dump", at(12, 25, 0), 150 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, config.ModeAuto)
			m := w.add(webA, c.machine)
			m.console = c.console
			w.now = c.alarm.Add(5 * time.Second)
			w.deliver(alarm("crashcart-web", c.metric, c.alarm, webA))
			for w.advance(time.Second); w.now.Before(c.due.Add(c.pass)) && len(m.interruptedAt) == 0; w.advance(time.Second) {
				if len(w.queue) != 1 {
					t.Fatalf("%s: %d messages in the queue: %v", w.now.Format(time.TimeOnly), len(w.queue), summary(w.decisions()))
				}
			}
			if len(m.interruptedAt) != 1 || m.interruptedAt[0].Before(c.due) || !m.interruptedAt[0].Before(c.due.Add(c.pass)) {
				t.Fatalf("interrupted at %v, want the first pass from %s on: %v", m.interruptedAt, c.due, summary(w.decisions()))
			}
			waited := 0
			for _, d := range w.decisions() {
				switch {
				case d.Outcome == "later" && d.Rule == "quiet" && strings.HasPrefix(d.Why, c.waits) && strings.HasSuffix(d.Why, " more of silence required"):
					waited++
				case d.Outcome == "later" && d.Rule == "unresponsive", d.Outcome == "interrupted":
				default:
					t.Errorf("%s by %s: %s", d.Outcome, d.Rule, d.Why)
				}
			}
			if waited == 0 {
				t.Error("it was never waited for by the rule quiet")
			}
		})
	}
}

// A host that comes back while it is waited for must live.
func TestAHostThatComesBackWhileItsConsoleIsEmptyIsNeverInterrupted(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	m := w.add(webA, machine{tag: "auto", silentSince: at(12, 0, 30), backAt: at(12, 14, 0)})
	m.console = ""
	w.now = at(12, 3, 15)
	w.deliver(alarm("crashcart-web", "heartbeat", at(12, 3, 10), webA))
	w.advance(time.Hour)
	ds := w.decisions()
	if last := ds[len(ds)-1]; last.Outcome != "refused" || !strings.Contains(last.Why, "it is alive: SSM ping") || len(m.interruptedAt) != 0 {
		t.Errorf("%d interrupts, the last decision is %+v", len(m.interruptedAt), last)
	}
}

// The last pass says what is still missing, and not that time has gone by.
func TestTheLastPassNamesTheRuleThatIsStillOpen(t *testing.T) {
	for name, c := range map[string]struct {
		windows bool
		passes  int
	}{
		"Linux, half an hour": {false, 30},
		"Windows, an hour":    {true, 24},
	} {
		w := newWorld(t, config.ModeAuto)
		m := w.add(webA, machine{tag: "auto", windows: c.windows, noAgent: true, heartbeat: true, failsFrom: at(11, 57, 0)})
		w.fail["GetConsoleOutput, latest"] = errOutage
		w.now = at(12, 0, 1)
		w.deliver(alarm("crashcart-web", "StatusCheckFailed_Instance", at(12, 0, 0), webA))
		w.advance(2 * time.Hour)
		ds := w.decisions()
		last := ds[len(ds)-1]
		if len(ds) != c.passes || last.Outcome != "refused" || last.Rule != "quiet" || !strings.Contains(last.Why, "passes: its console cannot be read") {
			t.Errorf("%s: %d passes, the last is %+v", name, len(ds), last)
		}
		if len(m.interruptedAt) != 0 || len(w.queue) != 0 {
			t.Errorf("%s: %d interrupts, %d messages in the queue", name, len(m.interruptedAt), len(w.queue))
		}
	}
}
