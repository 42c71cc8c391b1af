package followup_test

import (
	"context"
	"errors"
	"sync"
)

// moment is when a step is killed.
type moment string

const (
	beforeEffect moment = "before its effect" // before the first call that is no read of the casebook
	midway       moment = "in the midst"      // at any call outside of the casebook
	beforeWrite  moment = "after its effect, before its write"
	afterWrite   moment = "after its write"
)

var errKilled = errors.New("the function was killed")

// sort of call that goes through the gate.
type sort uint8

const (
	bookRead sort = iota
	bookWrite
	outside
)

// gate is what every call of the function to AWS goes through. It can kill the function:
// from then on nothing that it calls has an effect, and nobody gets its answer.
type gate struct {
	mu     sync.Mutex
	kill   moment // empty: it lives
	nth    int    // for midway: at which call outside
	cancel context.CancelFunc
	dead   bool
	calls  [outside + 1]int
}

// arm has the next invocation killed at that moment, and gives its context.
func (g *gate) arm(ctx context.Context, m moment, nth int) context.Context {
	g.mu.Lock()
	defer g.mu.Unlock()
	ctx, g.cancel = context.WithCancel(ctx)
	g.kill, g.nth, g.dead, g.calls = m, nth, false, [outside + 1]int{}
	return ctx
}

// disarm lets everything through again, and says whether the kill has struck.
func (g *gate) disarm() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	struck := g.dead
	g.cancel()
	g.kill, g.dead = "", false
	return struck
}

// through makes a call, unless the function is dead.
func (g *gate) through(s sort, do func() error) error {
	n, dead := g.enter(s)
	if dead {
		return errKilled
	}
	err := do()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.strikes(s, n, true) {
		return errKilled
	}
	return err
}

// enter numbers a call, and says whether the function is dead by now.
func (g *gate) enter(s sort) (n int, dead bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls[s]++
	return g.calls[s], g.strikes(s, g.calls[s], false)
}

// strikes says whether the function is dead before, or after, its n-th call of a sort.
func (g *gate) strikes(s sort, n int, after bool) bool {
	if g.dead || g.kill == "" {
		return g.dead
	}
	switch g.kill {
	case beforeEffect:
		g.dead = s != bookRead && !after
	case midway:
		g.dead = s == outside && n == 1+g.nth/2 && after == (g.nth%2 == 1)
	case beforeWrite:
		g.dead = s == bookWrite && n == 1 && !after
	case afterWrite:
		g.dead = s == bookWrite && n == 1 && after
	}
	if g.dead {
		g.cancel()
	}
	return g.dead
}
