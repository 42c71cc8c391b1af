package intake_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"crashcart/lambda/domain/config"
)

func TestADirectInvokeGetsWhenToAskAgain(t *testing.T) {
	w := newWorld(t, config.ModeManual)
	m := w.add(webA, machine{tag: "manual", pingAt: at(11, 57, 30), idle: true})
	for _, c := range []struct {
		change func()
		want   string
	}{
		{func() {}, "; ask again in 8m30s"},
		{func() { m.noAgent, m.idle = true, false }, "; ask again in 5m"},
		{func() { m.failsFrom, m.idle = at(11, 57, 20), true }, "; ask again in 2m20s"},
	} {
		c.change()
		if _, err := w.invoke(please); err != nil {
			t.Fatal(err)
		}
		if d := w.expect(step{outcome: "later", rule: "unresponsive"}); !strings.HasSuffix(d.Why, c.want) {
			t.Errorf("the answer is %q, want it to end in %q", d.Why, c.want)
		}
	}
	// An alarm has another pass without anybody asking.
	m.tag = "auto"
	w.handler.Config.Mode = config.ModeAuto
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	if d := w.decisions()[0]; strings.Contains(d.Why, "ask again") {
		t.Errorf("an alarm gets %q", d.Why)
	}
}

// A check that passes takes its word back. It is no life either: hung kernels pass it.
func TestACheckThatPassesAgainNeverCounts(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto", noAgent: true, failsFrom: at(11, 58, 0), failsUntil: at(12, 0, 30)})
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "later", rule: "unresponsive", why: "reachability check has failed for 2m, 5m required"})
	w.advance(time.Minute)
	w.expect(step{outcome: "later", rule: "unresponsive", why: "reachability check does not fail"})
}

// Nobody should have to ask for what would then be refused.
func TestWhatIsHeldForAPersonIsNeverMoreThanHeld(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "manual", silentSince: fellSilent, shutdown: "terminate"})
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "refused", rule: "survives"})
}

func TestAWindowsHasFewerPassesInAnHour(t *testing.T) {
	for windows, want := range map[bool]time.Duration{false: time.Minute, true: 150 * time.Second} {
		w := newWorld(t, config.ModeAuto)
		w.add(webA, machine{tag: "auto", windows: windows, pingAt: at(11, 57, 0)})
		w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
		w.expect(step{outcome: "later", rule: "unresponsive"})
		if len(w.queue) != 1 || w.queue[0].due.Sub(w.now) != want {
			t.Errorf("windows %v: the queue has %+v, want one due in %s", windows, w.queue, want)
		}
	}
}

func TestACopyOfALaterMessageNeverStartsASecondChain(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto", silentSince: at(12, 0, 30), console: consoleUp})
	w.now = at(12, 3, 15)
	message := events.SQSMessage{MessageId: "original", EventSource: "aws:sqs", Body: alarm("crashcart-web", "heartbeat", at(12, 3, 10), webA)}
	w.redeliver(message)
	message.MessageId = "published twice"
	w.redeliver(message)
	if len(w.queue) != 1 {
		t.Fatalf("%d targets in the queue after two copies of one alarm, want 1", len(w.queue))
	}
	w.queue = append(w.queue, queued{id: "a copy", body: w.queue[0].body, due: w.queue[0].due})
	w.advance(90 * time.Second)
	if len(w.queue) != 1 {
		t.Errorf("%d targets in the queue one pass later, want 1", len(w.queue))
	}
}

// A record that died between noting its pass and sending it must send when it
// comes again.
func TestAPassThatWasNotedButNotSentIsNeverLost(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto", silentSince: at(12, 0, 30), console: consoleUp})
	w.now = at(12, 3, 15)
	message := events.SQSMessage{MessageId: "original", EventSource: "aws:sqs", Body: alarm("crashcart-web", "heartbeat", at(12, 3, 10), webA)}
	w.fail["SendMessage"] = errOutage
	if failed := w.redeliver(message); len(failed) != 1 || failed[0] != "original" {
		t.Fatalf("records to come again: %v, want the one that could not be put back", failed)
	}
	w.fail["SendMessage"] = nil
	if failed := w.redeliver(message); len(failed) != 0 || len(w.queue) != 1 {
		t.Errorf("records to come again: %v, in the queue: %d", failed, len(w.queue))
	}
}

func TestABareEventIsNeverLostWhenItCannotBeQueued(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto", silentSince: at(11, 58, 0)})
	w.fail["SendMessage"] = errOutage
	event := alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA)
	if _, err := w.invokeAs("the-same-request", event); err == nil {
		t.Error("the invocation succeeded, so Lambda will not deliver the event again")
	}
	w.fail["SendMessage"] = nil
	if _, err := w.invokeAs("the-same-request", event); err != nil { // Lambda's retry
		t.Error(err)
	}
	if len(w.queue) != 1 {
		t.Errorf("%d targets in the queue, want 1", len(w.queue))
	}
}

func TestOnlyTheRecordThatFailedComesAgain(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.add(webB, machine{tag: "auto", silentSince: at(11, 58, 0)})
	w.fail["SendMessage"] = errOutage
	failed := w.redeliver(
		events.SQSMessage{MessageId: "fires", EventSource: "aws:sqs", Body: alarm("crashcart-a", "heartbeat", at(11, 59, 0), webA)},
		events.SQSMessage{MessageId: "waits", EventSource: "aws:sqs", Body: alarm("crashcart-b", "heartbeat", at(11, 59, 0), webB)},
		events.SQSMessage{MessageId: "noise", EventSource: "aws:sqs", Body: `"hello"`},
	)
	if !slices.Equal(failed, []string{"waits"}) {
		t.Errorf("records that come again: %v, want only the one that could not be put back", failed)
	}
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

func TestADirectInvokeIsNeverPutInTheQueue(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "manual", silentSince: at(11, 57, 0)})
	if _, err := w.invoke(please); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "later", rule: "unresponsive", why: "SSM ping 5m ago, 11m required"})
	if len(w.queue) != 0 || w.called("SendMessage") != 0 {
		t.Error("a direct invoke was put in the queue")
	}
}
