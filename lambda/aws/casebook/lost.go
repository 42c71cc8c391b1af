package casebook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/domain/cases"
)

// refused ends a claim that found no slot. An earlier attempt of the same claim may have
// won after its answer was lost. The slot that is missing is then its own.
func (b *Book) refused(ctx context.Context, c cases.Case, attempt int, refusal error) (cases.Case, error) {
	if _, ok := errors.AsType[*cases.LostError](refusal); !ok || attempt == 1 {
		return cases.Case{}, refusal
	}
	now, err := b.standing(ctx, c)
	if err != nil {
		return cases.Case{}, err
	}
	if now.nonce != c.Hold.Nonce {
		return cases.Case{}, refusal
	}
	c.Hold.BudgetSlot, c.Hold.GroupSlot = now.budgetSlot, now.groupSlot
	return c, nil
}

// impatient is the error of a claim whose patience is over. Only a transaction
// that was cancelled proves that it wrote nothing.
func impatient(r cases.Request, failure error) error {
	if _, ok := errors.AsType[*types.TransactionCanceledException](failure); ok {
		return &cases.LostError{Cause: cases.CauseConflict}
	}
	return fmt.Errorf("claiming %s: %w", r.InstanceID, failure)
}

// lost finds out what a failed transaction means. The claim is won if an attempt whose
// answer was lost had in fact succeeded. An error ends the claim. With neither, the
// claim is tried once more. lost has a moment of its own to ask, since the answer may
// have been lost to the very end of ctx.
func (b *Book) lost(ctx context.Context, c *cases.Case, r cases.Request, failure error) (won bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), conflictPatience)
	defer cancel()
	now, err := b.standing(ctx, *c)
	if err != nil {
		return false, errors.Join(fmt.Errorf("claiming %s: %w", r.InstanceID, failure), err)
	}
	canceled, proven := errors.AsType[*types.TransactionCanceledException](failure)
	switch {
	case now.nonce == c.Hold.Nonce:
		c.Hold.BudgetSlot, c.Hold.GroupSlot = now.budgetSlot, now.groupSlot // the winning attempt may have chosen others
		return true, nil
	case now.caseExists: // so no attempt of ours can win any more, whatever became of it
		return false, &cases.LostError{Cause: cases.CauseDuplicate, CaseID: c.ID, Since: now.claimedAt}
	case !proven && inProgress(failure):
		return false, nil
	case !proven:
		return false, fmt.Errorf("claiming %s: %w", r.InstanceID, failure)
	case now.openCase != "":
		return false, &cases.LostError{Cause: cases.CauseOpen, CaseID: now.openCase, Since: now.lastClaim}
	case now.leverPulled:
		return false, &cases.LostError{Cause: cases.CauseLever}
	case failed(canceled, actionInstance) && now.lastClaim.After(c.ClaimedAt.Add(-r.Cooldown)):
		return false, &cases.LostError{Cause: cases.CauseCooldown, Since: now.lastClaim}
	}
	// A slot was taken, or another transaction was under way: try again. When a slot is
	// the reason and none is left, choose says so.
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

// failed says whether the condition of an action was not met.
func failed(e *types.TransactionCanceledException, action int) bool {
	return action < len(e.CancellationReasons) &&
		e.CancellationReasons[action].Code != nil && *e.CancellationReasons[action].Code == "ConditionalCheckFailed"
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

func (b *Book) standing(ctx context.Context, c cases.Case) (standing, error) {
	keys := keysOf(c.DryRun)
	own, instance := keys.caseKey(c.ID), keys.instanceKey(c.InstanceID)
	found, err := b.fetch(ctx, map[string]item{"lever": leverKey(), "case": own, "instance": instance})
	if err != nil {
		return standing{}, err
	}
	there := found[get(own, attrPK)]
	view := viewOf(found[get(instance, attrPK)], c.ClaimedAt)
	return standing{
		caseExists: there != nil, nonce: get(there, attrNonce),
		budgetSlot: number(there, attrBudget, -1), groupSlot: number(there, attrGroupSlot, -1), claimedAt: parseStamp(get(there, attrClaimedAt)),
		openCase: view.OpenCase, lastClaim: view.LastClaim, leverPulled: found["lever"] != nil,
	}, nil
}
