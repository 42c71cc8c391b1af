package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"crashcart/lab/guest/link"
)

const (
	// sendAgain is how long an answer is waited for before the same is sent again: the
	// guest's queue may be full.
	sendAgain = time.Second
	// queued is how many segments of the guest wait to be read; it sends more again.
	queued = 64
	// mostText bounds an answer, in bytes: the guest is hostile.
	mostText = 64 << 10
	// firstPort is where the ports of this end begin, and ports how many there are
	// before one is used again: the dynamic ports of RFC 6335.
	firstPort = 49152
	ports     = 16384
	// apart is how far apart the sequences of two connections begin.
	apart = 1 << 20
)

// ErrRefused says that the guest's kernel answered that nobody listens.
var ErrRefused = errors.New("the connection was refused")

// errAgain says that no segment came in time.
var errAgain = errors.New("nothing came")

// Client is this end of any number of connections. It is safe for concurrent use.
type Client struct {
	link     *link.Link
	from, to Endpoint
	made     atomic.Uint32 // connections so far
}

// NewClient has connections made from one end of a link to the other.
func NewClient(l *link.Link, from, to Endpoint) *Client {
	return &Client{link: l, from: from, to: to}
}

// Connect returns when a port has accepted a connection, which is closed at once. The
// error is ErrRefused, or ctx's if that ends before.
func (c *Client) Connect(ctx context.Context, port uint16) error {
	t, err := c.open(ctx, port)
	if err != nil {
		return err
	}
	t.close()
	return nil
}

// Ask sends a request to a port and gives all that is answered until the guest closes
// the connection. The error is ErrRefused, or ctx's if that ends before.
func (c *Client) Ask(ctx context.Context, port uint16, request string) (string, error) {
	t, err := c.open(ctx, port)
	if err != nil {
		return "", err
	}
	defer t.close()
	return t.ask(ctx, []byte(request))
}

// talk is one connection.
type talk struct {
	client      *Client
	local, port uint16
	next        uint32 // sequence of the next byte that is sent
	want        uint32 // sequence of the next byte that is read
	heard       chan segment
	stop        func() // stops listening
}

// open connects to a port.
func (c *Client) open(ctx context.Context, port uint16) (*talk, error) {
	n := c.made.Add(1)
	t := &talk{
		client: c, local: firstPort + uint16(n%ports), port: port,
		next: n * apart, heard: make(chan segment, queued),
	}
	t.stop = c.link.Listen(t.hear)
	if err := t.shake(ctx); err != nil {
		t.stop()
		return nil, fmt.Errorf("connecting to port %d: %w", port, err)
	}
	return t, nil
}

// hear keeps a segment of this connection.
func (t *talk) hear(frame []byte) {
	s, ok := read(frame, t.client.to, t.client.from)
	if !ok || s.from != t.port || s.to != t.local {
		return
	}
	select {
	case t.heard <- s:
	default: // the guest sends it again
	}
}

// shake does the handshake.
func (t *talk) shake(ctx context.Context) error {
	hello := segment{flags: syn, sequence: t.next}
	for again := t.send(hello); ; {
		s, err := t.wait(ctx, again)
		switch {
		case errors.Is(err, errAgain):
			again = t.send(hello)
		case err != nil:
			return err
		case s.flags&rst != 0 && s.acked == t.next+1:
			return ErrRefused
		case s.flags&(syn|ack) == syn|ack && s.acked == t.next+1:
			t.next, t.want = s.acked, s.sequence+1
			t.send(segment{flags: ack})
			return nil
		}
	}
}

// ask sends a request and reads the answer.
func (t *talk) ask(ctx context.Context, request []byte) (string, error) {
	var answer []byte
	question := segment{flags: ack | psh, text: request}
	again := t.send(question)
	for taken := false; ; {
		s, err := t.wait(ctx, again)
		switch {
		case errors.Is(err, errAgain):
			again = t.send(question)
			continue
		case err != nil:
			return string(answer), fmt.Errorf("waiting for the answer of port %d: %w", t.port, err)
		case s.flags&rst != 0:
			return string(answer), fmt.Errorf("waiting for the answer of port %d: the connection was reset", t.port)
		}
		if !taken && s.flags&ack != 0 && s.acked == t.next+uint32(len(request)) { //nolint:gosec // a request is small
			taken, again = true, nil
			t.next = s.acked
		}
		text, over := t.take(s)
		answer = append(answer, text...)
		if over || len(answer) > mostText {
			return string(answer), nil
		}
	}
}

// take gives the text of a segment if it is what comes next, and whether it is the last.
// Whatever else comes is acknowledged as before, so that the guest sends what is missing.
func (t *talk) take(s segment) (text []byte, over bool) {
	if len(s.text) == 0 && s.flags&fin == 0 {
		return nil, false
	}
	if s.sequence == t.want {
		text, over = s.text, s.flags&fin != 0
		t.want += uint32(len(text)) //nolint:gosec // a frame's length
	}
	t.send(segment{flags: ack})
	return text, over
}

// close ends the connection without waiting for the guest, which need not answer.
func (t *talk) close() {
	t.send(segment{flags: rst | ack})
	t.stop()
}

// wait gives the next segment, errAgain when it is time to send again, or an error when
// ctx or the link has ended.
func (t *talk) wait(ctx context.Context, again <-chan time.Time) (segment, error) {
	select {
	case s := <-t.heard:
		return s, nil
	case <-again:
		return segment{}, errAgain
	case <-t.client.link.Done():
		return segment{}, net.ErrClosed
	case <-ctx.Done():
		return segment{}, ctx.Err()
	}
}

// send sends a segment at this point of the connection. A frame that finds the guest's
// queue full is lost, as it would be on any network; so the channel that it gives says
// when to send again.
func (t *talk) send(s segment) <-chan time.Time {
	s.from, s.to, s.sequence, s.acked = t.local, t.port, t.next, t.want
	_ = t.client.link.Send(s.frame(t.client.from, t.client.to)) //nolint:errcheck // as said
	return time.After(sendAgain)
}
