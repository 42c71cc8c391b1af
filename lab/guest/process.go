package guest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
)

// The descriptors of QEMU's ends, after its standard input and output, which are the
// serial port's, and its standard error.
const (
	monitorFD = 3 + iota
	agentFD
	networkFD
	screenFD
	diskFD
	lifeFD
)

// process is a QEMU and our ends of the ways to it.
type process struct {
	pid     int
	near    []io.Closer    // all our ends
	output  io.ReadCloser  // what the serial port says
	input   io.WriteCloser // what it hears
	monitor net.Conn
	agent   net.Conn
	network net.Conn // a frame in each datagram
	screen  *os.File // what QEMU sees as screenFD

	exited chan struct{} // closed when it is gone
	status error         // how it ended, then
	used   Usage         // and what it took
	kill   func() error
	errors tail // what it said on its standard error
}

// failure is what QEMU said last, if it has ended, or else nil.
func (p *process) failure() error {
	select {
	case <-p.exited:
	default:
		return nil
	}
	if said := strings.TrimSpace(p.errors.String()); said != "" {
		return fmt.Errorf("QEMU said: %s", said)
	}
	return p.status
}

// close closes our ends. QEMU, if it still runs, dies of it.
func (p *process) close() error {
	var errs []error
	for _, c := range p.near {
		if err := c.Close(); !errors.Is(err, os.ErrClosed) && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// mostErrors bounds what is kept of QEMU's complaints.
const mostErrors = 4 << 10

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-mostErrors):]
	return len(p), nil
}

// String is the end of what was written.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
