// Package casebook is the memory of Crashcart: the lever, the claims, the slots
// and the cases, in one DynamoDB table.
//
// A case is one episode of one instance. Opening it is the claim: one
// transaction that succeeds for exactly one of any number of racing triggers,
// and only while the lever is released, the instance has no open case and is
// past its cooldown, and a budget slot (and a slot of its group) is free. What
// may happen at most once is decided there and nowhere else.
//
// These are the items, by partition key. Every key of a dry run starts with "dry#", so
// that no real trigger reads what a dry run writes. The lever and the marks have no dry run.
//
//	lever              the kill switch; no item means released
//	case#<id>          one case; has openKey only while open: the sparse index
//	instance#<i>       points to the instance's open case, remembers its last claim
//	budget             slot#<k>: one interrupt of the last hour each
//	group#<g>          slot#<k>: one open case of the group each
//	later#<id>         pass#<n>: this target was put back in the queue that often
//	dump#<instance>    the mark: when a dump was last seen on the instance's console
//	notified#<topic>   until when nobody is notified of this again, and how much was skipped
//
// Slots lapse by their own time. DynamoDB's TTL deletes late, so it only tidies
// up and is never trusted for a decision.
package casebook

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// KeepFor is how long a case is kept, and with it the memory that its source key has
// claimed. SNS may redeliver for 23 days ("Message delivery retries", Amazon SNS
// Developer Guide), so this is never under 90.
const KeepFor = 365 * 24 * time.Hour

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
