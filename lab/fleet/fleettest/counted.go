package fleettest

import (
	"context"
	"sync"

	"crashcart/lab/fleet"
)

var _ fleet.Counter = (*Counted)(nil)

// Counted is a Machine whose hypervisor counts what it writes and sends, as the test says.
type Counted struct {
	Machine

	counters     sync.Mutex
	writes, sent uint64
	lost         error
}

// Count adds to the counters.
func (c *Counted) Count(writes, sent uint64) {
	c.counters.Lock()
	defer c.counters.Unlock()
	c.writes, c.sent = c.writes+writes, c.sent+sent
}

// ResetCounters is a hypervisor that was started again: it counts from nothing.
func (c *Counted) ResetCounters() {
	c.counters.Lock()
	defer c.counters.Unlock()
	c.writes, c.sent = 0, 0
}

// Lose has the counters unknown from now on, with an error; nil ends that.
func (c *Counted) Lose(err error) {
	c.counters.Lock()
	defer c.counters.Unlock()
	c.lost = err
}

// Counters implements fleet.Counter.
func (c *Counted) Counters(context.Context) (writes, bytesSent uint64, err error) {
	c.counters.Lock()
	defer c.counters.Unlock()
	return c.writes, c.sent, c.lost
}
