// Package qmp speaks the JSON lines of QEMU: the QEMU Machine Protocol of a monitor,
// and the guest agent's dialect of it ("QEMU Machine Protocol Specification" and "QEMU
// Guest Agent Protocol Reference", QEMU documentation).
//
// A Client sends commands with an id, which either peer repeats in its answer, so that
// any number may be under way, an answer that comes after its command was given up is
// nobody's, and a command that a hung peer never answers holds up no other.
//
// It is written here because github.com/digitalocean/go-qemu dials sockets by name
// where the lab inherits them, lets one command wait for another without a context,
// does not speak to the agent, and brings a libvirt client along.
package qmp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
)

// ErrClosed says that the peer is gone.
var ErrClosed = errors.New("the connection to QEMU is closed")

// Error is a peer's refusal of a command.
type Error struct {
	Command     string
	Class       string // such as GenericError or CommandNotFound
	Description string
}

// Error names the command and the reason.
func (e *Error) Error() string { return e.Command + ": " + e.Description + " (" + e.Class + ")" }

// Event is what a monitor says unasked.
type Event struct {
	Name string
	Data json.RawMessage
}

// Client is one end of a connection. It is safe for concurrent use.
type Client struct {
	conn   net.Conn
	events func(Event)
	greets chan struct{} // closed at the monitor's greeting
	done   chan struct{} // closed when the peer is gone

	writing chan struct{} // holds a token while someone writes
	torn    bool          // a command was written in part; guarded by the token of writing

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan message
}

// New starts to read from a peer, until it closes the connection or Close is called.
// events is called with each event, in order; it must not block and may be nil.
func New(conn net.Conn, events func(Event)) *Client {
	c := &Client{
		conn: conn, events: events, greets: make(chan struct{}), done: make(chan struct{}),
		writing: make(chan struct{}, 1), waiting: map[uint64]chan message{},
	}
	go c.read()
	return c
}

// Close hangs up and waits until nothing is read any more.
func (c *Client) Close() error {
	err := c.conn.Close()
	<-c.done
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Done is closed when the peer is gone.
func (c *Client) Done() <-chan struct{} { return c.done }

// Greet waits for a monitor's greeting and leaves its negotiation mode. An agent
// greets nobody; see Sync.
func (c *Client) Greet(ctx context.Context) error {
	select {
	case <-c.greets:
		return c.Execute(ctx, "qmp_capabilities", nil, nil)
	case <-c.done:
		return ErrClosed
	case <-ctx.Done():
		return fmt.Errorf("waiting for QEMU's greeting: %w", ctx.Err())
	}
}

// Sync finds out whether an agent listens: it makes the agent forget a command that
// reached it in part, and this end forget a piece of an answer. A command should
// follow an answered Sync at once, since what is sent to an agent that is not there
// waits for the next one to start, and would be executed then.
func (c *Client) Sync(ctx context.Context) error {
	id, answer := c.expect()
	defer c.forget(id)
	var got uint64
	err := c.exchange(ctx, answer, command{Execute: "guest-sync-delimited", Arguments: map[string]uint64{"id": id}, ID: id}, true, &got)
	if err == nil && got != id {
		err = fmt.Errorf("guest-sync-delimited: the agent answered %d to %d", got, id)
	}
	return err
}

// Execute sends a command with its arguments, which may be nil, and decodes what it
// returns into result, which may be nil, too. The error is ctx's when that ends before
// the answer, ErrClosed when the peer is gone, or an *Error.
func (c *Client) Execute(ctx context.Context, name string, arguments, result any) error {
	id, answer := c.expect()
	defer c.forget(id)
	return c.exchange(ctx, answer, command{Execute: name, Arguments: arguments, ID: id}, false, result)
}

// command is what goes to the peer.
type command struct {
	Execute   string `json:"execute"`
	Arguments any    `json:"arguments,omitempty"`
	ID        uint64 `json:"id"`
}

func (c *Client) exchange(ctx context.Context, answer <-chan message, cmd command, reset bool, result any) error {
	line, err := json.Marshal(cmd)
	if err != nil {
		return fmt.Errorf("%s: encoding its arguments: %w", cmd.Execute, err)
	}
	if err := c.write(ctx, append(line, '\n'), reset); err != nil {
		return fmt.Errorf("%s: %w", cmd.Execute, err)
	}
	select {
	case m := <-answer:
		return m.decode(cmd.Execute, result)
	case <-c.done:
		select { // it may have answered before it went
		case m := <-answer:
			return m.decode(cmd.Execute, result)
		default:
			return fmt.Errorf("%s: %w", cmd.Execute, ErrClosed)
		}
	case <-ctx.Done():
		return fmt.Errorf("waiting for the answer to %s: %w", cmd.Execute, ctx.Err())
	}
}

// expect makes an id and the channel that its answer comes on.
func (c *Client) expect() (uint64, <-chan message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	answer := make(chan message, 1)
	c.waiting[c.last] = answer
	return c.last, answer
}

func (c *Client) forget(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, id)
}

// read hands out what comes until the peer is gone.
func (c *Client) read() {
	defer close(c.done)
	d, greeted := newDecoder(c.conn), false
	for {
		m, err := d.next()
		if err != nil {
			return
		}
		switch {
		case m.Greeting != nil:
			if !greeted {
				greeted = true
				close(c.greets)
			}
		case m.Event != "":
			if c.events != nil {
				c.events(Event{m.Event, m.Data})
			}
		default:
			c.answer(m)
		}
	}
}

// answer hands an answer to the caller that waits for it, if one does.
func (c *Client) answer(m message) {
	id, ok := m.id()
	if !ok {
		return // to something that the peer could not even parse
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if to, ok := c.waiting[id]; ok {
		delete(c.waiting, id) // a second answer is nobody's
		to <- m
	}
}
