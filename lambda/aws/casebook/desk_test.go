package casebook_test

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lambda/aws/casebook"
)

// desk is the table as the operator's side sees it, with what may go wrong there.
type desk struct {
	*dynamodb.Client

	mu      sync.Mutex
	faults  map[string][]error // of the next calls, by operation; nil carries one out
	calls   map[string]int
	limit   int32  // items of a page
	between func() // happens once, just before the next transaction or deletion
}

func (b *bench) desk() (*casebook.Book, *desk) {
	d := &desk{Client: b.client, faults: map[string][]error{}, calls: map[string]int{}}
	book := casebook.New(d, tableName)
	book.Now = func() time.Time { return dawn.Add(time.Duration(b.offset.Load())) }
	return book, d
}

func (d *desk) next(op string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls[op]++
	if len(d.faults[op]) == 0 {
		return nil
	}
	err := d.faults[op][0]
	d.faults[op] = d.faults[op][1:]
	return err
}

// happen lets happen what is to come in between.
func (d *desk) happen() {
	d.mu.Lock()
	event := d.between
	d.between = nil
	d.mu.Unlock()
	if event != nil {
		event()
	}
}

func (d *desk) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if err := d.next("PutItem"); err != nil {
		return nil, err
	}
	return d.Client.PutItem(ctx, in, opts...)
}

func (d *desk) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	if err := d.next("DeleteItem"); err != nil {
		return nil, err
	}
	d.happen()
	return d.Client.DeleteItem(ctx, in, opts...)
}

func (d *desk) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if err := d.next("TransactWriteItems"); err != nil {
		return nil, err
	}
	d.happen()
	return d.Client.TransactWriteItems(ctx, in, opts...)
}

func (d *desk) Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if err := d.next("Query"); err != nil {
		return nil, err
	}
	paged := *in
	if d.limit > 0 {
		paged.Limit = aws.Int32(d.limit)
	}
	return d.Client.Query(ctx, &paged, opts...)
}

// Scan sees nothing at all unless it asks for consistency.
func (d *desk) Scan(ctx context.Context, in *dynamodb.ScanInput, opts ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	if err := d.next("Scan"); err != nil || !aws.ToBool(in.ConsistentRead) {
		return &dynamodb.ScanOutput{}, err
	}
	paged := *in
	if d.limit > 0 {
		paged.Limit = aws.Int32(d.limit)
	}
	return d.Client.Scan(ctx, &paged, opts...)
}

var _ casebook.API = (*desk)(nil)
