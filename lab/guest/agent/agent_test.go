package agent_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"crashcart/lab/fleet"
	"crashcart/lab/guest/agent"
	"crashcart/lab/guest/qmp"
)

// daemon is a qemu-ga: what it returns to each command but the sync, and what it heard.
type daemon struct {
	mu      sync.Mutex
	returns map[string]string
	heard   []string
}

// commands are those that it heard so far.
func (d *daemon) commands() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.heard)
}

// serve starts a daemon and an agent that talks to it.
func serve(t *testing.T, d *daemon) *agent.Agent {
	t.Helper()
	ours, theirs := net.Pipe()
	go func() {
		lines := bufio.NewReader(theirs)
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				return
			}
			var r struct {
				Execute   string
				Arguments json.RawMessage
				ID        int
			}
			if err := json.Unmarshal(bytes.TrimPrefix(line, []byte{0xff}), &r); err != nil {
				t.Errorf("%q: %v", line, err)
			}
			d.mu.Lock()
			answer := d.returns[r.Execute]
			if r.Execute == "guest-sync-delimited" {
				answer = fmt.Sprintf("\xff{\"return\": %d", r.ID)
			} else {
				d.heard = append(d.heard, r.Execute+string(r.Arguments))
			}
			d.mu.Unlock()
			if answer != "" {
				_, _ = fmt.Fprintf(theirs, "%s, \"id\": %d}\n", answer, r.ID) // the agent may be closed
			}
		}
	}()
	return agent.New(qmp.New(ours, nil))
}

func shut(t *testing.T, a *agent.Agent) {
	t.Helper()
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// TestAHostileProcessIDIsRefused is about Kill, to which -1 is everything and 0 the
// agent itself.
func TestAHostileProcessIDIsRefused(t *testing.T) {
	for _, pid := range []string{"-1", "0", "1", `"4711; reboot"`, "null", "1e99", "{}"} {
		synctest.Test(t, func(t *testing.T) {
			a := serve(t, &daemon{returns: map[string]string{"guest-exec": `{"return": {"pid": ` + pid + "}"}})
			defer shut(t, a)
			if p, err := a.Run(t.Context(), "true"); err == nil {
				t.Errorf("it runs as %s: %v", pid, p)
			}
		})
	}
}

func TestAResultIsAllThatTheAgentTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &daemon{returns: map[string]string{
			"guest-exec":        `{"return": {"pid": 4711}`,
			"guest-exec-status": `{"return": {"exited": true, "exitcode": 3, "signal": 9, "out-data": "AP8K", "err-data": "ZXJy"}`,
		}}
		a := serve(t, d)
		defer shut(t, a)
		p, err := a.Run(t.Context(), "a 'script'")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the agent reports it only once
			r, err := p.Wait(t.Context())
			want := fleet.ProcessResult{ExitCode: 3, Signal: 9, Stdout: []byte("\x00\xff\n"), Stderr: []byte("err")}
			if err != nil || fmt.Sprint(r) != fmt.Sprint(want) {
				t.Errorf("%+v %v", r, err)
			}
			d.mu.Lock()
			d.returns["guest-exec-status"] = `{"error": {"class": "GenericError", "desc": "Invalid parameter 'pid'"}`
			d.mu.Unlock()
		}
		if err := p.Kill(t.Context()); err != nil {
			t.Error(err)
		}
		if n := slices.IndexFunc(d.commands()[1:], func(s string) bool { return s[:11] == "guest-exec{" }); n >= 0 {
			t.Errorf("a process was killed that had ended: %q", d.commands())
		}
	})
}

func TestAnswersThatAreNoneEndTheWait(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		gone   bool
	}{
		"unknown process": {`{"error": {"class": "GenericError", "desc": "Invalid parameter 'pid'"}`, true},
		"bad output":      {`{"return": {"exited": true, "out-data": "%%%"}`, false},
		"another type":    {`{"return": [1, 2]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := serve(t, &daemon{returns: map[string]string{"guest-exec": `{"return": {"pid": 4711}`, "guest-exec-status": test.answer}})
				defer shut(t, a)
				p, err := a.Run(t.Context(), "true")
				if err != nil {
					t.Fatal(err)
				}
				if r, err := p.Wait(t.Context()); err == nil || errors.Is(err, agent.ErrGone) != test.gone {
					t.Errorf("%+v %v", r, err)
				}
			})
		})
	}
}

func TestAPingIsMoreThanAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &daemon{returns: map[string]string{"guest-exec": `{"return": {"pid": 4711}`}} // and it never ends
		a := serve(t, d)
		defer shut(t, a)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := a.Listens(ctx); err != nil {
			t.Error(err)
		}
		if err := a.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if !bytes.Contains([]byte(d.commands()[0]), []byte("/var/")) {
			t.Errorf("it writes nothing: %q", d.commands())
		}
	})
}

func TestNobodyWaitsForAnAgentThatIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, &daemon{returns: map[string]string{"guest-exec": `{"return": {"pid": 4711}`}})
		p, err := a.Run(t.Context(), "sleep infinity")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(time.Second)
			shut(t, a)
		}()
		if _, err := p.Wait(t.Context()); err == nil {
			t.Error("it ended well")
		}
		synctest.Wait()
		if err := a.Ping(t.Context()); !errors.Is(err, qmp.ErrClosed) {
			t.Error(err)
		}
	})
}

// A ping that writes nothing leaves a living guest's disk as still as a hung one's.
func TestNoPingIsLeftUnlogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &daemon{returns: map[string]string{"guest-exec": `{"return": {"pid": 4711}`, "guest-exec-status": `{"return": {"exited": true, "exitcode": 0}`}}
		a := serve(t, d)
		defer shut(t, a)
		if err := a.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		if heard := d.commands()[0]; !strings.Contains(heard, "amazon-ssm-agent.log") {
			t.Errorf("it was told %s", heard)
		}
	})
}
