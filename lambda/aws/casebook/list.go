package casebook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// ErrNoCase says that the casebook has no case of that id.
var ErrNoCase = errors.New("there is no such case")

// Which says which cases are wanted. With neither Open nor Overdue, all of them are.
type Which struct {
	Open    bool // those that are open
	Overdue bool // those that are overdue, which no dry run ever is
	DryRuns bool // those of dry runs instead of the real ones
}

// indexed says whether all that is wanted is in the index.
func (w Which) indexed() bool { return w.Open || w.Overdue }

func (w Which) wants(r cases.Record) bool {
	return !w.indexed() || w.Open && r.Open || w.Overdue && r.Overdue()
}

// Cases lists cases, newest first.
//
// Open and overdue cases come from the index, which DynamoDB brings up to date a moment
// after the table: a case of the last second may be missing, and a case just closed may
// be there. All cases come from a consistent scan of the whole table, which is small but
// not made for a loop.
func (b *Book) Cases(ctx context.Context, w Which) ([]cases.Record, error) {
	list := b.scanCases
	if w.indexed() {
		list = b.queryOpen
	}
	items, err := list(ctx, keysOf(w.DryRuns))
	if err != nil {
		return nil, err
	}
	return b.pick(items, w), nil
}

// Unclosed lists the real cases that nobody has closed, newest first: the open ones, and
// the overdue ones. It asks the index alone. A function that calls this and not Cases is
// linked without a scan of the table.
func (b *Book) Unclosed(ctx context.Context) ([]cases.Record, error) {
	items, err := b.queryOpen(ctx, realKeys)
	if err != nil {
		return nil, err
	}
	return b.pick(items, Which{Open: true, Overdue: true}), nil
}

// pick makes records of the items that are wanted, newest first.
func (b *Book) pick(items []item, w Which) []cases.Record {
	records, now := make([]cases.Record, 0, len(items)), b.Now()
	for _, it := range items {
		if r := recordOf(it, now); w.wants(r) {
			records = append(records, r)
		}
	}
	slices.SortFunc(records, newestFirst)
	return records
}

func newestFirst(a, b cases.Record) int {
	if c := b.ClaimedAt.Compare(a.ClaimedAt); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

// UnderWay lists the cases whose interrupt may be on its way: they were claimed within
// the function's time, and have no result yet. It reads what the claims of the last hour
// have spent of the budget, consistently, so that no case is missing.
func (b *Book) UnderWay(ctx context.Context) ([]cases.Record, error) {
	spent, err := b.query(ctx, realKeys.budget())
	if err != nil {
		return nil, err
	}
	wanted := map[string]item{}
	for _, it := range spent {
		wanted[get(it, attrCase)] = realKeys.caseKey(get(it, attrCase))
	}
	found, err := b.fetch(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var records []cases.Record
	for _, it := range found {
		if r := recordOf(it, b.Now()); r.State == cases.StateClaimed && !r.Stuck(b.Now()) {
			records = append(records, r)
		}
	}
	slices.SortFunc(records, func(a, b cases.Record) int { return strings.Compare(a.ID, b.ID) })
	return records, nil
}

func (b *Book) queryOpen(ctx context.Context, keys keyspace) (items []item, err error) {
	in := &dynamodb.QueryInput{
		TableName: &b.Table, IndexName: aws.String(config.OpenIndex),
		KeyConditionExpression:    aws.String("openKey = :open"),
		ExpressionAttributeValues: item{":open": str(keys.open())},
	}
	for {
		out, err := b.API.Query(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing the open cases: %w", err)
		}
		items = append(items, out.Items...)
		if len(out.LastEvaluatedKey) == 0 {
			return items, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

func (b *Book) scanCases(ctx context.Context, keys keyspace) (items []item, err error) {
	in := &dynamodb.ScanInput{
		TableName: &b.Table, ConsistentRead: aws.Bool(true),
		FilterExpression:          aws.String("begins_with(pk, :case)"),
		ExpressionAttributeValues: item{":case": str(keys.casePrefix())},
	}
	for {
		out, err := b.API.Scan(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing the cases: %w", err)
		}
		items = append(items, out.Items...)
		if len(out.LastEvaluatedKey) == 0 {
			return items, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// CaseByID reads one case, consistently: the real one of that id or else the
// dry run. The error is ErrNoCase when there is neither.
func (b *Book) CaseByID(ctx context.Context, id string) (cases.Record, error) {
	found, err := b.fetch(ctx, map[string]item{"real": realKeys.caseKey(id), "dryRun": dryRunKeys.caseKey(id)})
	if err != nil {
		return cases.Record{}, err
	}
	for _, keys := range []keyspace{realKeys, dryRunKeys} {
		if it := found[get(keys.caseKey(id), attrPK)]; it != nil {
			return recordOf(it, b.Now()), nil
		}
	}
	return cases.Record{}, fmt.Errorf("%w: %q", ErrNoCase, id)
}
