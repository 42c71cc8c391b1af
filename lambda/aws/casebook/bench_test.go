package casebook_test

import (
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	lab "crashcart/lab/dynamodb"
	"crashcart/lab/pace"
	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
)

const (
	tableName = "crashcart"
	host      = "i-0a1b2c3d4e5f60718"
	cooldown  = 6 * time.Hour
)

// dawn has a fraction of a millisecond, which the casebook does not keep.
var dawn = time.Date(2026, time.March, 2, 4, 5, 6, 789_654_321, time.UTC)

type attributes = map[string]types.AttributeValue

// bench is a casebook in a table of its own, with a clock that stands still.
type bench struct {
	t      *testing.T
	client *dynamodb.Client
	wire   *wire
	api    *faulty
	book   *casebook.Book
	offset atomic.Int64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	handler, err := lab.New(tableName)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, wire: &wire{next: handler}}
	server := httptest.NewServer(pace.Handler(b.wire))
	t.Cleanup(server.Close)
	b.client = dynamodb.New(dynamodb.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String(server.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Millisecond, nil })
		}),
	})
	b.api = &faulty{Client: b.client}
	b.book = b.another()
	return b
}

// another is a further casebook of the same table, as another Lambda instance has.
func (b *bench) another() *casebook.Book {
	book := casebook.New(b.api, tableName)
	book.Now = func() time.Time { return dawn.Add(time.Duration(b.offset.Load())) }
	return book
}

// at moves the clock to that long after dawn.
func (b *bench) at(d time.Duration) { b.offset.Store(int64(d)) }

func request(instance, sourceKey string) cases.Request {
	return cases.Request{
		InstanceID: instance, Cooldown: cooldown, Budget: 3,
		Origin: cases.Origin{SourceKey: sourceKey, Kind: "alarm", Source: "events", Reason: "the agent fell silent"},
	}
}

func grouped(r cases.Request, group string, limit int) cases.Request {
	r.Group, r.GroupLimit = group, limit
	return r
}

func dryRun(r cases.Request) cases.Request {
	r.DryRun = true
	return r
}

func (b *bench) claim(r cases.Request) cases.Case {
	b.t.Helper()
	c, err := b.book.Claim(b.t.Context(), r)
	if err != nil {
		b.t.Fatalf("claiming %s for %q: %v", r.InstanceID, r.Origin.SourceKey, err)
	}
	return c
}

func (b *bench) settle(c cases.Case, s cases.State) {
	b.t.Helper()
	if err := b.book.Settle(b.t.Context(), c, s, ""); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) view(s cases.Subject) cases.View {
	b.t.Helper()
	views, err := b.book.Read(b.t.Context(), []cases.Subject{s})
	if err != nil {
		b.t.Fatal(err)
	}
	return views[s]
}

func (b *bench) used(group string) (budget, ofGroup int) {
	b.t.Helper()
	s, err := b.book.BudgetSlots(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	g, err := b.book.GroupSlots(b.t.Context(), group)
	if err != nil {
		b.t.Fatal(err)
	}
	return s.Used(), g.Used()
}

func (b *bench) put(it attributes) {
	b.t.Helper()
	if _, err := b.client.PutItem(b.t.Context(), &dynamodb.PutItemInput{TableName: aws.String(tableName), Item: it}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) pullLever() {
	b.t.Helper()
	b.put(attributes{"pk": s("lever"), "sk": s("lever"), "reason": s("a deploy"), "requestedBy": s("ops"), "since": s("2026-03-02T04:00:00.000Z")})
}

// closeByHand does what closing a case does: the instance has no open case any
// more, but its last claim stays.
func (b *bench) closeByHand(c cases.Case) {
	b.t.Helper()
	for key, expression := range map[[2]string]string{
		{"instance#" + c.InstanceID, "instance"}: "SET openCase = :v",
		{"case#" + c.ID, "case"}:                 "SET caseState = :v REMOVE openKey",
	} {
		value := map[string]string{"instance": "", "case": "closed"}[key[1]]
		_, err := b.client.UpdateItem(b.t.Context(), &dynamodb.UpdateItemInput{
			TableName: aws.String(tableName), Key: attributes{"pk": s(key[0]), "sk": s(key[1])},
			UpdateExpression: &expression, ExpressionAttributeValues: attributes{":v": s(value)},
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// items is the whole table, by key.
func (b *bench) items() map[string]attributes {
	b.t.Helper()
	out, err := b.client.Scan(b.t.Context(), &dynamodb.ScanInput{TableName: aws.String(tableName), ConsistentRead: aws.Bool(true)})
	if err != nil {
		b.t.Fatal(err)
	}
	all := map[string]attributes{}
	for _, it := range out.Items {
		all[text(it, "pk")+" "+text(it, "sk")] = it
	}
	return all
}

// changed lists the keys whose items are not the same in both tables.
func changed(before, after map[string]attributes) []string {
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(keys)), func(k string) bool { return reflect.DeepEqual(before[k], after[k]) })
}

// openCases lists a partition of the sparse index.
func (b *bench) openCases(partition string) []string {
	b.t.Helper()
	out, err := b.client.Query(b.t.Context(), &dynamodb.QueryInput{
		TableName: aws.String(tableName), IndexName: aws.String("open"),
		KeyConditionExpression: aws.String("openKey = :p"), ExpressionAttributeValues: attributes{":p": s(partition)},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	var ids []string
	for _, it := range out.Items {
		ids = append(ids, text(it, "caseId"))
	}
	return ids
}

func s(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }

func text(it attributes, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

func hostNumber(n int) string { return fmt.Sprintf("i-0a1b2c3d4e5f%05x", n) }
