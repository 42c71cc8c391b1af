// Package casebook is the memory of Crashcart: the lever, the claims, the slots
// and the cases, in one DynamoDB table.
//
// A case is one episode of one instance. Opening it is the claim: one
// transaction that succeeds for exactly one of any number of racing triggers,
// and only while the lever is released, the instance has no open case and is
// past its cooldown, and a budget slot (and a slot of its group) is free. What
// may happen at most once is decided there and nowhere else.
//
// The items, by partition key (every key of a rehearsal starts with "dry#", so
// that nothing it writes is ever read by a real trigger; the lever has no
// rehearsal):
//
//	lever              the kill switch; no item means released
//	case#<id>          one case; has openKey only while open: the sparse index
//	instance#<i>       points to the instance's open case, remembers its last claim
//	budget             slot#<k>: one interrupt of the last hour each
//	group#<g>          slot#<k>: one open case of the group each
//	later#<id>         hop#<n>: this target was put back in the queue that often
//	told#<topic>       until when nobody is told of this again, and how much went untold
//
// Slots lapse by their own time. DynamoDB's TTL deletes late, so it only tidies
// up and is never trusted for a decision.
package casebook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lambda/domain/config"
)

const (
	// OpenFor is how long a case may stay open; config.OpenFor says why.
	OpenFor = config.OpenFor
	// rehearsalFor is how long a rehearsal that died before it was settled blocks the
	// next one. None takes longer than a minute.
	rehearsalFor = 5 * time.Minute
	// BudgetWindow is the time in which the budget counts.
	BudgetWindow = time.Hour
	// KeepFor is how long a case, and with it the memory that its source key has
	// claimed, is kept. SNS may redeliver for 23 days, so this is never under 90.
	KeepFor = 365 * 24 * time.Hour
	// conflictPatience is how long a claim retries transaction conflicts, which the
	// SDK does not retry, before the target goes back into the queue.
	conflictPatience = 2 * time.Second
)

// API is the subset of DynamoDB that the casebook uses.
type API interface {
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
}

// Book is the casebook in one table.
type Book struct {
	API   API
	Table string
	Now   func() time.Time
}

// New returns the casebook kept in table.
func New(api API, table string) *Book { return &Book{API: api, Table: table, Now: time.Now} }

// State is where a case stands.
type State string

// The states of a case.
const (
	StateClaimed     State = "claimed"     // the shot is taken, or is about to be
	StateInterrupted State = "interrupted" // EC2 accepted the interrupt
	StateUnknown     State = "unknown"     // sent, and no answer that proves anything
	StateLeashed     State = "leashed"     // a rehearsal, closed at once
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
	Leashed    bool
	ClaimedAt  time.Time
	Origin     Origin

	nonce      string // of the attempt that claimed: tells our own lost answer from somebody else's claim
	budgetSlot int
	group      string
	groupSlot  int // -1 for none
}

// ID is the case id of an instance and a source key: the instance's id and 16
// hexadecimal digits of the key's SHA-256. It has only letters, digits and "-",
// so that it can name an execution and an S3 prefix.
func ID(instanceID, sourceKey string) string {
	sum := sha256.Sum256([]byte(sourceKey))
	return instanceID + "-" + hex.EncodeToString(sum[:8])
}
