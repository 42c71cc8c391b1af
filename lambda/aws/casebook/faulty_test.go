package casebook_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"crashcart/lambda/aws/casebook"
)

// The shapes in which DynamoDB fails.
var (
	errOutage     = errors.New("dial tcp: connection refused")
	errThrottled  = &types.ProvisionedThroughputExceededException{}
	errInProgress = &types.TransactionInProgressException{}
	errConflict   = &types.TransactionCanceledException{CancellationReasons: []types.CancellationReason{
		reason("None"), reason("None"), reason("TransactionConflict"), reason("None"),
	}}
	errDenied = &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized to perform dynamodb:TransactWriteItems"}
)

func reason(code string) types.CancellationReason { return types.CancellationReason{Code: &code} }

// fault is one spoilt transaction; forward carries it out.
type fault func(forward func() error) error

func failing(err error) fault { return func(func() error) error { return err } }

// losing commits, and answers err instead.
func losing(err error) fault {
	return func(forward func() error) error {
		if failure := forward(); failure != nil {
			return failure
		}
		return err
	}
}

// faulty is a table that is as unkind as AWS may be. A read that does not ask
// for consistency sees nothing at all.
type faulty struct {
	*dynamodb.Client

	mu       sync.Mutex
	faults   []fault      // of the next transactions, in order
	down     error        // fails every call
	readDown error        // fails every read
	leave    int          // BatchGetItem answers that leave all keys but one unprocessed
	refuse   int          // those, after leave, that leave all of them
	pageSize int          // of a query
	badPage  int          // this page of a query fails
	onQuery  func() error // happens just before the next query
	puts     []types.TransactWriteItem
	updates  []error // of the next single updates, in order; nil carries one out
}

func (f *faulty) spoil(faults ...fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, faults...)
}

func (f *faulty) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	f.mu.Lock()
	f.puts = append(f.puts, in.TransactItems...)
	if f.down != nil {
		defer f.mu.Unlock()
		return nil, f.down
	}
	var next fault
	if len(f.faults) > 0 {
		next, f.faults = f.faults[0], f.faults[1:]
	}
	f.mu.Unlock()
	if next == nil {
		return f.Client.TransactWriteItems(ctx, in, opts...)
	}
	err := next(func() error {
		_, err := f.Client.TransactWriteItems(ctx, in, opts...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

func (f *faulty) PutItem(ctx context.Context, in *dynamodb.PutItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if f.down != nil {
		return nil, f.down
	}
	return f.Client.PutItem(ctx, in, opts...)
}

func (f *faulty) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	f.mu.Lock()
	err := f.down
	if err == nil && len(f.updates) > 0 {
		err, f.updates = f.updates[0], f.updates[1:]
	}
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return f.Client.UpdateItem(ctx, in, opts...)
}

func (f *faulty) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	if err := errors.Join(f.down, f.readDown); err != nil {
		return nil, err
	}
	request := in.RequestItems[tableName]
	if len(request.Keys) > 100 {
		return nil, &smithy.GenericAPIError{Code: "ValidationException", Message: "Too many items requested for the BatchGetItem call"}
	}
	if request.ConsistentRead == nil || !*request.ConsistentRead {
		return &dynamodb.BatchGetItemOutput{}, nil
	}
	f.mu.Lock()
	partial := f.leave > 0 && len(request.Keys) > 0
	if partial {
		f.leave--
	} else if f.refuse > 0 {
		f.refuse--
		f.mu.Unlock()
		return &dynamodb.BatchGetItemOutput{UnprocessedKeys: in.RequestItems}, nil
	}
	f.mu.Unlock()
	if !partial {
		return f.Client.BatchGetItem(ctx, in, opts...)
	}
	ask := func(keys []attributes) *dynamodb.BatchGetItemInput {
		rest := request
		rest.Keys = keys
		return &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{tableName: rest}}
	}
	out, err := f.Client.BatchGetItem(ctx, ask(request.Keys[:1]), opts...)
	if err == nil && len(request.Keys) > 1 {
		out.UnprocessedKeys = ask(request.Keys[1:]).RequestItems
	}
	return out, err
}

// Query pages by itself, whatever the table would do.
func (f *faulty) Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if err := errors.Join(f.down, f.readDown); err != nil {
		return nil, err
	}
	if in.ConsistentRead == nil || !*in.ConsistentRead {
		return &dynamodb.QueryOutput{}, nil
	}
	if err := f.before(); err != nil {
		return nil, err
	}
	start := text(in.ExclusiveStartKey, "sk")
	whole := *in
	whole.ExclusiveStartKey = nil
	out, err := f.Client.Query(ctx, &whole, opts...)
	if err != nil || f.pageSize == 0 {
		return out, err
	}
	return f.page(out, start)
}

func (f *faulty) before() error {
	f.mu.Lock()
	event := f.onQuery
	f.onQuery = nil
	f.mu.Unlock()
	if event == nil {
		return nil
	}
	return event()
}

// page cuts the page after start out of a whole answer.
func (f *faulty) page(out *dynamodb.QueryOutput, start string) (*dynamodb.QueryOutput, error) {
	slices.SortFunc(out.Items, func(a, b attributes) int { return strings.Compare(text(a, "sk"), text(b, "sk")) })
	from := 0
	for from < len(out.Items) && text(out.Items[from], "sk") <= start {
		from++
	}
	if f.badPage > 0 && from/f.pageSize+1 == f.badPage {
		return nil, errThrottled
	}
	to := min(from+f.pageSize, len(out.Items))
	if to < len(out.Items) {
		last := out.Items[to-1]
		out.LastEvaluatedKey = attributes{"pk": last["pk"], "sk": last["sk"]}
	}
	out.Items = out.Items[from:to]
	return out, nil
}

// written are the keys that any transaction wanted to write.
func (f *faulty) written() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var keys []string
	for _, w := range f.puts {
		switch {
		case w.Put != nil:
			keys = append(keys, text(w.Put.Item, "pk"))
		case w.Update != nil:
			keys = append(keys, text(w.Update.Key, "pk"))
		case w.Delete != nil:
			keys = append(keys, text(w.Delete.Key, "pk"))
		}
	}
	return keys
}

// slotsWanted are the slots of pk that transactions wanted to take, in order.
func (f *faulty) slotsWanted(pk string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var slots []string
	for _, w := range f.puts {
		if w.Put != nil && text(w.Put.Item, "pk") == pk {
			slots = append(slots, text(w.Put.Item, "sk"))
		}
	}
	return slots
}

var _ casebook.API = (*faulty)(nil)
