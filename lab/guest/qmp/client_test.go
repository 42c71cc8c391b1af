package qmp_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/guest/qmp"
)

// request is what reached a peer.
type request struct {
	Execute   string         `json:"execute"`
	Arguments map[string]any `json:"arguments"`
	ID        int            `json:"id"`
	Reset     bool           // it came behind the byte that resets a parser
}

// serve makes a client and a peer that gives answer what it reads, and writes what that
// gives.
func serve(t *testing.T, events func(qmp.Event), answer func(request) string) *qmp.Client {
	t.Helper()
	ours, theirs := net.Pipe()
	var peer sync.WaitGroup
	peer.Go(func() {
		lines := bufio.NewReader(theirs)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return
			}
			var r request
			if err := json.Unmarshal(bytes.TrimPrefix(line, []byte{0xff}), &r); err != nil {
				t.Errorf("the peer cannot read %q: %v", line, err)
			}
			r.Reset = line[0] == 0xff
			if said := answer(r); said != "" {
				_, _ = io.WriteString(theirs, said) // the client may be gone
			}
		}
	})
	c := qmp.New(ours, events)
	t.Cleanup(func() {
		_ = theirs.Close() // a pipe's never fails
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		peer.Wait()
	})
	return c
}

// echo is an answer to a request with its name.
func echo(r request) string { return fmt.Sprintf("{\"return\": %q, \"id\": %d}\r\n", r.Execute, r.ID) }

func TestAnAnswerFindsItsCommandWhateverComesFirst(t *testing.T) {
	var events []string
	held := make(chan string, 1)
	arrived := make(chan struct{})
	c := serve(t, func(e qmp.Event) { events = append(events, e.Name+string(e.Data)) }, func(r request) string {
		if r.Execute == "first" {
			held <- echo(r)
			close(arrived)
			return ""
		}
		return `{"event": "RESET", "data": {"guest": true}, "timestamp": {"seconds": 1, "microseconds": 2}}` + "\n" + echo(r) + <-held
	})
	var first, second string
	var both sync.WaitGroup
	both.Go(func() {
		if err := c.Execute(t.Context(), "first", nil, &first); err != nil {
			t.Error(err)
		}
	})
	<-arrived
	if err := c.Execute(t.Context(), "second", map[string]int{"n": 1}, &second); err != nil {
		t.Fatal(err)
	}
	both.Wait()
	if first != "first" || second != "second" {
		t.Errorf("got %q and %q", first, second)
	}
	if len(events) != 1 || events[0] != `RESET{"guest": true}` { // it came before the answers
		t.Errorf("events: %q", events)
	}
}

func TestARefusalHasItsClass(t *testing.T) {
	c := serve(t, nil, func(r request) string {
		return fmt.Sprintf(`{"id": %d, "error": {"class": "CommandNotFound", "desc": "The command foo has not been found"}}`+"\n", r.ID)
	})
	err := c.Execute(t.Context(), "foo", nil, nil)
	refused, ok := errors.AsType[*qmp.Error](err)
	if !ok || refused.Class != "CommandNotFound" || refused.Command != "foo" || !strings.Contains(err.Error(), "has not been found") {
		t.Errorf("%v", err)
	}
}

func TestAnswersThatAreNoneAreErrors(t *testing.T) {
	for name, body := range map[string]string{
		"neither":    `"event": "", "id": %d, "error": null, "greeting": 1`,
		"wrong type": `"return": {"a": 1}, "id": %d`,
	} {
		t.Run(name, func(t *testing.T) {
			c := serve(t, nil, func(r request) string { return "{" + fmt.Sprintf(body, r.ID) + "}\n" })
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			var out string
			if err := c.Execute(ctx, "query", nil, &out); err == nil {
				t.Errorf("it was taken for %q", out)
			}
		})
	}
}

// TestALateAnswerIsNobodys has an agent that hangs, then answers everything at once.
func TestALateAnswerIsNobodys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late strings.Builder
		var hung atomic.Bool
		hung.Store(true)
		c := serve(t, nil, func(r request) string {
			if hung.Load() {
				late.WriteString(echo(r))
				return ""
			}
			said := late.String() + echo(r)
			late.Reset()
			return said
		})
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := c.Execute(ctx, "late", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			cancel()
		}
		hung.Store(false)
		var got string
		if err := c.Execute(t.Context(), "now", nil, &got); err != nil || got != "now" {
			t.Errorf("%q %v", got, err)
		}
	})
}

// TestASilentPeerHoldsUpNobody has one command that is never answered beside others.
func TestASilentPeerHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, nil, func(r request) string {
			if r.Execute == "never" {
				return ""
			}
			return echo(r)
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.Execute(ctx, "never", nil, nil) }()
		synctest.Wait()
		for range 10 {
			if err := c.Execute(t.Context(), "ping", nil, nil); err != nil {
				t.Error(err)
			}
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestAPeerThatReadsNothingIsSilent has a peer whose buffer is full, as an agent's is
// that was asked too often while it hung; what it got of a command must not spoil the next.
func TestAPeerThatReadsNothingIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe() // has no buffer at all
		c := qmp.New(ours, nil)
		began := time.Now()
		if err := c.Execute(t.Context(), "ping", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		go func() { _, _ = io.ReadFull(theirs, make([]byte, 5)) }() // a part of the next one
		if err := c.Execute(ctx, "ping", nil, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		got := make(chan string, 1)
		go func() {
			line, _ := bufio.NewReader(theirs).ReadString('\n') // an error makes it short
			got <- line
			_ = theirs.Close() // a pipe's never fails
		}()
		err := c.Execute(t.Context(), "ping", nil, nil)
		if line := <-got; !strings.HasPrefix(line, "\xff{") {
			t.Errorf("after a command that was torn the next one was %q", line)
		}
		if !errors.Is(err, qmp.ErrClosed) {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAPeerThatDiesEndsEveryWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := qmp.New(ours, nil)
		ended := make(chan error)
		go func() { ended <- c.Greet(t.Context()) }()
		for range 3 {
			go func() { ended <- c.Execute(t.Context(), "ping", nil, nil) }()
		}
		go func() {
			lines := bufio.NewReader(theirs)
			for range 3 {
				_, _ = lines.ReadString('\n') // the test hangs without
			}
			_ = theirs.Close() // a pipe's never fails
		}()
		for range 4 {
			if err := <-ended; !errors.Is(err, qmp.ErrClosed) {
				t.Error(err)
			}
		}
		<-c.Done()
		if err := c.Execute(t.Context(), "ping", nil, nil); !errors.Is(err, qmp.ErrClosed) {
			t.Error(err)
		}
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestNothingIsSaidToTheMonitorBeforeItsGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := qmp.New(ours, nil)
		greeted := make(chan error, 1)
		go func() { greeted <- c.Greet(t.Context()) }()
		if err := theirs.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if n, err := theirs.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d bytes came, %v", n, err)
		}
		if err := theirs.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(theirs, `{"QMP": {"version": {}, "capabilities": ["oob"]}}`+"\r\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(theirs).ReadString('\n'); !strings.Contains(line, "qmp_capabilities") {
			t.Errorf("its first command is %q, %v", line, err)
		}
		if _, err := io.WriteString(theirs, `{"return": {}, "id": 1}`+"\r\n"); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(<-greeted, c.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestASecondAnswerIsNobodys has a peer that says everything twice.
func TestASecondAnswerIsNobodys(t *testing.T) {
	c := serve(t, nil, func(r request) string { return echo(r) + echo(r) + echo(r) })
	for range 3 {
		var got string
		if err := c.Execute(t.Context(), "ping", nil, &got); err != nil || got != "ping" {
			t.Error(got, err)
		}
	}
}

// TestSyncFindsTheAnswerBehindWhatWasCutOff has an agent that died while it answered,
// and its successor, which also complains of the byte that resets it.
func TestSyncFindsTheAnswerBehindWhatWasCutOff(t *testing.T) {
	c := serve(t, nil, func(r request) string {
		if r.Execute != "guest-sync-delimited" || !r.Reset {
			t.Errorf("not a sync: %+v", r)
		}
		return `{"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}` + "\n" +
			`{"return": {"pid": 4` + "\xff" + fmt.Sprintf(`{"return": %v, "id": %d}`, r.Arguments["id"], r.ID) + "\n"
	})
	if err := c.Sync(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSyncRefusesAnothersAnswer(t *testing.T) {
	c := serve(t, nil, func(r request) string { return fmt.Sprintf("\xff{\"return\": 4711, \"id\": %d}\n", r.ID) })
	if err := c.Sync(t.Context()); err == nil {
		t.Error("an answer to another question was taken")
	}
}
