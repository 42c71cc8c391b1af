// Package link is the lab's end of a guest's network: a connection that carries one
// Ethernet frame in a datagram. It takes all that the guest sends, so that the guest's
// queue never fills, counts it as a hypervisor does, and hands it to whoever listens.
package link

import (
	"errors"
	"net"
	"slices"
	"sync"
	"time"
)

// maxFrame is more than any frame on the lab's link, whose MTU is 1500.
const maxFrame = 4096

// sendTakes bounds one frame: the queue of a hung guest is full.
const sendTakes = time.Second

// MAC is an Ethernet address.
type MAC [6]byte

// String writes an address as usual, with colons.
func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// Link is safe for concurrent use.
type Link struct {
	conn net.Conn
	done chan struct{}

	mu        sync.Mutex
	sent      Sent
	listeners []*listener
}

// Sent is what a guest has sent so far.
type Sent struct{ Frames, Bytes uint64 }

// listener gets every frame.
type listener struct{ take func(frame []byte) }

// New starts to read from a connection, until it breaks or Close is called.
func New(conn net.Conn) *Link {
	l := &Link{conn: conn, done: make(chan struct{})}
	go l.read()
	return l
}

// Close hangs up and waits until nothing is read any more. Further calls do nothing.
func (l *Link) Close() error {
	err := l.conn.Close()
	<-l.done
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Done is closed when nothing is read any more.
func (l *Link) Done() <-chan struct{} { return l.done }

// Sent is what the guest has sent so far.
func (l *Link) Sent() Sent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

// Listen has take called with every frame from now on, one at a time, until stop is
// called. The frame is only valid during the call. take must neither block nor listen.
func (l *Link) Listen(take func(frame []byte)) (stop func()) {
	heard := &listener{take}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listeners = append(l.listeners, heard)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.listeners = slices.DeleteFunc(l.listeners, func(other *listener) bool { return other == heard })
	}
}

// Send sends one frame unless the guest's queue is full.
func (l *Link) Send(frame []byte) error {
	if err := l.conn.SetWriteDeadline(time.Now().Add(sendTakes)); err != nil {
		return err
	}
	_, err := l.conn.Write(frame)
	return err
}

func (l *Link) read() {
	defer close(l.done)
	frame := make([]byte, maxFrame)
	for {
		n, err := l.conn.Read(frame)
		if err != nil {
			return
		}
		l.heard(frame[:n])
	}
}

// heard counts a frame and hands it out.
func (l *Link) heard(frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent.Frames++
	l.sent.Bytes += uint64(len(frame))
	for _, to := range l.listeners {
		to.take(frame)
	}
}
