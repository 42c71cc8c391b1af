package casebook

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/domain/cases"
)

// settleTries is how often settling tries, whatever the error. Nothing comes after it
// that could still settle the case, and the sweep would have to take the interrupt of a
// case left `claimed` for sent. Settling twice does no harm.
const settleTries = 8

// Settle writes how the send of a case ended. StateInterrupted and StateUnknown
// leave the case open for the follow-up. StateRejected closes it and gives the
// instance, with its former last claim, and the group's slot back; the budget
// slot stays spent, so that a misconfiguration cannot hammer EC2. StateDryRun
// closes it and gives everything back. StateWithdrawn undoes the claim altogether:
// EC2 was never called, so the same trigger may try again. code is EC2's error
// code, if any.
//
// Only what still carries this claim's nonce is given back.
func (b *Book) Settle(ctx context.Context, c cases.Case, state cases.State, code string) error {
	returned := map[int]bool{}
	for tries := 1; ; tries++ {
		actions, kinds := b.settleActions(c, state, code, returned)
		_, err := b.API.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
		if err == nil {
			return nil
		}
		canceled, ok := errors.AsType[*types.TransactionCanceledException](err)
		if tries == settleTries {
			return fmt.Errorf("settling case %s as %s: %w", c.ID, state, err)
		}
		for i, kind := range kinds {
			if ok && failed(canceled, i) {
				if kind == actionCase {
					return fmt.Errorf("settling case %s as %s: it is no longer this claim's case", c.ID, state)
				}
				returned[kind] = true // somebody else's by now: leave it
			}
		}
		if stop := wait(ctx, tries); stop != nil {
			return fmt.Errorf("settling case %s as %s: %w", c.ID, state, errors.Join(err, stop))
		}
	}
}

// settleActions lists what settling writes, but for the kinds in without.
func (b *Book) settleActions(c cases.Case, state cases.State, code string, without map[int]bool) (actions []types.TransactWriteItem, kinds []int) {
	add := func(kind int, wanted bool, w types.TransactWriteItem) {
		if wanted && !without[kind] {
			actions, kinds = append(actions, w), append(kinds, kind)
		}
	}
	withdrawn := state == cases.StateWithdrawn
	closes := state == cases.StateRejected || state == cases.StateDryRun || withdrawn
	keys := keysOf(c.DryRun)
	add(actionCase, !withdrawn, types.TransactWriteItem{Update: b.settleCase(c, state, code, closes)})
	add(actionCase, withdrawn, types.TransactWriteItem{Delete: b.drop(c)})
	add(actionInstance, closes && !c.DryRun, types.TransactWriteItem{Update: b.giveInstance(c)})
	add(actionInstance, closes && c.DryRun, types.TransactWriteItem{Delete: b.forget(c)})
	add(actionGroup, closes && c.Hold.Group != "", types.TransactWriteItem{Delete: b.giveSlot(key(keys.group(c.Hold.Group), slotSK(c.Hold.GroupSlot)), c.Hold)})
	add(actionBudget, c.DryRun || withdrawn, types.TransactWriteItem{Delete: b.giveSlot(key(keys.budget(), slotSK(c.Hold.BudgetSlot)), c.Hold)})
	return actions, kinds
}

func (b *Book) settleCase(c cases.Case, state cases.State, code string, closes bool) *types.Update {
	set := "SET caseState = :state, settledAt = :now, errorCode = :code"
	if closes {
		set += " REMOVE openKey" // out of the sparse index of open cases
	}
	return &types.Update{
		TableName: &b.Table, Key: keysOf(c.DryRun).caseKey(c.ID),
		// The same state again is this settling's own lost answer. A result that Lose took
		// for lost is better late than never. Any other state means that somebody has
		// closed the case meanwhile.
		ConditionExpression: aws.String("nonce = :nonce AND (caseState = :claimed OR caseState = :state OR " +
			"caseState = :unknown AND attribute_exists(lostAt))"),
		UpdateExpression: aws.String(set),
		ExpressionAttributeValues: item{
			":nonce": str(c.Hold.Nonce), ":claimed": str(string(cases.StateClaimed)), ":state": str(string(state)), ":now": str(stamp(b.Now())), ":code": str(code),
			":unknown": str(string(cases.StateUnknown)),
		},
	}
}

func (b *Book) giveInstance(c cases.Case) *types.Update {
	return &types.Update{
		TableName: &b.Table, Key: keysOf(c.DryRun).instanceKey(c.InstanceID),
		ConditionExpression:       aws.String("nonce = :nonce AND openCase = :case"),
		UpdateExpression:          aws.String("SET lastClaim = prevClaim, openCase = :none"),
		ExpressionAttributeValues: item{":nonce": str(c.Hold.Nonce), ":case": str(c.ID), ":none": str("")},
	}
}

// forget removes a dry run's pointer altogether: a dry run has no cooldown of
// its own, it reads the real one.
func (b *Book) forget(c cases.Case) *types.Delete {
	return &types.Delete{
		TableName: &b.Table, Key: keysOf(c.DryRun).instanceKey(c.InstanceID),
		ConditionExpression:       aws.String("nonce = :nonce"),
		ExpressionAttributeValues: item{":nonce": str(c.Hold.Nonce)},
	}
}

// drop removes a case that never was.
func (b *Book) drop(c cases.Case) *types.Delete {
	return &types.Delete{
		TableName: &b.Table, Key: keysOf(c.DryRun).caseKey(c.ID),
		ConditionExpression:       aws.String("attribute_not_exists(pk) OR (nonce = :nonce AND caseState = :claimed)"),
		ExpressionAttributeValues: item{":nonce": str(c.Hold.Nonce), ":claimed": str(string(cases.StateClaimed))},
	}
}

// giveSlot frees a slot, if it is still held by the same claim.
func (b *Book) giveSlot(slot item, h cases.Hold) *types.Delete {
	return &types.Delete{
		TableName: &b.Table, Key: slot,
		ConditionExpression:       aws.String("nonce = :nonce"),
		ExpressionAttributeValues: item{":nonce": str(h.Nonce)},
	}
}
