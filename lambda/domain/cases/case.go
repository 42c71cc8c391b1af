// Package cases holds the types of the casebook. A case is one episode of one instance,
// from the claim to its end. The package also says what a claim asks for, and by what it
// can be lost. It stores nothing: package casebook does.
package cases

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/vitals"
)

const (
	// dryRunFor is how long a dry run blocks the next one when the function ended before
	// it wrote the result. No dry run takes longer than a minute.
	dryRunFor = 5 * time.Minute
	// BudgetWindow is the time in which the budget counts interrupts.
	BudgetWindow = time.Hour
)

// State is where a case stands.
type State string

// The states of a case.
const (
	StateClaimed     State = "claimed"     // the interrupt is sent, or is about to be
	StateInterrupted State = "interrupted" // EC2 accepted the interrupt
	StateUnknown     State = "unknown"     // sent, and no answer that proves anything
	StateDryRun      State = "dry-run"     // a dry run, closed at once
	StateRejected    State = "rejected"    // EC2 proved that it did not send it
	StateClosed      State = "closed"
	StateWithdrawn   State = "withdrawn" // never stored: the claim is undone
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

// Case is one episode of one instance, as a claim opens it.
type Case struct {
	ID         string
	InstanceID string
	State      State
	DryRun     bool
	ClaimedAt  time.Time
	Origin     Origin
	Vitals     []vitals.Vital // what was seen of the host when it was claimed

	Hold Hold // what the claim holds until it is given back
}

// Hold is what a claim holds in the casebook.
type Hold struct {
	Nonce      string // of the attempt that claimed; by it an attempt knows its own claim again
	BudgetSlot int
	Group      string // whose slot it holds; empty for no group
	GroupSlot  int    // -1 for no group
}

// OpenUntil is when the case lapses, unless somebody closes it before.
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
// hexadecimal digits of the key's SHA-256. It consists of letters, digits and "-", so it
// can be the name of an execution and of an S3 prefix.
func ID(instanceID, sourceKey string) string {
	sum := sha256.Sum256([]byte(sourceKey))
	return instanceID + "-" + hex.EncodeToString(sum[:8])
}
