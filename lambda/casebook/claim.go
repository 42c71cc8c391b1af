package casebook

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	mathrand "math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// Request asks for the one shot at an instance.
type Request struct {
	InstanceID string
	Leashed    bool
	Origin     Origin
	Cooldown   time.Duration // since the instance's last claim
	Budget     int           // slots of the Region's budget
	Group      string        // empty for an instance in no group
	GroupLimit int           // slots of the group

	// Seen are the slots as the guard's rules have just read them, which saves the
	// claim a round. Without them, and for every rehearsal, the claim reads its own.
	Seen *Seen
}

// Seen is the occupancy that the guard decided on.
type Seen struct {
	Budget Slots
	Group  Slots
}

// Cause is why a claim was lost.
type Cause string

// The causes of a lost claim, in the order in which they are told.
const (
	CauseDuplicate Cause = "duplicate" // this source key has claimed before
	CauseOpen      Cause = "open"      // the instance has an open case
	CauseLever     Cause = "lever"
	CauseCooldown  Cause = "cooldown"
	CauseGroup     Cause = "group"
	CauseBudget    Cause = "budget"
	CauseConflict  Cause = "conflict" // others kept claiming at the same moment: try again later
)

// LostError says why a claim was not won. Nothing was written.
type LostError struct {
	Cause  Cause
	CaseID string    // of CauseDuplicate and CauseOpen
	Since  time.Time // the open case's claim, or the last claim, where there is one
}

func (e *LostError) Error() string {
	if e.CaseID != "" {
		return fmt.Sprintf("the claim was lost: %s (case %s)", e.Cause, e.CaseID)
	}
	return fmt.Sprintf("the claim was lost: %s", e.Cause)
}

// Claim opens a case for the request: the one shot of this episode. The error
// is a *LostError when a condition said no; any other error means that it is
// not known whether the case was opened, so nobody may act on it.
func (b *Book) Claim(ctx context.Context, r Request) (Case, error) {
	nonce, err := newNonce()
	if err != nil {
		return Case{}, err
	}
	c := Case{
		ID: ID(r.InstanceID, r.Origin.SourceKey), InstanceID: r.InstanceID, State: StateClaimed,
		Leashed: r.Leashed, ClaimedAt: b.Now(), Origin: r.Origin, nonce: nonce, group: r.Group,
	}
	started := time.Now()
	for attempt := 1; ; attempt++ {
		if err := b.choose(ctx, &c, r, attempt); err != nil {
			return Case{}, err
		}
		_, err := b.API.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: b.claimActions(c, r)})
		if err == nil {
			return c, nil
		}
		again, err := b.lost(ctx, c, r, err)
		if err != nil {
			return Case{}, err
		}
		if !again { // the answer to an attempt of ours was lost, and it had won
			return c, nil
		}
		if time.Since(started) > conflictPatience {
			return Case{}, &LostError{Cause: CauseConflict}
		}
		if err := pause(ctx, attempt); err != nil {
			return Case{}, err
		}
	}
}

// choose picks a free slot of the budget and of the group. The start is spread
// by the case id, so that racing claims seldom want the same one.
func (b *Book) choose(ctx context.Context, c *Case, r Request, attempt int) error {
	seen := Seen{}
	if r.Seen != nil && attempt == 1 && !r.Leashed {
		seen = *r.Seen
	} else {
		var err error
		if seen, err = b.see(ctx, r); err != nil {
			return err
		}
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(c.ID)) // a hash never fails to write
	if c.budgetSlot = seen.Budget.free(hash.Sum64(), r.Budget); c.budgetSlot < 0 {
		return &LostError{Cause: CauseBudget}
	}
	if c.groupSlot = -1; r.Group != "" {
		if c.groupSlot = seen.Group.free(hash.Sum64(), r.GroupLimit); c.groupSlot < 0 {
			return &LostError{Cause: CauseGroup}
		}
	}
	return nil
}

func (b *Book) see(ctx context.Context, r Request) (seen Seen, err error) {
	if seen.Budget, err = b.slots(ctx, budgetPK(prefix(r.Leashed))); err != nil || r.Group == "" {
		return seen, err
	}
	seen.Group, err = b.slots(ctx, groupPK(prefix(r.Leashed), r.Group))
	return seen, err
}

// lost finds out what a failed transaction means. It returns an error that
// ends the claim, or again: true to try once more, false when this very claim
// has in fact succeeded.
func (b *Book) lost(ctx context.Context, c Case, r Request, failure error) (again bool, err error) {
	canceled, ok := errors.AsType[*types.TransactionCanceledException](failure)
	if !ok {
		if inProgress(failure) {
			return true, nil
		}
		return false, fmt.Errorf("claiming %s: %w", r.InstanceID, failure)
	}
	now, err := b.standing(ctx, c)
	switch {
	case err != nil:
		return false, err
	case now.nonce == c.nonce:
		return false, nil
	case now.caseExists:
		return false, &LostError{Cause: CauseDuplicate, CaseID: c.ID, Since: now.claimedAt}
	case now.openCase != "":
		return false, &LostError{Cause: CauseOpen, CaseID: now.openCase, Since: now.lastClaim}
	case now.leverPulled:
		return false, &LostError{Cause: CauseLever}
	case failed(canceled, actionInstance) && now.lastClaim.After(c.ClaimedAt.Add(-r.Cooldown)):
		return false, &LostError{Cause: CauseCooldown, Since: now.lastClaim}
	}
	// A slot was taken, or somebody else's transaction was under way: look again.
	// When a slot is the reason and none is left, choose says so.
	return true, nil
}

// The actions of a claim, by their place in the transaction.
const (
	actionLever = iota
	actionCase
	actionInstance
	actionBudget
	actionGroup
)

func failed(e *types.TransactionCanceledException, action int) bool {
	return action < len(e.CancellationReasons) &&
		e.CancellationReasons[action].Code != nil && *e.CancellationReasons[action].Code == "ConditionalCheckFailed"
}

// inProgress tells the one other error that only asks for patience.
func inProgress(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == "TransactionInProgressException"
}

func newNonce() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("making a nonce: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// pause waits a random moment that grows with tries, so that racing claims
// spread out.
func pause(ctx context.Context, tries int) error {
	wait := time.Duration(5+mathrand.IntN(45*tries)) * time.Millisecond
	select {
	case <-ctx.Done():
		return fmt.Errorf("waiting for the casebook: %w", ctx.Err())
	case <-time.After(wait):
		return nil
	}
}
