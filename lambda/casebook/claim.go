package casebook

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	mathrand "math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
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
			return b.refused(ctx, c, attempt, err)
		}
		_, failure := b.API.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: b.claimActions(c, r)})
		if failure == nil {
			return c, nil
		}
		won, err := b.lost(ctx, &c, r, failure)
		switch {
		case err != nil:
			return Case{}, err
		case won:
			return c, nil
		case time.Since(started) > conflictPatience:
			return Case{}, impatient(r, failure)
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
		if seen, err = b.see(ctx, r, c.ClaimedAt); err != nil {
			return err
		}
	}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(c.ID)) // a hash never fails to write
	if c.groupSlot = -1; r.Group != "" {
		if c.groupSlot = seen.Group.free(hash.Sum64(), r.GroupLimit); c.groupSlot < 0 {
			return &LostError{Cause: CauseGroup}
		}
	}
	if c.budgetSlot = seen.Budget.free(hash.Sum64(), r.Budget); c.budgetSlot < 0 {
		return &LostError{Cause: CauseBudget}
	}
	return nil
}

// see reads the slots as of the moment of the claim, by which its conditions
// will judge them.
func (b *Book) see(ctx context.Context, r Request, at time.Time) (seen Seen, err error) {
	if seen.Budget, err = b.slots(ctx, budgetPK(prefix(r.Leashed)), at); err != nil || r.Group == "" {
		return seen, err
	}
	seen.Group, err = b.slots(ctx, groupPK(prefix(r.Leashed), r.Group), at)
	return seen, err
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
	wait := time.Duration(5+mathrand.IntN(45*tries)) * time.Millisecond //nolint:gosec // spreads load, hides nothing
	select {
	case <-ctx.Done():
		return fmt.Errorf("waiting for the casebook: %w", ctx.Err())
	case <-time.After(wait):
		return nil
	}
}
