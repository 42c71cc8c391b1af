package guard

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"crashcart/lambda/domain/cases"
)

// PermitLife is how long a permit lives after its claim. The facts behind it age, and a
// machine can come back to life.
const PermitLife = 10 * time.Second

// Why a permit is refused.
var (
	ErrNoPermit    = errors.New("not a permit: the guard did not make it")
	ErrPermitSpent = errors.New("the permit has been used before")
	ErrPermitDead  = errors.New("the permit is too old")
	ErrWrongPermit = errors.New("the permit is for the other kind of interrupt")
)

// Permit is the leave to interrupt one instance once. Only a claim that the guard has won
// makes one. Its zero value is refused. So is a second use, and so is a use when
// PermitLife has passed since the claim. Copies of a permit are the same permit.
type Permit struct{ p *permit }

type permit struct {
	claim cases.Case
	spent atomic.Bool
}

func newPermit(c cases.Case) Permit { return Permit{&permit{claim: c}} }

// Spend uses the permit up. It returns the instance and the time at which the permit
// dies: until then a throttled send may be repeated. dryRun says which kind of sender
// asks. After any error nothing is permitted.
//
// The other kind of sender does not use the permit up, since it can do nothing with it. A
// sender that comes too late does. At the very end of its life a permit is dead, because a
// send that starts then has no time left for its answer. Its age is that by the clock that
// says more: a process may be frozen between the claim and the send.
func (p Permit) Spend(now time.Time, dryRun bool) (instanceID string, until time.Time, err error) {
	if p.p == nil {
		return "", time.Time{}, ErrNoPermit
	}
	age := elapsed(now, p.p.claim.ClaimedAt)
	switch {
	case p.p.claim.DryRun != dryRun:
		return "", time.Time{}, ErrWrongPermit
	case !p.p.spent.CompareAndSwap(false, true):
		return "", time.Time{}, ErrPermitSpent
	case age >= PermitLife:
		return "", time.Time{}, fmt.Errorf("%w: it died %s ago", ErrPermitDead, (age - PermitLife).Round(time.Millisecond))
	}
	return p.p.claim.InstanceID, p.p.claim.ClaimedAt.Add(PermitLife), nil
}

// DryRun says whether this permits only a dry run. It is true for the zero value.
func (p Permit) DryRun() bool { return p.p == nil || p.p.claim.DryRun }

// Case is the case that the claim opened.
func (p Permit) Case() cases.Case {
	if p.p == nil {
		return cases.Case{}
	}
	return p.p.claim
}
