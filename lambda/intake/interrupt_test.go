package intake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/aws/evidence"
	"crashcart/lambda/aws/send"
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

// queueing is a queue that does something before it takes a message.
type queueing struct {
	intake.Queue
	before func(context.Context)
}

func (q queueing) SendMessage(ctx context.Context, in *sqs.SendMessageInput, o ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	q.before(ctx)
	return q.Queue.SendMessage(ctx, in, o...)
}

// looking is a console that does something before it shows a picture, of which
// every look takes one.
type looking struct {
	evidence.API
	before func()
}

func (l looking) GetConsoleScreenshot(ctx context.Context, in *ec2.GetConsoleScreenshotInput, o ...func(*ec2.Options)) (*ec2.GetConsoleScreenshotOutput, error) {
	l.before()
	return l.API.GetConsoleScreenshot(ctx, in, o...)
}

// sending does something once an interrupt is sent.
type sending struct {
	send.Sender
	after func()
}

func (s sending) Send(ctx context.Context, p guard.Permit) send.Result {
	defer s.after()
	return s.Sender.Send(ctx, p)
}

// writing is a table that does something before a transaction, the first of which
// is the claim.
type writing struct {
	casebook.API
	before func(ctx context.Context, n int) error

	mu sync.Mutex
	n  int
}

func (t *writing) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	t.mu.Lock()
	t.n++
	n := t.n
	t.mu.Unlock()
	if err := t.before(ctx, n); err != nil {
		return nil, err
	}
	return t.API.TransactWriteItems(ctx, in, o...)
}

// storing is a bucket that minds its context, as S3's client does.
type storing struct{ evidence.StoreAPI }

func (s storing) PutObject(ctx context.Context, in *s3.PutObjectInput, o ...func(*s3.Options)) (*s3.PutObjectOutput, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.StoreAPI.PutObject(ctx, in, o...)
}

func TestNeverMoreShotsAtOnceThanTheBudget(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	var ids []string
	for i := range 10 {
		ids = append(ids, fmt.Sprintf("i-0c1b2c3d4e5f607%02d", i))
		w.add(ids[i], machine{tag: "auto", silentSince: at(11, 50, 0), console: consoleUp})
	}
	w.healthy(len(ids))
	budget := w.handler.Config.Rules.Budget
	var (
		mu          sync.Mutex
		under, most int
		full, over  = make(chan struct{}), make(chan struct{})
	)
	w.handler.Taker.API = looking{w, func() {
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
		t.Errorf("%d looks were under way at once, want %d", most, budget)
	}
	if got["interrupted"] != budget || w.sent() != budget || got["refused"] != len(ids)-budget {
		t.Errorf("outcomes %v, %d interrupts", got, w.sent())
	}
}

func TestAShotNeverWaitsForWhatIsOnlyPutBackInTheQueue(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	var ids []string
	for i := range 40 {
		ids = append(ids, fmt.Sprintf("i-0c1b2c3d4e5f607%02d", i))
		w.add(ids[i], machine{tag: "auto", pingAt: at(11, 57, 0)})
	}
	w.add(webA, machine{tag: "auto", silentSince: at(11, 50, 0), console: consoleUp})
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

// If the function dies while it settles, the log must have said what it did.
func TestAnInterruptNeverGoesUnsaidWhileItsCaseIsSettled(t *testing.T) {
	w, _ := hung(t, config.ModeAuto)
	said := -1
	w.handler.Book.API = &writing{API: w.handler.Book.API, before: func(_ context.Context, n int) error {
		if n == 2 {
			said = strings.Count(w.logs.String(), `"msg":"decision"`)
		}
		return nil
	}}
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "interrupted", rule: "unresponsive"})
	if said != 1 {
		t.Errorf("%d decisions were logged when the case was settled, want 1", said)
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
		t.Error("the look was not kept")
	}
}

// errUnreached is the error of a connection that never stood.
var errUnreached = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

func TestAShotThatNeverLeftIsTakenAgain(t *testing.T) {
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

func TestADirectInvokeIsToldWhenToAskAgain(t *testing.T) {
	w := newWorld(t, config.ModeManual)
	m := w.add(webA, machine{tag: "manual", pingAt: at(11, 57, 30)})
	for _, c := range []struct {
		change func()
		want   string
	}{
		{func() {}, "; ask again in 3m30s"},
		{func() { m.noAgent = true }, "; ask again in 1m"},
		{func() { m.failsFrom = at(11, 57, 20) }, "; ask again in 2m20s"},
	} {
		c.change()
		if _, err := w.invoke(please); err != nil {
			t.Fatal(err)
		}
		if d := w.expect(step{outcome: "later", rule: "unresponsive"}); !strings.HasSuffix(d.Why, c.want) {
			t.Errorf("the answer is %q, want it to end in %q", d.Why, c.want)
		}
	}
	// An alarm is looked at again without anybody asking.
	m.tag = "auto"
	w.handler.Config.Mode = config.ModeAuto
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	if d := w.decisions()[0]; strings.Contains(d.Why, "ask again") {
		t.Errorf("an alarm is told %q", d.Why)
	}
}

// The alarm watches something else, and of the check there is only what the
// first look saw.
func TestACheckThatWasSeenToFailAndPassesAgainIsLife(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "auto", noAgent: true, failsFrom: at(11, 58, 0), failsUntil: at(12, 0, 30)})
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "later", rule: "unresponsive", why: "fails for 2m"})
	w.advance(time.Minute)
	w.expect(step{outcome: "refused", rule: "unresponsive", why: "passes again: it is alive"})
}

// Nobody should have to ask for what would then be refused.
func TestWhatIsHeldForAPersonIsNeverMoreThanHeld(t *testing.T) {
	w := newWorld(t, config.ModeAuto)
	w.add(webA, machine{tag: "manual", silentSince: at(11, 50, 0), shutdown: "terminate"})
	w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
	w.expect(step{outcome: "refused", rule: "survives"})
}

func TestAWindowsIsLookedAtHalfAsOften(t *testing.T) {
	for windows, want := range map[bool]time.Duration{false: time.Minute, true: 2 * time.Minute} {
		w := newWorld(t, config.ModeAuto)
		w.add(webA, machine{tag: "auto", windows: windows, pingAt: at(11, 57, 0)})
		w.deliver(alarm("crashcart-web", "heartbeat", at(11, 59, 0), webA))
		w.expect(step{outcome: "later", rule: "unresponsive"})
		if len(w.queue) != 1 || w.queue[0].due.Sub(w.now) != want {
			t.Errorf("windows %v: the queue has %+v, want one due in %s", windows, w.queue, want)
		}
	}
}

func TestADryRunIsNeverLoggedAsTheRealThing(t *testing.T) {
	for _, c := range []struct {
		mode    config.Mode
		payload string
		want    bool
	}{
		{config.ModeDryRun, please, true},
		{config.ModeManual, please, false},
		{config.ModeAuto, please, false},
		{config.ModeAuto, strings.Replace(please, "{", `{"dryRun":true,`, 1), true},
	} {
		w, _ := hung(t, c.mode)
		if _, err := w.invoke(c.payload); err != nil {
			t.Fatal(err)
		}
		var line struct {
			DryRun *bool `json:"dry-run"`
		}
		if err := json.Unmarshal([]byte(w.logs.String()), &line); err != nil {
			t.Fatal(err)
		}
		if line.DryRun == nil || *line.DryRun != c.want {
			t.Errorf("%s, %s: logged %s", c.mode, c.payload, w.logs.String())
		}
	}
}

func TestTheFunctionsTimeIsEnoughForFactsAndAShot(t *testing.T) {
	if need := intake.FactsBound + intake.InterruptTime + intake.NotifyTime; config.FunctionTimeout < need {
		t.Errorf("the function has %s, it needs %s", config.FunctionTimeout, need)
	}
	if intake.FactsBound+evidence.Bound > guard.FactsLife {
		t.Errorf("facts of up to %s and a look of up to %s are too old to act on after %s", intake.FactsBound, evidence.Bound, guard.FactsLife)
	}
}
