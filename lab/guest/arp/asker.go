package arp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// maxFrame is more than any frame on the lab's link, whose MTU is 1500.
const maxFrame = 4096

// ErrSilent says that nobody answered.
var ErrSilent = errors.New("no answer to ARP requests")

// Link is the lab's end of a guest's network. It takes all that the guest sends, so
// that the guest's queue never fills, and understands only answers to its questions.
// It is safe for concurrent use.
type Link struct {
	conn net.Conn
	mac  MAC
	ip   netip.Addr
	done chan struct{}

	mu    sync.Mutex
	asked map[netip.Addr]chan struct{} // closed when the address answers
}

// NewLink makes the end of a connection that carries a frame in each write, with
// addresses of its own.
func NewLink(conn net.Conn, mac MAC, ip netip.Addr) *Link {
	l := &Link{conn: conn, mac: mac, ip: ip, done: make(chan struct{}), asked: map[netip.Addr]chan struct{}{}}
	go l.read()
	return l
}

// Close hangs up and waits until nothing is read any more.
func (l *Link) Close() error {
	err := l.conn.Close()
	<-l.done
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
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
		if _, ip, ok := Reply(frame[:n]); ok {
			l.mu.Lock()
			if c, ok := l.asked[ip]; ok {
				close(c)
				delete(l.asked, ip)
			}
			l.mu.Unlock()
		}
	}
}

// Ask asks for the owner of an address until it is answered, with a frame whenever
// again gives one and a first one at once. The error is ErrSilent, with ctx's, if that
// ends before.
func (l *Link) Ask(ctx context.Context, target netip.Addr, again func() <-chan time.Time) error {
	l.mu.Lock()
	answered, ok := l.asked[target]
	if !ok {
		answered = make(chan struct{})
		l.asked[target] = answered
	}
	l.mu.Unlock()
	frame := Request(l.mac, l.ip, target)
	for {
		// A full queue is one more sign of a silent guest, and no reason to give up.
		if err := l.send(frame); errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("asking for %s: %w", target, err)
		}
		select {
		case <-answered:
			return nil
		case <-l.done:
			return fmt.Errorf("asking for %s: %w", target, net.ErrClosed)
		case <-ctx.Done():
			return fmt.Errorf("asking for %s: %w: %w", target, ErrSilent, ctx.Err())
		case <-again():
		}
	}
}

// send writes one frame unless the queue is full.
func (l *Link) send(frame []byte) error {
	if err := l.conn.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	_, err := l.conn.Write(frame)
	return err
}
