package casebook

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"time"

	"crashcart/lambda/domain/cases"
)

// Claim opens a case for the request: the one interrupt of this episode. The error is a
// *cases.LostError when a condition said no. After any other error it is not known
// whether the case was opened, so nobody may act on it.
func (b *Book) Claim(ctx context.Context, r cases.Request) (cases.Case, error) {
	nonce, err := newNonce()
	if err != nil {
		return cases.Case{}, err
	}
	c := cases.Case{
		ID: cases.ID(r.InstanceID, r.Origin.SourceKey), InstanceID: r.InstanceID, State: cases.StateClaimed,
		DryRun: r.DryRun, ClaimedAt: b.Now(), Origin: r.Origin, Vitals: r.Vitals, Hold: cases.Hold{Nonce: nonce, Group: r.Group},
	}
	started := time.Now()
	for attempt := 1; ; attempt++ {
		if err := b.choose(ctx, &c, r, attempt); err != nil {
			return b.refused(ctx, c, attempt, err)
		}
		failure := b.transact(ctx, b.claimActions(c, r), started.Add(conflictPatience))
		if failure == nil {
			return c, nil
		}
		won, err := b.lost(ctx, &c, r, failure)
		switch {
		case err != nil:
			return cases.Case{}, err
		case won:
			return c, nil
		case time.Since(started) > conflictPatience:
			return cases.Case{}, impatient(r, failure)
		}
		if err := wait(ctx, attempt); err != nil {
			return cases.Case{}, err
		}
	}
}

// choose picks a free slot of the budget and of the group. The start is spread
// by the case id, so that racing claims seldom want the same one.
func (b *Book) choose(ctx context.Context, c *cases.Case, r cases.Request, attempt int) error {
	seen := cases.Seen{}
	if r.Seen != nil && attempt == 1 && !r.DryRun {
		seen = *r.Seen
	} else {
		var err error
		if seen, err = b.see(ctx, r, c.ClaimedAt); err != nil {
			return err
		}
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(c.ID)) // a hash never fails to write
	if c.Hold.GroupSlot = -1; r.Group != "" {
		if c.Hold.GroupSlot = seen.Group.Free(hash.Sum64(), r.GroupLimit); c.Hold.GroupSlot < 0 {
			return &cases.LostError{Cause: cases.CauseGroup}
		}
	}
	if c.Hold.BudgetSlot = seen.Budget.Free(hash.Sum64(), r.Budget); c.Hold.BudgetSlot < 0 {
		return &cases.LostError{Cause: cases.CauseBudget}
	}
	return nil
}

// see reads the slots as of the moment of the claim, by which its conditions
// will judge them.
func (b *Book) see(ctx context.Context, r cases.Request, at time.Time) (seen cases.Seen, err error) {
	keys := keysOf(r.DryRun)
	if seen.Budget, err = b.slots(ctx, keys.budget(), at); err != nil || r.Group == "" {
		return seen, err
	}
	seen.Group, err = b.slots(ctx, keys.group(r.Group), at)
	return seen, err
}

func newNonce() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("making a nonce: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}
