package intake_test

import (
	"context"
	"testing"
	"time"

	"crashcart/lambda/aws/notify"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/intake"
)

func TestNobodyIsNotifiedBeforeTheDecisionOrTwice(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	w.add(webB, machine{})
	w.deliver(alarm("heartbeat", "StatusCheckFailed", noon, webA), alarm("other", "StatusCheckFailed", noon, webB))
	if len(w.notified) != 2 || len(w.early) > 0 {
		t.Fatalf("notified %+v, too early of %v", w.notified, w.early)
	}
	fired, refused := w.notified[0], w.notified[1]
	if fired.InstanceID != webA {
		fired, refused = refused, fired
	}
	if fired.InstanceID != webA || fired.Outcome != "interrupted" || fired.CaseID == "" || fired.Source != "heartbeat" || fired.Group != "asg/web" || fired.Protected == "" {
		t.Errorf("notified of the interrupt: %+v", fired)
	}
	if refused.Outcome != "refused" || refused.Rule != "opted-in" || refused.Why == "" || refused.DryRun {
		t.Errorf("notified of the refusal: %+v", refused)
	}
}

// The notification of an interrupt must not wait for the others. Once the function's
// time is over it would be lost, since the second delivery is a duplicate.
func TestAQueueThatHangsNeverKeepsAnInterruptQuiet(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	notified := make(chan struct{})
	w.handler.Notify = notifierFunc(func(ctx context.Context, decisions []notify.Decision) (int, error) {
		if len(decisions) > 0 && decisions[0].Outcome == "interrupted" {
			close(notified)
		}
		return w.Notify(ctx, decisions)
	})
	w.onQueue = func(context.Context) {
		select {
		case <-notified:
		case <-time.After(20 * time.Second):
			t.Error("the notification of the interrupt waits for the queue")
		}
	}
	w.deliver(alarm("other", "StatusCheckFailed", noon, "i-0e000000000000000"), alarm("heartbeat", "StatusCheckFailed", noon, webA))
	if len(w.notified) != 2 || w.sent() != 1 || w.called("SendMessage") != 1 {
		t.Errorf("notified %+v, %d sent, %d put back", w.notified, w.sent(), w.called("SendMessage"))
	}
}

func TestAQueueThatHangsNeverTakesTheTimeForNotifications(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.bystanders(12)
	w.deadline = intake.NotifyTime + 400*time.Millisecond
	ends := time.Now().Add(w.deadline)
	w.onQueue = func(ctx context.Context) {
		if deadline, ok := ctx.Deadline(); !ok || deadline.After(ends.Add(-intake.NotifyTime+100*time.Millisecond)) {
			t.Errorf("the queue has until %s before the end", ends.Sub(deadline))
		}
		<-ctx.Done()
	}
	w.add(webA, machine{tag: "auto"})
	if again := w.deliver(alarm("other", "StatusCheckFailed", noon, webA)); len(again) != 1 {
		t.Errorf("to come again: %v", again)
	}
}

// notifierFunc is a Notifier of one function.
type notifierFunc func(context.Context, []notify.Decision) (int, error)

func (f notifierFunc) Notify(ctx context.Context, decisions []notify.Decision) (int, error) {
	return f(ctx, decisions)
}

func TestNobodyIsEverNotifiedOfAnIgnoredEvent(t *testing.T) {
	w := hungMember(t, config.ModeAuto)
	w.deliver(`{"hello":"world"}`)
	if len(w.notified) > 0 {
		t.Errorf("notified %+v", w.notified)
	}
}
