package intake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/guard"
	"crashcart/lambda/intake"
)

// healthy adds n instances that nothing is wrong with: while their agents are
// heard, another's silence is not Systems Manager's.
func (w *world) healthy(n int) {
	for i := range n {
		w.add(fmt.Sprintf("i-0d1b2c3d4e5f%05d", i), machine{})
	}
}

// patience is how long a test waits for what should come at once.
const patience = 10 * time.Second

func TestNeverMoreInterruptsAtOnceThanTheBudget(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	var ids []string
	for i := range 10 {
		ids = append(ids, fmt.Sprintf("i-0c1b2c3d4e5f607%02d", i))
		w.add(ids[i], machine{tag: "auto", silentSince: fellSilent, console: consoleUp, subnet: "subnet-of-" + ids[i]})
	}
	w.healthy(len(ids))
	budget := w.handler.Config.Rules.Budget
	var (
		mu          sync.Mutex
		under, most int
		full, over  = make(chan struct{}), make(chan struct{})
	)
	w.handler.Taker.API = photographing{w, func() {
		mu.Lock()
		under++
		if most = max(most, under); under == budget && most == budget {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		if under == budget+1 {
			close(over)
		}
		mu.Unlock()
		select { // until all that may be under way are, and for one more to come
		case <-full:
		case <-time.After(patience):
		}
		select {
		case <-over:
		case <-time.After(50 * time.Millisecond):
		}
		mu.Lock()
		under--
		mu.Unlock()
	}}
	w.deliver(alarm("crashcart-many", "heartbeat", at(11, 59, 0), ids...))
	got := map[string]int{}
	for _, d := range w.decisions() {
		got[d.Outcome]++
	}
	if most != budget {
		t.Errorf("%d interrupts were under way at once, want %d", most, budget)
	}
	if got["interrupted"] != budget || w.sent() != budget || got["refused"] != len(ids)-budget {
		t.Errorf("outcomes %v, %d interrupts", got, w.sent())
	}
}

func TestAnInterruptNeverWaitsForWhatIsOnlyPutBackInTheQueue(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	var ids []string
	for i := range 40 {
		ids = append(ids, fmt.Sprintf("i-0c1b2c3d4e5f607%02d", i))
		w.add(ids[i], machine{tag: "auto", pingAt: at(11, 57, 0)})
	}
	w.add(webA, machine{tag: "auto", silentSince: fellSilent, console: consoleUp})
	sent := make(chan struct{})
	w.handler.Live = sending{w.handler.Live, sync.OnceFunc(func() { close(sent) })}
	w.handler.Queue = queueing{w, func(context.Context) {
		select {
		case <-sent:
		case <-time.After(patience):
			t.Error("the interrupt waits for the queue")
		}
	}}
	w.deliver(alarm("crashcart-many", "heartbeat", at(11, 59, 0), append(ids, webA)...))
	if w.sent() != 1 || len(w.queue) != len(ids) {
		t.Errorf("%d interrupts, %d targets in the queue", w.sent(), len(w.queue))
	}
}

// stateOf reads the state of a case.
func (w *world) stateOf(caseID string) string { return w.caseAttribute(caseID, "caseState") }

// caseAttribute reads an attribute of a case, which is empty when it has none.
func (w *world) caseAttribute(caseID, name string) string {
	w.t.Helper()
	table := w.handler.Config.Table
	out, err := w.handler.Book.API.BatchGetItem(w.t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
		table: {Keys: []map[string]types.AttributeValue{{
			"pk": &types.AttributeValueMemberS{Value: "case#" + caseID}, "sk": &types.AttributeValueMemberS{Value: "case"},
		}}},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, it := range out.Responses[table] {
		if v, ok := it[name].(*types.AttributeValueMemberS); ok {
			return v.Value
		}
	}
	return ""
}

func TestAnInvocationThatEndsNeverLeavesASentCaseUnsettled(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	w.handler.Live = sending{w.handler.Live, end}
	w.handler.Store.API = storing{w}
	if _, err := w.handler.Handle(ctx, json.RawMessage(please)); err != nil {
		t.Fatal(err)
	}
	caseID := w.expect(step{outcome: "interrupted", rule: "unresponsive"}).CaseID
	if state := w.stateOf(caseID); state != "interrupted" {
		t.Errorf("the case is %q", state)
	}
	if len(w.objects) == 0 {
		t.Error("the evidence was not kept")
	}
}

// errUnreached is the error of a connection that never stood.
var errUnreached = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

func TestAnInterruptThatNeverLeftIsSentAgain(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.fail["SendDiagnosticInterrupt"] = errUnreached
	if failed := w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA)); len(failed) != 0 {
		t.Errorf("records to come again: %v, though the target is in the queue", failed)
	}
	first := w.expect(step{outcome: "later", rule: "time", why: "nothing was sent, EC2 could not be reached"})
	if first.CaseID != "" || len(w.queue) != 1 || len(w.objects) != 0 {
		t.Errorf("case %q, %d targets in the queue, %d objects", first.CaseID, len(w.queue), len(w.objects))
	}
	w.fail["SendDiagnosticInterrupt"] = nil
	w.advance(time.Minute)
	caseID := w.expect(step{outcome: "interrupted", rule: "unresponsive"}).CaseID
	if state := w.stateOf(caseID); len(m.interruptedAt) != 1 || state != "interrupted" {
		t.Errorf("%d interrupts, the case is %q", len(m.interruptedAt), state)
	}
}

func TestAClaimThatCannotBeUndoneIsKept(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.fail["SendDiagnosticInterrupt"] = errUnreached
	down := &writing{API: w.handler.Book.API, before: func(_ context.Context, n int) error {
		if n > 1 {
			return errOutage
		}
		return nil
	}}
	w.handler.Book.API = down
	if failed := w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA)); len(failed) != 0 {
		t.Errorf("records to come again: %v, after the claim none may", failed)
	}
	d := w.expect(step{outcome: "failed", rule: "time", why: "the claim could not be undone: "})
	if d.CaseID == "" || len(w.queue) != 0 {
		t.Errorf("case %q, %d targets in the queue", d.CaseID, len(w.queue))
	}
	w.handler.Book.API, w.fail["SendDiagnosticInterrupt"] = down.API, nil
	if state := w.stateOf(d.CaseID); state != "claimed" {
		t.Errorf("the case is %q, want claimed", state)
	}
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "duplicate", rule: "episode"})
	if len(m.interruptedAt) != 0 {
		t.Error("it was interrupted")
	}
}

func TestTheFunctionsTimeIsEnoughForFactsAndAnInterrupt(t *testing.T) {
	if need := intake.FactsBound + intake.InterruptTime + intake.NotifyTime; config.FunctionTimeout < need {
		t.Errorf("the function has %s, it needs %s", config.FunctionTimeout, need)
	}
	if intake.FactsBound+evidence.Bound > guard.FactsLife {
		t.Errorf("facts of up to %s and evidence of up to %s are too old to act on after %s", intake.FactsBound, evidence.Bound, guard.FactsLife)
	}
}

func TestTheBudgetIsNeverOverspent(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	ids := []string{"i-0c1b2c3d4e5f60701", "i-0c1b2c3d4e5f60702", "i-0c1b2c3d4e5f60703", "i-0c1b2c3d4e5f60704", "i-0c1b2c3d4e5f60705"}
	for _, id := range ids {
		w.add(id, machine{tag: "auto", silentSince: fellSilent, console: consoleUp, subnet: "subnet-of-" + id})
	}
	w.bystanders(len(ids) + 1)
	w.healthy(len(ids))
	w.deliver(alarm("crashcart-many", "heartbeat", at(11, 59, 0), ids...))
	got := map[string]int{}
	for _, d := range w.decisions() {
		got[d.Outcome+" "+d.Rule]++
	}
	if got["interrupted unresponsive"] != 3 || got["refused budget"] != 2 || w.sent() != 3 {
		t.Errorf("outcomes %v and %d interrupts; want 3 interrupted, 2 refused by the budget", got, w.sent())
	}
}

func TestAnErrorAfterTheClaimNeverBringsTheRecordBack(t *testing.T) {
	for _, op := range []string{"SendDiagnosticInterrupt", "PutObject", "GetConsoleOutput, buffered", "GetConsoleScreenshot"} {
		t.Run(op, func(t *testing.T) {
			w, m := hung(t, config.ModeAuto)
			w.fail[op] = errOutage
			if failed := w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA)); len(failed) != 0 {
				t.Errorf("the record comes again: %v", failed)
			}
			want := step{outcome: "interrupted", rule: "unresponsive"}
			if op == "SendDiagnosticInterrupt" {
				want = step{outcome: "unknown", rule: "unresponsive", why: "will not be sent again"}
			}
			w.expect(want)
			if n := w.called("SendDiagnosticInterrupt"); n != 1 {
				t.Errorf("the interrupt was sent %d times", n)
			}
			if op != "SendDiagnosticInterrupt" && len(m.interruptedAt) != 1 {
				t.Errorf("%d interrupts", len(m.interruptedAt))
			}
			w.fail[op] = nil
			w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
			w.expect(step{outcome: "duplicate", rule: "episode"})
		})
	}
}

func TestARejectedInterruptGivesTheInstanceBack(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.fail["SendDiagnosticInterrupt"] = apiError{"UnauthorizedOperation"}
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "rejected", rule: "ec2", why: "UnauthorizedOperation"})
	w.fail["SendDiagnosticInterrupt"] = nil

	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "duplicate", rule: "episode"}) // the same trigger has had its interrupt
	if _, err := w.invoke(please); err != nil {
		t.Fatal(err)
	}
	w.expect(step{outcome: "interrupted", rule: "unresponsive"}) // somebody else's has not
	if len(m.interruptedAt) != 1 {
		t.Errorf("%d interrupts", len(m.interruptedAt))
	}
}

func TestTheEvidenceIsTakenBeforeTheInterruptAndKept(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	caseID := w.decisions()[0].CaseID
	console, send := slices.Index(w.calls, "GetConsoleOutput"), slices.Index(w.calls, "SendDiagnosticInterrupt")
	claim := slices.Index(w.calls, "dynamodb:TransactWriteItems")
	if console < 0 || claim < console || send < claim {
		t.Errorf("the order is console %d, claim %d, send %d: %v", console, claim, send, w.calls)
	}
	prefix := "cases/" + caseID + "/before/"
	for _, name := range []string{"console-latest.txt", "console-buffered.txt", "screenshot.jpg", "evidence.json"} {
		if _, ok := w.objects[prefix+name]; !ok {
			t.Errorf("%s%s is missing; there is %v", prefix, name, slices.Sorted(maps.Keys(w.objects)))
		}
	}
	if got := string(w.objects[prefix+"console-latest.txt"]); got != consoleUp {
		t.Errorf("the console is %q", got)
	}
}

// A function that is killed between the claim and the send leaves a case that
// nobody can tell from a sent one.
func TestNoInterruptIsBegunWithoutTheTimeToFinishIt(t *testing.T) {
	w, m := hung(t, config.ModeAuto)
	w.deadline = 20 * time.Second
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "later", rule: "time", why: "time is nearly over"})
	if w.called("dynamodb:TransactWriteItems") != 0 || len(m.interruptedAt) != 0 {
		t.Error("an interrupt was begun")
	}
}
