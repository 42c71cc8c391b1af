package arp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"crashcart/lab/guest/link"
)

// ErrSilent says that nobody answered.
var ErrSilent = errors.New("no answer to ARP requests")

// Asker has an address on a link: it asks for others, and answers when it is asked for
// its own, without which a guest could send it no packet. It is safe for concurrent use.
type Asker struct {
	link *link.Link
	mac  link.MAC
	ip   netip.Addr

	mu    sync.Mutex
	asked map[netip.Addr]chan struct{} // closed when the address answers
}

// NewAsker gives a link an address. The asker ends with the link.
func NewAsker(l *link.Link, mac link.MAC, ip netip.Addr) *Asker {
	a := &Asker{link: l, mac: mac, ip: ip, asked: map[netip.Addr]chan struct{}{}}
	answers := make(chan []byte, 1)
	l.Listen(func(frame []byte) {
		a.heard(frame)
		if answer := a.answer(frame); answer != nil {
			select {
			case answers <- answer:
			default: // the guest asks again
			}
		}
	})
	go a.say(answers)
	return a
}

// heard wakes those who asked for the owner of an address.
func (a *Asker) heard(frame []byte) {
	_, ip, ok := Reply(frame)
	if !ok {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if c, ok := a.asked[ip]; ok {
		close(c)
		delete(a.asked, ip)
	}
}

// answer is what to say to a frame, nil for nothing.
func (a *Asker) answer(frame []byte) []byte {
	who, asks, target, ok := Asked(frame)
	if !ok || target != a.ip {
		return nil
	}
	return Answer(a.mac, a.ip, who, asks)
}

// say sends answers until the link ends.
func (a *Asker) say(answers <-chan []byte) {
	for {
		select {
		case answer := <-answers:
			_ = a.link.Send(answer) //nolint:errcheck // a guest that did not get it asks again
		case <-a.link.Done():
			return
		}
	}
}

// Ask asks for the owner of an address until it is answered, with a frame whenever
// again gives one and a first one at once. The error is ErrSilent, with ctx's, if that
// ends before.
func (a *Asker) Ask(ctx context.Context, target netip.Addr, again func() <-chan time.Time) error {
	a.mu.Lock()
	answered, ok := a.asked[target]
	if !ok {
		answered = make(chan struct{})
		a.asked[target] = answered
	}
	a.mu.Unlock()
	frame := Request(a.mac, a.ip, target)
	for {
		// A full queue is one more sign of a silent guest, and no reason to give up.
		if err := a.link.Send(frame); errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("asking for %s: %w", target, err)
		}
		select {
		case <-answered:
			return nil
		case <-a.link.Done():
			return fmt.Errorf("asking for %s: %w", target, net.ErrClosed)
		case <-ctx.Done():
			return fmt.Errorf("asking for %s: %w: %w", target, ErrSilent, ctx.Err())
		case <-again():
		}
	}
}
