package qmp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// takes bounds how long a peer may leave a command in the socket's buffer once that is
// full. One that reads nothing is as good as silent.
const takes = 2 * time.Second

// write sends one line, behind the byte that resets the peer's parser if asked, or if
// the line before got stuck half way.
func (c *Client) write(ctx context.Context, line []byte, reset bool) error {
	select {
	case c.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-c.done:
		return ErrClosed
	}
	defer func() { <-c.writing }()
	if reset || c.torn {
		line = append([]byte{delimiter}, line...)
	}
	err := c.conn.SetWriteDeadline(soon(ctx))
	if err == nil {
		var n int
		n, err = c.conn.Write(line)
		c.torn = n < len(line) && (c.torn || n > 0)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("the peer reads nothing: %w", context.DeadlineExceeded)
	default:
		return fmt.Errorf("%w: %w", ErrClosed, err)
	}
}

// soon is when a write must be over.
func soon(ctx context.Context) time.Time {
	until := time.Now().Add(takes)
	if d, ok := ctx.Deadline(); ok && d.Before(until) {
		return d
	}
	return until
}
