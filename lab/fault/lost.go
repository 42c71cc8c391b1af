package fault

import (
	"net/http"
	"sync"
)

// Conflicts cancels a percentage of DynamoDB's transactions because of another one
// under way on one of their items. Nothing of such a transaction is applied.
type Conflicts struct {
	percent int
	dice    *dice
}

// NewConflicts cancels so many percent of the transactions.
func NewConflicts(percent int, seed uint64) *Conflicts {
	return &Conflicts{percent: percent, dice: newDice(seed)}
}

// Serve implements Fault.
func (f *Conflicts) Serve(c Call, next Next) Answer {
	if c.Service != DynamoDB || c.Operation != "TransactWriteItems" || !f.dice.percent(f.percent) {
		return next(c)
	}
	n := max(1, actions(c.Body))
	return cancelled(n, f.dice.below(n), reasonConflict, "Transaction is ongoing for the item")
}

// LostAnswers carries calls out and loses the answers of a percentage of them: the
// connection is closed instead.
type LostAnswers struct {
	service, operation string
	percent            int
	dice               *dice
}

// NewLostAnswers loses so many percent of the answers of one operation; of all of
// the service's if operation is empty.
func NewLostAnswers(service, operation string, percent int, seed uint64) *LostAnswers {
	return &LostAnswers{service: service, operation: operation, percent: percent, dice: newDice(seed)}
}

// Serve implements Fault.
func (f *LostAnswers) Serve(c Call, next Next) Answer {
	a := next(c)
	if c.Service == f.service && (f.operation == "" || c.Operation == f.operation) && f.dice.percent(f.percent) {
		a.Lost = true
	}
	return a
}

// Outage makes one service unreachable: every connection to it is closed before
// anything is carried out.
type Outage struct{ Service string }

// Serve implements Fault.
func (f Outage) Serve(c Call, next Next) Answer {
	if c.Service != f.Service {
		return next(c)
	}
	return Answer{Status: http.StatusServiceUnavailable, Lost: true}
}

// Killer carries a call out, withholds its answer and kills its caller, a number of
// times. Until it has done so it lets no two such calls past it at once, and none
// of a caller that is dying: each caller dies of one call, and no later call of its
// is carried out.
type Killer struct {
	// Deadly says whether a call that was answered like this kills its caller.
	Deadly func(Call, Answer) bool
	// Watched says which calls can be deadly; others are not held up.
	Watched func(Call) bool
	// Kill ends the process with that access key and returns when it is gone.
	Kill func(caller string) bool
	// Times is how often.
	Times int

	mu     sync.Mutex
	dead   map[string]bool
	killed int
}

// Serve implements Fault.
func (k *Killer) Serve(c Call, next Next) Answer {
	gone := Answer{Status: http.StatusServiceUnavailable, Lost: true}
	if !k.Watched(c) {
		if k.dying(c.Caller) {
			return gone
		}
		return next(c)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead[c.Caller] {
		return gone
	}
	if k.killed == k.Times {
		return next(c)
	}
	a := next(c)
	if !k.Deadly(c, a) {
		return a
	}
	if k.dead == nil {
		k.dead = map[string]bool{}
	}
	k.dead[c.Caller] = true
	k.killed++
	k.Kill(c.Caller)
	a.Lost = true
	return a
}

func (k *Killer) dying(caller string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dead[caller]
}

// Killed is how many callers were killed.
func (k *Killer) Killed() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.killed
}
