package main

import (
	"bytes"
	"context"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lab/dynamodb"
	"crashcart/lab/fault"
	"crashcart/lambda/domain/config"
)

// promised is what a pause promises. It is not taken from the code under test.
const promised = 10 * time.Second

// commits hears of every write to the table, in their order.
type commits struct {
	mu      sync.Mutex
	claimed []dynamodb.Change // real cases that were opened
	pulled  time.Time
}

func (c *commits) hear(change dynamodb.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case change.Partition == "lever" && change.Created:
		c.pulled = change.At
	case strings.HasPrefix(change.Partition, "case#") && change.Created:
		c.claimed = append(c.claimed, change)
	}
}

// isClaim tells a claim from the other transactions, with or without its condition
// on the lever: it is the only one that opens a case.
func isClaim(c fault.Call) bool {
	return c.Service == fault.DynamoDB && c.Operation == "TransactWriteItems" && bytes.Contains(c.Body, []byte(`"openKey":{`))
}

func isSend(c fault.Call) bool {
	return c.Service == fault.EC2 && bytes.Contains(c.Body, []byte("Action=SendDiagnosticInterrupt"))
}

// throttled is what EC2 answers when it has proven that it did nothing ("Error
// codes for the Amazon EC2 API").
func throttled() fault.Answer {
	return fault.Answer{
		Status: http.StatusServiceUnavailable, Header: http.Header{"Content-Type": {"text/xml;charset=UTF-8"}},
		Body: []byte(`<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error></Errors><RequestID>1</RequestID></Response>`),
	}
}

// invokeAll asks for every host at once. What it returns is closed when all are
// answered.
func (w *world) invokeAll(hosts int) <-chan struct{} {
	var wg sync.WaitGroup
	done := make(chan struct{})
	for n := range hosts {
		wg.Go(func() {
			payload, err := directRequest{InstanceIDs: []string{host(n)}, Reason: "it hangs", RequestedBy: "ops", RequestID: host(n)}.payload()
			if err == nil {
				_, err = w.lab.Invoke(w.t.Context(), payload)
			}
			if err != nil {
				w.t.Error(err)
			}
		})
	}
	go func() {
		defer close(done)
		wg.Wait()
	}()
	return done
}

// await waits for what must come before everything is over.
func await(t *testing.T, it, over <-chan struct{}) {
	t.Helper()
	select {
	case <-it:
	case <-over:
		t.Fatal("all invocations have ended, and what was waited for has not come")
	}
}

// pause runs the command and returns when it has returned.
func (w *world) pause() time.Time {
	w.want(0, "From now on no claim succeeds.", "pause", "--reason", "enough")
	return time.Now()
}

// checkQuiet checks the promise of a pause against what the lab has recorded: no
// claim is committed after the lever, and no interrupt starts ten seconds later.
func (w *world) checkQuiet(c *commits, paused time.Time) (sends, late []lab.Call) {
	w.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pulled.IsZero() || c.pulled.After(paused) {
		w.t.Fatalf("the lever was pulled %s, and pause returned %s", c.pulled, paused)
	}
	for _, claim := range c.claimed {
		if !claim.At.Before(c.pulled) {
			w.t.Errorf("%s was claimed %s after the lever was pulled, %s after pause returned", claim.Partition, claim.At.Sub(c.pulled), claim.At.Sub(paused))
		}
	}
	for _, call := range w.lab.Calls() {
		if call.Operation != "SendDiagnosticInterrupt" || call.DryRun {
			continue
		}
		sends = append(sends, call)
		if call.Start.After(paused) {
			late = append(late, call)
		}
		if after := call.Start.Sub(paused); after >= promised {
			w.t.Errorf("%v was sent %s after pause had returned", call.Instances, after)
		}
	}
	return sends, late
}

// Some claims are won before the lever and their sends throttled as long as they
// live; others have passed every rule and are on their way to the table when it is
// pulled; others come after.
func TestAfterAPauseNoClaimSucceedsAndNothingIsSentTenSecondsLater(t *testing.T) {
	t.Parallel()
	const hosts, early, underWay = 40, 4, 6
	w := newWorld(t, hosts, lab.Options{}, lab.Function{Concurrency: 16, Env: map[string]string{config.EnvBudget: "1000"}})
	var (
		heard    commits
		mu       sync.Mutex
		claims   int
		racing   = make(chan struct{}) // closed when enough is under way
		returned = make(chan struct{}) // closed when pause has returned
	)
	w.lab.Table.Subscribe(heard.hear)
	w.lab.Faults.Use(fault.Func(func(c fault.Call, next fault.Next) fault.Answer {
		switch {
		case isSend(c):
			return throttled()
		case isClaim(c):
			mu.Lock()
			claims++
			nth := claims
			mu.Unlock()
			if nth == early+underWay {
				close(racing)
			}
			if nth > early {
				<-returned
			}
		}
		return next(c)
	}))
	invoked := w.invokeAll(hosts)
	await(t, racing, invoked)
	paused := w.pause()
	close(returned)
	<-invoked

	sends, late := w.checkQuiet(&heard, paused)
	if len(heard.claimed) == 0 || len(heard.claimed) > early || len(late) == 0 {
		t.Errorf("nothing was proven: %d claims, %d sends, %d of them after the pause", len(heard.claimed), len(sends), len(late))
	}
	t.Logf("%d claims, %d sends, %d of them after the pause, the last %s after it", len(heard.claimed), len(sends), len(late), late[len(late)-1].Start.Sub(paused))
}

// The same without any staging: whatever the race makes of it.
func TestAPauseInTheMidstOfARaceIsKept(t *testing.T) {
	t.Parallel()
	const hosts = 60
	w := newWorld(t, hosts, lab.Options{}, lab.Function{Concurrency: 8, Env: map[string]string{config.EnvBudget: "1000"}})
	var heard commits
	sent := make(chan struct{})
	var once sync.Once
	w.lab.Table.Subscribe(heard.hear)
	w.lab.Subscribe(func(c lab.Call) {
		if c.Operation == "SendDiagnosticInterrupt" {
			once.Do(func() { close(sent) })
		}
	})
	invoked := w.invokeAll(hosts)
	await(t, sent, invoked)
	paused := w.pause()
	<-invoked
	sends, late := w.checkQuiet(&heard, paused)
	if len(sends) == 0 || len(heard.claimed) == hosts {
		t.Errorf("nothing was proven: %d claims, %d sends", len(heard.claimed), len(sends))
	}
	t.Logf("%d claims, %d sends, %d of them after the pause", len(heard.claimed), len(sends), len(late))
}

// Lambda may freeze a function between any two instructions. One that wakes up after
// its permit has died must not send.
func TestAFunctionThatWasFrozenNeverSendsLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, lab.Options{}, lab.Function{})
	var heard commits
	claimed, thawed := make(chan struct{}), make(chan struct{})
	w.lab.Table.Subscribe(heard.hear)
	w.lab.Faults.Use(fault.Func(func(c fault.Call, next fault.Next) fault.Answer {
		a := next(c)
		if isClaim(c) {
			signalAll(t, w.lab, "STOP")
			awaitStopped(t, w.lab)
			close(claimed)
		}
		return a
	}))
	invoked := w.invokeAll(1)
	await(t, claimed, invoked)
	paused := w.pause()
	time.AfterFunc(time.Until(paused.Add(promised)), func() { // the time itself is what is tested
		signalAll(t, w.lab, "CONT")
		close(thawed)
	})
	<-thawed
	<-invoked
	if sends, _ := w.checkQuiet(&heard, paused); len(sends) != 0 || len(heard.claimed) != 1 {
		t.Errorf("%d claims and %d sends, want one and none", len(heard.claimed), len(sends))
	}
}

// signalAll sends a signal to the function's processes.
func signalAll(t *testing.T, l *lab.Lab, name string) {
	for _, pid := range l.PIDs() {
		if out, err := exec.CommandContext(context.Background(), "kill", "-"+name, strconv.Itoa(pid)).CombinedOutput(); err != nil {
			t.Errorf("kill -%s: %v %s", name, err, out)
		}
	}
}

// awaitStopped returns when the processes have stopped. Until the signal has reached
// its thread, the others go on.
func awaitStopped(t *testing.T, l *lab.Lab) {
	for _, pid := range l.PIDs() {
		for deadline := time.Now().Add(10 * time.Second); ; {
			out, err := exec.CommandContext(context.Background(), "ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
			if err == nil && strings.HasPrefix(strings.TrimSpace(string(out)), "T") {
				break
			}
			if time.Now().After(deadline) {
				t.Errorf("process %d does not stop: %s, %v", pid, out, err)
				break
			}
		}
	}
}
