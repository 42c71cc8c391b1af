package casebook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// What a case remembers of its closing.
const (
	attrClosedAt   = "closedAt"
	attrClosedBy   = "closedBy"
	attrClosedWhy  = "closedReason"
	attrClosedFrom = "closedFrom"
)

// closeTries is how often closing tries: each time something in the case, its
// instance or its group has just changed.
const closeTries = 8

// underWay is how long after its claim a case without a result cannot be closed: the
// function's time, and five minutes. By so much two clocks may differ before AWS refuses
// the signature of one ("Signature Version 4", AWS Identity and Access Management User
// Guide).
const underWay = config.FunctionTimeout + 5*time.Minute

// ErrUnderWay says that the interrupt of a case is being sent at this moment, so that
// nobody knows yet what there is to close.
var ErrUnderWay = errors.New("its interrupt is being sent")

// Closing says which case is closed by hand, by whom, and why.
type Closing struct{ CaseID, Reason, By string }

// NotOpenError says that a case cannot be closed, because it ended by itself.
type NotOpenError struct{ Record cases.Record }

func (e *NotOpenError) Error() string {
	if e.Record.DryRun {
		return fmt.Sprintf("case %s is a dry run, which ends by itself", e.Record.ID)
	}
	return fmt.Sprintf("case %s is not open, it is %s", e.Record.ID, e.Record.State)
}

// CloseCase closes an open case by hand and returns it as it is then: it leaves the
// index of open cases, its instance has no open case, and its group has the slot
// back. The instance's last claim stays: its cooldown goes on, and a dump that is still
// being written is safe from the next trigger. The budget's slot stays, too.
//
// A case that is closed already is returned as it is, with who closed it. The
// error is ErrNoCase, a *NotOpenError, or ErrUnderWay for a case that was claimed
// minutes ago and has no result yet.
func (b *Book) CloseCase(ctx context.Context, c Closing) (cases.Record, error) {
	for tries := 1; ; tries++ {
		r, err := b.CaseByID(ctx, c.CaseID)
		if err != nil {
			return cases.Record{}, err
		}
		if r.State == cases.StateClosed {
			return r, nil
		}
		if err := closable(r, b.Now()); err != nil {
			return cases.Record{}, err
		}
		err = b.writeClosing(ctx, r, c)
		if err != nil && (tries == closeTries || !changed(err)) {
			return cases.Record{}, fmt.Errorf("closing case %s: %w", c.CaseID, err)
		}
		if err == nil { // the next round reads what there is to return
			continue
		}
		if stop := wait(ctx, tries); stop != nil {
			return cases.Record{}, fmt.Errorf("closing case %s: %w", c.CaseID, errors.Join(err, stop))
		}
	}
}

// closable gives the reason why a case cannot be closed. It is nil if it can.
func closable(r cases.Record, now time.Time) error {
	switch {
	case r.DryRun || !r.Open && !r.Lapsed:
		return &NotOpenError{r}
	case r.State == cases.StateClaimed && now.Sub(r.ClaimedAt) < underWay:
		return fmt.Errorf("closing case %s: %w: ask again in %s", r.ID, ErrUnderWay, (underWay - now.Sub(r.ClaimedAt)).Round(time.Second))
	}
	return nil
}

// changed says that nothing was written because something else was, or is being.
func changed(err error) bool {
	_, cancelled := errors.AsType[*types.TransactionCanceledException](err)
	return cancelled || inTheWay(err)
}

// writeClosing writes the closing. It first asks what the case still holds: an item that
// another claim holds by now would cancel the transaction.
func (b *Book) writeClosing(ctx context.Context, r cases.Record, c Closing) error {
	instance, slot := realKeys.instanceKey(r.InstanceID), key(realKeys.group(r.Hold.Group), slotSK(r.Hold.GroupSlot))
	wanted := map[string]item{"instance": instance}
	if r.Hold.Group != "" {
		wanted["slot"] = slot
	}
	found, err := b.fetch(ctx, wanted)
	if err != nil {
		return err
	}
	actions := []types.TransactWriteItem{{Update: b.closeCase(r, c)}}
	if it := found[get(instance, attrPK)]; get(it, attrOpenCase) == r.ID && get(it, attrNonce) == r.Hold.Nonce {
		actions = append(actions, types.TransactWriteItem{Update: b.unpoint(r)})
	}
	if get(found[get(slot, attrPK)], attrNonce) == r.Hold.Nonce {
		actions = append(actions, types.TransactWriteItem{Delete: b.giveSlot(slot, r.Hold)})
	}
	_, err = b.API.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	return err
}

func (b *Book) closeCase(r cases.Record, c Closing) *types.Update {
	return &types.Update{
		TableName: &b.Table, Key: realKeys.caseKey(r.ID),
		// The state as it was read: a result that came in since belongs into closedFrom.
		ConditionExpression: aws.String("nonce = :nonce AND caseState = :from"),
		UpdateExpression: aws.String("SET caseState = :closed, closedFrom = :from, closedAt = :now, " +
			"closedBy = :by, closedReason = :reason REMOVE openKey"),
		ExpressionAttributeValues: item{
			":nonce": str(r.Hold.Nonce), ":from": str(string(r.State)), ":closed": str(string(cases.StateClosed)),
			":now": str(stamp(b.Now())), ":by": str(c.By), ":reason": str(c.Reason),
		},
	}
}

// unpoint leaves the instance without an open case, and with its last claim.
func (b *Book) unpoint(r cases.Record) *types.Update {
	return &types.Update{
		TableName: &b.Table, Key: realKeys.instanceKey(r.InstanceID),
		ConditionExpression:       aws.String("nonce = :nonce AND openCase = :case"),
		UpdateExpression:          aws.String("SET openCase = :none"),
		ExpressionAttributeValues: item{":nonce": str(r.Hold.Nonce), ":case": str(r.ID), ":none": str("")},
	}
}
