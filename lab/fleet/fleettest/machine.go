// Package fleettest has a machine for tests of what deals with real guests. From
// outside it behaves as a real guest does, in the way that the test sets.
package fleettest

import (
	"context"
	"errors"
	"sync"
	"time"

	"crashcart/lab/fleet"
)

// Machine is a fleet.Machine without a kernel. Its fields are set before it is used.
type Machine struct {
	// Script is what a script does; it may last until ctx ends, which Kill and Close
	// do. By default it succeeds at once and says nothing.
	Script func(ctx context.Context, script string) fleet.ProcessResult
	// Text and Posted are the console, as it is and as it was posted.
	Text, Posted string
	// Screen is the screenshot.
	Screen []byte

	mu      sync.Mutex
	calls   map[string]int
	fail    error
	vitals  fleet.Vitals
	waking  chan struct{}            // closed when it wakes, nil while it is awake
	held    map[string]chan struct{} // calls that return only when theirs is closed
	began   map[string]chan struct{}
	closers []context.CancelFunc
	restart chan struct{} // closed by it
}

// See sets what is seen of it.
func (m *Machine) See(v fleet.Vitals) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.vitals = v
}

// Fail makes every call that can fail do so from now on; nil ends that.
func (m *Machine) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

// Hang stops its user space: the agent takes, reports and kills nothing until Wake.
func (m *Machine) Hang() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waking == nil {
		m.waking = make(chan struct{})
	}
}

// Wake ends a hang.
func (m *Machine) Wake() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waking != nil {
		close(m.waking)
		m.waking = nil
	}
}

// Restart is what a reboot is to scripts: those that run are gone, and nobody can say
// what became of them. User space is awake after it.
func (m *Machine) Restart() {
	m.mu.Lock()
	if m.restart != nil {
		close(m.restart)
		m.restart = nil
	}
	m.mu.Unlock()
	m.Wake()
}

// Hold keeps the next call of a method, by its name, from returning until release is
// called; began is closed when the call is there. Start is held before the agent takes
// the script, and by the name Taken after it.
func (m *Machine) Hold(method string) (began <-chan struct{}, release func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held == nil {
		m.held, m.began = map[string]chan struct{}{}, map[string]chan struct{}{}
	}
	hold := make(chan struct{})
	m.held[method], m.began[method] = hold, make(chan struct{})
	return m.began[method], func() { close(hold) }
}

// Calls is how often a method was called, by its name.
func (m *Machine) Calls(method string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls[method]
}

// Close ends every script that still runs.
func (m *Machine) Close() {
	m.Wake()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, end := range m.closers {
		end()
	}
}

// called counts a call, and holds it if it is to be held.
func (m *Machine) called(method string) {
	m.mu.Lock()
	if m.calls == nil {
		m.calls = map[string]int{}
	}
	m.calls[method]++
	hold, began := m.held[method], m.began[method]
	delete(m.held, method)
	m.mu.Unlock()
	if hold != nil {
		close(began)
		<-hold
	}
}

// fails is called for a method that may fail, and gives the error it ends with.
func (m *Machine) fails(method string) error {
	m.called(method)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fail
}

// awake waits until user space runs, or ctx ends.
func (m *Machine) awake(ctx context.Context) error {
	for {
		m.mu.Lock()
		waking := m.waking
		m.mu.Unlock()
		if waking == nil {
			return ctx.Err()
		}
		select {
		case <-waking:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Interrupt implements fleet.Machine.
func (m *Machine) Interrupt() error { return m.fails("Interrupt") }

// Reset implements fleet.Machine.
func (m *Machine) Reset() error { return m.fails("Reset") }

// Console implements fleet.Machine. Its time is that of the last status check.
func (m *Machine) Console(latest bool) ([]byte, time.Time) {
	m.called("Console")
	if latest {
		return []byte(m.Text), m.Vitals().Checked
	}
	return []byte(m.Posted), m.Vitals().Checked
}

// Screenshot implements fleet.Machine.
func (m *Machine) Screenshot() ([]byte, error) { return m.Screen, m.fails("Screenshot") }

// Vitals implements fleet.Machine.
func (m *Machine) Vitals() fleet.Vitals {
	m.called("Vitals")
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.vitals
}

// Start implements fleet.Machine.
func (m *Machine) Start(ctx context.Context, script string) (fleet.Process, error) {
	if err := m.fails("Start"); err != nil {
		return nil, err
	}
	if err := m.awake(ctx); err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.Background())
	m.mu.Lock()
	m.closers = append(m.closers, end)
	if m.restart == nil {
		m.restart = make(chan struct{})
	}
	p := &process{machine: m, kill: end, ended: make(chan struct{}), lost: m.restart}
	m.mu.Unlock()
	go func() {
		defer close(p.ended)
		if m.Script != nil {
			p.result = m.Script(life, script)
		}
	}()
	m.called("Taken") // it is running by now
	return p, nil
}

type process struct {
	machine *Machine
	kill    context.CancelFunc
	ended   chan struct{}
	lost    chan struct{}
	result  fleet.ProcessResult
}

// Wait implements fleet.Process.
func (p *process) Wait(ctx context.Context) (fleet.ProcessResult, error) {
	select {
	case <-p.ended:
	case <-p.lost:
		return fleet.ProcessResult{}, errors.New("the guest has restarted")
	case <-ctx.Done():
		return fleet.ProcessResult{}, ctx.Err()
	}
	if err := p.machine.awake(ctx); err != nil {
		return fleet.ProcessResult{}, err
	}
	return p.result, nil
}

// Kill implements fleet.Process.
func (p *process) Kill(ctx context.Context) error {
	if err := p.machine.fails("Kill"); err != nil {
		return err
	}
	if err := p.machine.awake(ctx); err != nil {
		return err
	}
	p.kill()
	return nil
}
