// Package agent plays Systems Manager's agent with qemu-guest-agent inside a guest: it
// runs shell scripts and pings.
//
// The two agents differ in what they touch. qemu-ga works in memory: measured with a
// frozen root file system, it goes on answering guest-ping, and running programs that
// write nothing. The SSM agent would not, since it keeps its log and the state of every
// command under /var, so that it is silent on EC2 when that blocks. Here, therefore,
// every script waits for a write under /var first, and a ping is a script that adds a
// line to a log, as the SSM agent does with every report. A write that fails does not
// block: on a full disk both agents go on.
package agent

import (
	"context"
	"fmt"
	"sync"

	"crashcart/lab/guest/qmp"
)

// first is what runs before a script, which is its first argument: a write that needs
// no space, and whose failure is not the script's. It is no special built-in, of which
// a redirection that fails would end the shell.
const first = `true 2>/dev/null >/var/lib/crashcart-agent; exec /bin/sh -c "$1"`

// report is what a ping runs: the line that the SSM agent writes for every health report
// (agent/health/healthcheck.go, amazon-ssm-agent), where it writes it.
const report = `echo "$(date '+%F %T') INFO [ssm-agent-worker] [HealthCheck] HealthCheck reporting agent health." >>/var/log/amazon/ssm/amazon-ssm-agent.log || :`

// Agent is the one agent of a guest, whether it runs or not. It is safe for concurrent
// use: a request that is never answered holds up no other.
type Agent struct {
	client *qmp.Client
	wg     sync.WaitGroup

	mu     sync.Mutex
	life   context.Context // of the guest's kernel, and so of the agent's processes
	end    context.CancelFunc
	closed bool
}

// New talks to the agent at the other end of a client, and closes that with itself.
func New(c *qmp.Client) *Agent {
	a := &Agent{client: c}
	a.life, a.end = context.WithCancel(context.Background())
	return a
}

// Close hangs up; nobody waits for a process any more.
func (a *Agent) Close() error {
	a.mu.Lock()
	a.closed = true // nobody is watched from here on
	a.end()
	a.mu.Unlock()
	err := a.client.Close()
	a.wg.Wait()
	return err
}

// Restarted says that the guest's kernel started anew: all processes are gone, and
// their ids may soon be others'.
func (a *Agent) Restarted() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.life.Err() == nil {
		a.end()
		a.life, a.end = context.WithCancel(context.Background())
	}
}

// Listens returns when the agent answered, or with ctx's error if that ends before.
func (a *Agent) Listens(ctx context.Context) error { return a.client.Sync(ctx) }

// Ping returns when the agent has done what a health ping takes, or with ctx's error if
// that ends before.
func (a *Agent) Ping(ctx context.Context) error {
	p, err := a.Run(ctx, report)
	if err == nil {
		_, err = p.Wait(ctx)
	}
	if err != nil {
		return fmt.Errorf("pinging the agent: %w", err)
	}
	return nil
}

// Run hands a script to /bin/sh, as the leader of a session so that Kill reaches its
// children, and returns when the agent took it. A script is given to an agent only that
// has just answered: it would otherwise wait for one, and be run after the reboot of a
// guest that hung when it was sent. So it never runs if ctx ended before, save when that
// is while the agent is taking it.
func (a *Agent) Run(ctx context.Context, script string) (*Process, error) {
	a.mu.Lock()
	life := a.life
	a.mu.Unlock()
	if err := a.client.Sync(ctx); err != nil {
		return nil, fmt.Errorf("handing a script to the agent: %w", err)
	}
	var started struct {
		PID int `json:"pid"`
	}
	err := a.client.Execute(ctx, "guest-exec", map[string]any{
		"path": "/usr/bin/setsid", "arg": []string{"/bin/sh", "-c", first, "sh", script}, "capture-output": true,
	}, &started)
	if err != nil {
		return nil, fmt.Errorf("handing a script to the agent: %w", err)
	}
	if started.PID <= 1 { // Kill would end far more than it
		return nil, fmt.Errorf("handing a script to the agent: it says that the process id is %d", started.PID)
	}
	p := &Process{agent: a, pid: started.PID, ended: make(chan struct{})}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, fmt.Errorf("handing a script to the agent: %w", qmp.ErrClosed)
	}
	a.wg.Go(func() { p.watch(life) })
	return p, nil
}
