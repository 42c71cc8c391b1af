// Package cases holds what is known of a case: an episode of one instance, from the
// claim to its end, and what a claim asks for and may lose by. It stores nothing:
// package casebook does.
package cases

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"crashcart/lambda/domain/config"
)

const (
	// dryRunFor is how long a dry run that died before it was settled blocks the
	// next one. None takes longer than a minute.
	dryRunFor = 5 * time.Minute
	// BudgetWindow is the time in which the budget counts.
	BudgetWindow = time.Hour
)

// State is where a case stands.
type State string

// The states of a case.
const (
	StateClaimed     State = "claimed"     // the shot is taken, or is about to be
	StateInterrupted State = "interrupted" // EC2 accepted the interrupt
	StateUnknown     State = "unknown"     // sent, and no answer that proves anything
	StateDryRun      State = "dry-run"     // a dry run, closed at once
	StateRejected    State = "rejected"    // EC2 proved that it did not send it
	StateClosed      State = "closed"
	StateWithdrawn   State = "withdrawn" // never written: the claim is undone as if it had not been
)

// Origin is what a case remembers of the trigger that opened it.
type Origin struct {
	SourceKey   string
	Kind        string
	Source      string
	Alarm       string
	Reason      string
	RequestedBy string
	Forced      []string
}

// Case is one episode of one instance.
type Case struct {
	ID         string
	InstanceID string
	State      State
	DryRun     bool
	ClaimedAt  time.Time
	Origin     Origin

	Hold Hold // what the claim holds until it is given back
}

// Hold is what a claim holds in the casebook.
type Hold struct {
	Nonce      string // of the attempt that claimed: tells our own lost answer from somebody else's claim
	BudgetSlot int
	Group      string // whose slot it holds, empty for none
	GroupSlot  int    // -1 for none
}

// OpenUntil is when the case lapses if nobody closes it.
func (c Case) OpenUntil() time.Time {
	if c.DryRun {
		return c.ClaimedAt.Add(dryRunFor)
	}
	return c.ClaimedAt.Add(config.OpenFor)
}

// SlotUntil is when the case's budget slot is free again.
func (c Case) SlotUntil() time.Time {
	if c.DryRun {
		return c.ClaimedAt.Add(dryRunFor)
	}
	return c.ClaimedAt.Add(BudgetWindow)
}

// ID is the case id of an instance and a source key: the instance's id and 16
// hexadecimal digits of the key's SHA-256. It has only letters, digits and "-",
// so that it can name an execution and an S3 prefix.
func ID(instanceID, sourceKey string) string {
	sum := sha256.Sum256([]byte(sourceKey))
	return instanceID + "-" + hex.EncodeToString(sum[:8])
}
