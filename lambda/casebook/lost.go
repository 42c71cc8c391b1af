package casebook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

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

// LostError says why a claim was not won. It proves that nothing was opened.
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

// refused is the end of a claim that found no slot. An earlier attempt of the
// same claim may have won after its answer was lost, and then the slot that is
// missing is its own.
func (b *Book) refused(ctx context.Context, c Case, attempt int, refusal error) (Case, error) {
	if _, ok := errors.AsType[*LostError](refusal); !ok || attempt == 1 {
		return Case{}, refusal
	}
	now, err := b.standing(ctx, c)
	if err != nil {
		return Case{}, err
	}
	if now.nonce != c.nonce {
		return Case{}, refusal
	}
	c.budgetSlot, c.groupSlot = now.budgetSlot, now.groupSlot
	return c, nil
}

// impatient is the error of a claim whose patience is over. Only a transaction
// that was cancelled proves that it wrote nothing.
func impatient(r Request, failure error) error {
	if _, ok := errors.AsType[*types.TransactionCanceledException](failure); ok {
		return &LostError{Cause: CauseConflict}
	}
	return fmt.Errorf("claiming %s: %w", r.InstanceID, failure)
}

// lost finds out what a failed transaction means: won, because an attempt whose
// answer was lost had in fact succeeded; or an error that ends the claim; or
// neither, to try once more. It has a moment of its own to ask, since the answer may
// have been lost to the very end of ctx.
func (b *Book) lost(ctx context.Context, c *Case, r Request, failure error) (won bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), conflictPatience)
	defer cancel()
	now, err := b.standing(ctx, *c)
	if err != nil {
		return false, errors.Join(fmt.Errorf("claiming %s: %w", r.InstanceID, failure), err)
	}
	canceled, proven := errors.AsType[*types.TransactionCanceledException](failure)
	switch {
	case now.nonce == c.nonce:
		c.budgetSlot, c.groupSlot = now.budgetSlot, now.groupSlot // the winning attempt may have chosen others
		return true, nil
	case now.caseExists: // so no attempt of ours can win any more, whatever became of it
		return false, &LostError{Cause: CauseDuplicate, CaseID: c.ID, Since: now.claimedAt}
	case !proven && inProgress(failure):
		return false, nil
	case !proven:
		return false, fmt.Errorf("claiming %s: %w", r.InstanceID, failure)
	case now.openCase != "":
		return false, &LostError{Cause: CauseOpen, CaseID: now.openCase, Since: now.lastClaim}
	case now.leverPulled:
		return false, &LostError{Cause: CauseLever}
	case failed(canceled, actionInstance) && now.lastClaim.After(c.ClaimedAt.Add(-r.Cooldown)):
		return false, &LostError{Cause: CauseCooldown, Since: now.lastClaim}
	}
	// A slot was taken, or somebody else's transaction was under way: look again.
	// When a slot is the reason and none is left, choose says so.
	return false, nil
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

// standing is how things are after a claim has failed.
type standing struct {
	caseExists  bool
	nonce       string
	budgetSlot  int
	groupSlot   int
	claimedAt   time.Time
	openCase    string
	lastClaim   time.Time
	leverPulled bool
}

func (b *Book) standing(ctx context.Context, c Case) (standing, error) {
	cases, instances := caseKey(prefix(c.Leashed), c.ID), instanceKey(prefix(c.Leashed), c.InstanceID)
	found, err := b.fetch(ctx, map[string]item{"lever": leverKey(), "case": cases, "instance": instances})
	if err != nil {
		return standing{}, err
	}
	own, instance := found[get(cases, attrPK)], found[get(instances, attrPK)]
	view := viewOf(instance, c.ClaimedAt)
	return standing{
		caseExists: own != nil, nonce: get(own, attrNonce),
		budgetSlot: number(own, attrBudget, -1), groupSlot: number(own, attrGroupSlot, -1), claimedAt: parseStamp(get(own, attrClaimedAt)),
		openCase: view.OpenCase, lastClaim: view.LastClaim, leverPulled: found["lever"] != nil,
	}, nil
}
