package dynamodb_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"crashcart/lab/dynamodb"
)

const table = "crashcart"

type attrs = map[string]types.AttributeValue

func s(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
func n(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }

func key(pk string) attrs { return attrs{"pk": s(pk), "sk": s("-")} }

func with(a attrs, name string, v types.AttributeValue) attrs {
	a[name] = v
	return a
}

func client(t *testing.T, opts ...dynamodb.Option) *sdk.Client {
	t.Helper()
	h, err := dynamodb.New(table, opts...)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return sdk.New(sdk.Options{
		Region:       "eu-central-1",
		BaseEndpoint: aws.String(srv.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		}),
	})
}

func put(t *testing.T, c *sdk.Client, item attrs) {
	t.Helper()
	if _, err := c.PutItem(t.Context(), &sdk.PutItemInput{TableName: aws.String(table), Item: item}); err != nil {
		t.Fatalf("put: %v", err)
	}
}

func get(t *testing.T, c *sdk.Client, pk string) attrs {
	t.Helper()
	out, err := c.GetItem(t.Context(), &sdk.GetItemInput{TableName: aws.String(table), Key: key(pk), ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatalf("get %s: %v", pk, err)
	}
	return out.Item
}

func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

func open(t *testing.T, c *sdk.Client) int32 {
	t.Helper()
	out, err := c.Query(t.Context(), &sdk.QueryInput{
		TableName: aws.String(table), IndexName: aws.String(dynamodb.OpenIndex),
		KeyConditionExpression:    aws.String("openKey = :o"),
		ExpressionAttributeValues: attrs{":o": s("open")},
	})
	if err != nil {
		t.Fatalf("query: %v", err)
	}
	all, err := c.Scan(t.Context(), &sdk.ScanInput{TableName: aws.String(table), IndexName: aws.String(dynamodb.OpenIndex)})
	if err != nil || all.Count != out.Count {
		t.Fatalf("a scan of the index gives %d items, a query %d: %v", all.Count, out.Count, err)
	}
	return out.Count
}

func TestRemoveNeverKeepsTheAttribute(t *testing.T) {
	c := client(t)
	opened := func() attrs {
		return attrs{
			"pk": s("case#1"), "sk": s("-"), "openKey": s("open"), "openedAt": s("2026-11-22T05:00:00Z"),
			"n": n("7"), "m": &types.AttributeValueMemberM{Value: attrs{"a": s("1"), "b": s("2")}},
		}
	}
	update := types.Update{
		TableName: aws.String(table), Key: key("case#1"),
		UpdateExpression:          aws.String("SET #s = :closed REMOVE openKey, openedAt, m.a"),
		ExpressionAttributeNames:  map[string]string{"#s": "state"},
		ExpressionAttributeValues: attrs{":closed": s("closed")},
	}
	ways := map[string]func() error{
		"plain": func() error {
			_, err := c.UpdateItem(t.Context(), &sdk.UpdateItemInput{
				TableName: update.TableName, Key: update.Key, UpdateExpression: update.UpdateExpression,
				ExpressionAttributeNames: update.ExpressionAttributeNames, ExpressionAttributeValues: update.ExpressionAttributeValues,
			})
			return err
		},
		"transaction": func() error {
			_, err := c.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Update: &update}}})
			return err
		},
	}
	for name, run := range ways {
		t.Run(name, func(t *testing.T) {
			put(t, c, opened())
			if got := open(t, c); got != 1 {
				t.Fatalf("%d open cases before, want 1", got)
			}
			if err := run(); err != nil {
				t.Fatal(err)
			}
			got := get(t, c, "case#1")
			m := got["m"].(*types.AttributeValueMemberM).Value
			if got["openKey"] != nil || got["openedAt"] != nil || m["a"] != nil || m["b"] == nil || got["n"] == nil {
				t.Errorf("item after REMOVE: %v, m: %v", got, m)
			}
			if got["state"].(*types.AttributeValueMemberS).Value != "closed" {
				t.Errorf("SET beside REMOVE was lost: %v", got)
			}
			if got := open(t, c); got != 0 {
				t.Errorf("%d open cases in the sparse index after REMOVE, want 0", got)
			}
		})
	}
}

func TestACancelledTransactionTellsEveryReasonAndWritesNothing(t *testing.T) {
	c := client(t)
	put(t, c, with(key("taken"), "nonce", s("other")))
	absent := aws.String("attribute_not_exists(pk)")
	_, err := c.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String(table), Item: key("fresh"), ConditionExpression: absent}},
		{Put: &types.Put{
			TableName: aws.String(table), Item: key("taken"), ConditionExpression: absent,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		{ConditionCheck: &types.ConditionCheck{TableName: aws.String(table), Key: key("lever"), ConditionExpression: absent}},
		{Update: &types.Update{
			TableName: aws.String(table), Key: key("missing"), UpdateExpression: aws.String("SET a = :a"),
			ConditionExpression: aws.String("attribute_exists(pk)"), ExpressionAttributeValues: attrs{":a": s("x")},
		}},
	}})
	tce, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok {
		t.Fatalf("err = %v, want a TransactionCanceledException", err)
	}
	var codes []string
	for _, r := range tce.CancellationReasons {
		codes = append(codes, aws.ToString(r.Code))
	}
	if got, want := strings.Join(codes, " "), "None ConditionalCheckFailed None ConditionalCheckFailed"; got != want {
		t.Errorf("reasons %q, want %q", got, want)
	}
	if v, ok := tce.CancellationReasons[1].Item["nonce"].(*types.AttributeValueMemberS); !ok || v.Value != "other" {
		t.Errorf("ALL_OLD brought %v", tce.CancellationReasons[1].Item)
	}
	if len(tce.CancellationReasons[3].Item) != 0 {
		t.Errorf("an item came back that nobody asked for: %v", tce.CancellationReasons[3].Item)
	}
	if got := get(t, c, "fresh"); got != nil {
		t.Errorf("a cancelled transaction wrote %v", got)
	}
}

func TestAnInvalidSecondActionLeavesNothingOfTheFirst(t *testing.T) {
	c := client(t)
	_, err := c.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{TableName: aws.String(table), Item: key("first")}},
		{Update: &types.Update{
			TableName: aws.String(table), Key: key("second"), UpdateExpression: aws.String("SET a = b + :one"),
			ExpressionAttributeValues: attrs{":one": n("1")},
		}},
	}})
	if code(err) != "ValidationException" {
		t.Errorf("err = %v, want a ValidationException", err)
	}
	if get(t, c, "first") != nil || get(t, c, "second") != nil {
		t.Error("the transaction was applied in part")
	}
}

func TestConditionFailureBringsTheItemOnlyWhenAsked(t *testing.T) {
	c := client(t)
	put(t, c, with(key("k"), "a", s("old")))
	for _, want := range []types.ReturnValuesOnConditionCheckFailure{
		types.ReturnValuesOnConditionCheckFailureAllOld, types.ReturnValuesOnConditionCheckFailureNone,
	} {
		_, err := c.PutItem(t.Context(), &sdk.PutItemInput{
			TableName: aws.String(table), Item: key("k"),
			ConditionExpression: aws.String("attribute_not_exists(pk)"), ReturnValuesOnConditionCheckFailure: want,
		})
		ccf, ok := errors.AsType[*types.ConditionalCheckFailedException](err)
		if !ok {
			t.Fatalf("err = %v", err)
		}
		if got := ccf.Item["a"] != nil; got != (want == types.ReturnValuesOnConditionCheckFailureAllOld) {
			t.Errorf("%s: item %v", want, ccf.Item)
		}
	}
}

func TestConditionsOnAbsentAndMistypedAttributes(t *testing.T) {
	c := client(t)
	put(t, c, with(with(key("k"), "until", n("100")), "label", s("abc")))
	for condition, want := range map[string]bool{
		"attribute_not_exists(gone) OR gone < :n": true,
		"gone < :n":               false,
		"gone = :n":               false,
		"gone <> :n":              true,
		"#u < :n":                 true,
		"#u > :n":                 false,
		"#u >= :n OR #u < :n":     true,
		"attribute_exists(label)": true,
		"NOT attribute_exists(x)": true,
		"(attribute_not_exists(openCase) OR openUntil < :n) AND (attribute_not_exists(lastClaim) OR lastClaim < :n)": true,
	} {
		values, names := attrs{}, map[string]string{}
		if strings.Contains(condition, ":n") {
			values[":n"] = n("200")
		}
		if strings.Contains(condition, "#u") {
			names["#u"] = "until"
		}
		in := &sdk.UpdateItemInput{
			TableName: aws.String(table), Key: key("k"), ConditionExpression: aws.String(condition),
			UpdateExpression: aws.String("REMOVE nothing"), ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		}
		_, err := c.UpdateItem(t.Context(), in)
		if err != nil && code(err) != "ConditionalCheckFailedException" {
			t.Errorf("%s: %v", condition, err)
		} else if got := err == nil; got != want {
			t.Errorf("%s = %v, want %v", condition, got, want)
		}
	}
}

func TestReservedWordsAreRefusedInEveryExpression(t *testing.T) {
	c := client(t)
	for _, word := range []string{"until", "ttl", "state", "status", "owner", "group", "region", "open", "name", "Slot_state.Status"} {
		values := attrs{":v": s("x")}
		_, updateErr := c.UpdateItem(t.Context(), &sdk.UpdateItemInput{
			TableName: aws.String(table), Key: key("k"),
			UpdateExpression: aws.String("SET " + word + " = :v"), ExpressionAttributeValues: values,
		})
		_, conditionErr := c.PutItem(t.Context(), &sdk.PutItemInput{
			TableName: aws.String(table), Item: key("k"),
			ConditionExpression: aws.String(word + " = :v"), ExpressionAttributeValues: values,
		})
		_, transactErr := c.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{ConditionCheck: &types.ConditionCheck{
				TableName: aws.String(table), Key: key("k"),
				ConditionExpression: aws.String("attribute_not_exists(" + word + ")"),
			}},
		}})
		_, queryErr := c.Query(t.Context(), &sdk.QueryInput{
			TableName:              aws.String(table),
			KeyConditionExpression: aws.String("pk = :v"), FilterExpression: aws.String(word + " = :v"), ExpressionAttributeValues: values,
		})
		for where, err := range map[string]error{"update": updateErr, "condition": conditionErr, "transaction": transactErr, "filter": queryErr} {
			if code(err) != "ValidationException" {
				t.Errorf("%s in %s: err = %v, want ValidationException", word, where, err)
			}
		}
	}
	put(t, c, with(key("k"), "reasonText", s("hi")))
	if _, err := c.PutItem(t.Context(), &sdk.PutItemInput{
		TableName: aws.String(table), Item: key("k"),
		ConditionExpression: aws.String("size(reasonText) < :v"), ExpressionAttributeValues: attrs{":v": n("3")},
	}); err != nil {
		t.Errorf("the function size is not an attribute name: %v", err)
	}
}

func TestWhatAWSRefusesIsRefused(t *testing.T) {
	c := client(t)
	update := func(expression string, values attrs) error {
		_, err := c.UpdateItem(t.Context(), &sdk.UpdateItemInput{
			TableName: aws.String(table), Key: key("k"),
			UpdateExpression: aws.String(expression), ExpressionAttributeValues: values,
		})
		return err
	}
	transact := func(items ...types.TransactWriteItem) error {
		_, err := c.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: items})
		return err
	}
	putErr := func(item attrs) error {
		_, err := c.PutItem(t.Context(), &sdk.PutItemInput{TableName: aws.String(table), Item: item})
		return err
	}
	one := types.TransactWriteItem{Put: &types.Put{TableName: aws.String(table), Item: key("k")}}
	same := types.TransactWriteItem{Delete: &types.Delete{TableName: aws.String(table), Key: key("k")}}
	_, consistent := c.Query(t.Context(), &sdk.QueryInput{
		TableName: aws.String(table), IndexName: aws.String("open"),
		KeyConditionExpression: aws.String("openKey = :o"), ExpressionAttributeValues: attrs{":o": s("open")}, ConsistentRead: aws.Bool(true),
	})
	_, keyless := c.Query(t.Context(), &sdk.QueryInput{
		TableName:              aws.String(table),
		KeyConditionExpression: aws.String("sk = :o"), ExpressionAttributeValues: attrs{":o": s("open")},
	})
	for name, err := range map[string]error{
		"two actions on one item":       transact(one, same),
		"SET and REMOVE of one path":    update("SET a = :a REMOVE a", attrs{":a": s("x")}),
		"a clause twice":                update("SET a = :a SET b = :a", attrs{":a": s("x")}),
		"an unused value":               update("SET a = :a", attrs{":a": s("x"), ":b": s("x")}),
		"an undefined value":            update("SET a = :a, b = :b", attrs{":a": s("x")}),
		"REMOVE of a key":               update("REMOVE sk", nil),
		"an empty update":               update("", nil),
		"an expression above 4 KB":      update("SET a = :a, "+strings.Repeat("b", 4096)+" = :a", attrs{":a": s("x")}),
		"an empty key":                  putErr(attrs{"pk": s(""), "sk": s("-")}),
		"a missing sort key":            putErr(attrs{"pk": s("k")}),
		"a numeric index key":           putErr(with(key("k"), "openKey", n("1"))),
		"an empty index key":            putErr(with(key("k"), "openKey", s(""))),
		"a consistent read of an index": consistent,
		"a query without partition key": keyless,
		"a number no float can hold":    putErr(with(key("k"), "at", n("1795300000123456789"))),
	} {
		if code(err) != "ValidationException" {
			t.Errorf("%s: err = %v, want ValidationException", name, err)
		}
	}
}

func TestATokenReplayedNeverAppliesTwice(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
	c := client(t, dynamodb.WithNow(func() time.Time { mu.Lock(); defer mu.Unlock(); return now }))
	add := func(by string) error {
		_, err := c.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{
			ClientRequestToken: aws.String("one-token"),
			TransactItems: []types.TransactWriteItem{{Update: &types.Update{
				TableName: aws.String(table), Key: key("sum"),
				UpdateExpression: aws.String("ADD amount :n"), ExpressionAttributeValues: attrs{":n": n(by)},
			}}},
		})
		return err
	}
	amount := func() string { return get(t, c, "sum")["amount"].(*types.AttributeValueMemberN).Value }
	if err := errors.Join(add("1"), add("1")); err != nil || amount() != "1" {
		t.Fatalf("after a replay: %v, amount %s", err, amount())
	}
	if err := add("2"); code(err) != "IdempotentParameterMismatchException" {
		t.Errorf("another payload under the token: %v", err)
	}
	mu.Lock()
	now = now.Add(10 * time.Minute)
	mu.Unlock()
	if err := add("1"); err != nil || amount() != "2" {
		t.Errorf("after the token's ten minutes: %v, amount %s, want 2", err, amount())
	}
}

func TestNeverMoreWinnersThanSlots(t *testing.T) {
	c := client(t)
	const rounds, racers, slots = 20, 16, 3
	for round := range rounds {
		var (
			wg    sync.WaitGroup
			won   atomic.Int32
			start = make(chan struct{})
		)
		for r := range racers {
			wg.Go(func() {
				<-start
				for slot := range slots {
					_, err := c.TransactWriteItems(t.Context(), &sdk.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
						{Put: &types.Put{TableName: aws.String(table), Item: key(fmt.Sprintf("slot#%d#%d", round, slot)), ConditionExpression: aws.String("attribute_not_exists(pk)")}},
						{Put: &types.Put{TableName: aws.String(table), Item: key(fmt.Sprintf("case#%d#%d", round, r))}},
					}})
					if err == nil {
						won.Add(1)
						return
					}
				}
			})
		}
		close(start)
		wg.Wait()
		if won.Load() != slots {
			t.Fatalf("round %d: %d of %d racers won %d slots", round, won.Load(), racers, slots)
		}
	}
}

func TestValuesSurviveAsTheyWereWritten(t *testing.T) {
	c := client(t)
	want := attrs{
		"list": &types.AttributeValueMemberL{Value: []types.AttributeValue{s("a"), n("1.50")}},
		"none": &types.AttributeValueMemberL{Value: []types.AttributeValue{}},
		"map":  &types.AttributeValueMemberM{Value: attrs{}},
		"set":  &types.AttributeValueMemberSS{Value: []string{"x", "y"}},
		"yes":  &types.AttributeValueMemberBOOL{Value: false},
		"bin":  &types.AttributeValueMemberB{Value: []byte{0, 1}},
		"null": &types.AttributeValueMemberNULL{Value: true},
		"text": s(""),
	}
	in := key("k")
	maps.Copy(in, want)
	put(t, c, in)
	if _, err := c.UpdateItem(t.Context(), &sdk.UpdateItemInput{
		TableName: aws.String(table), Key: key("k"),
		UpdateExpression: aws.String("SET extra = :v"), ExpressionAttributeValues: attrs{":v": s("x")},
	}); err != nil {
		t.Fatal(err)
	}
	got := get(t, c, "k")
	for name, v := range want {
		if g, w := fmt.Sprintf("%T%+v", got[name], deref(got[name])), fmt.Sprintf("%T%+v", v, deref(v)); g != w {
			t.Errorf("%s came back as %s, want %s", name, g, w)
		}
	}
}

// deref shows what is inside a value instead of its address.
func deref(v types.AttributeValue) any {
	switch v := v.(type) {
	case *types.AttributeValueMemberL:
		out := []any{}
		for _, e := range v.Value {
			out = append(out, deref(e))
		}
		return out
	case *types.AttributeValueMemberM:
		return len(v.Value)
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	case *types.AttributeValueMemberSS:
		return v.Value
	case *types.AttributeValueMemberBOOL:
		return v.Value
	case *types.AttributeValueMemberB:
		return v.Value
	case *types.AttributeValueMemberNULL:
		return v.Value
	}
	return nil
}

func TestReturnValuesFollowTheRequest(t *testing.T) {
	c := client(t)
	put(t, c, with(with(key("k"), "a", s("1")), "b", s("1")))
	update := func(want types.ReturnValue, v string) attrs {
		t.Helper()
		out, err := c.UpdateItem(t.Context(), &sdk.UpdateItemInput{
			TableName: aws.String(table), Key: key("k"), ReturnValues: want,
			UpdateExpression: aws.String("SET a = :v"), ExpressionAttributeValues: attrs{":v": s(v)},
		})
		if err != nil {
			t.Fatal(err)
		}
		return out.Attributes
	}
	if got := update(types.ReturnValueNone, "2"); len(got) != 0 {
		t.Errorf("NONE answered %v", got)
	}
	if got := update(types.ReturnValueUpdatedOld, "3"); len(got) != 1 || deref(got["a"]) != "2" {
		t.Errorf("UPDATED_OLD answered %v", got)
	}
	if got := update(types.ReturnValueAllNew, "4"); len(got) != 4 || deref(got["a"]) != "4" {
		t.Errorf("ALL_NEW answered %v", got)
	}
	out, err := c.PutItem(t.Context(), &sdk.PutItemInput{TableName: aws.String(table), Item: key("k"), ReturnValues: types.ReturnValueAllOld})
	if err != nil || deref(out.Attributes["a"]) != "4" {
		t.Errorf("a put's ALL_OLD answered %v, %v", out, err)
	}
	gone, err := c.DeleteItem(t.Context(), &sdk.DeleteItemInput{TableName: aws.String(table), Key: key("k"), ReturnValues: types.ReturnValueAllOld})
	if err != nil || len(gone.Attributes) != 2 || get(t, c, "k") != nil {
		t.Errorf("a delete's ALL_OLD answered %v, %v; left %v", gone, err, get(t, c, "k"))
	}
}

func TestQueryIsOrderedAndPaged(t *testing.T) {
	c := client(t)
	for _, sk := range []string{"03", "01", "02", "11"} {
		put(t, c, attrs{"pk": s("slots"), "sk": s(sk)})
	}
	put(t, c, key("other"))
	var (
		got   []string
		start attrs
	)
	for {
		out, err := c.Query(t.Context(), &sdk.QueryInput{
			TableName: aws.String(table), Limit: aws.Int32(2), ExclusiveStartKey: start,
			KeyConditionExpression: aws.String("pk = :p AND begins_with(sk, :z)"), ExpressionAttributeValues: attrs{":p": s("slots"), ":z": s("0")},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range out.Items {
			got = append(got, deref(it["sk"]).(string))
		}
		if start = out.LastEvaluatedKey; start == nil {
			break
		}
	}
	if strings.Join(got, " ") != "01 02 03" {
		t.Errorf("query gave %v", got)
	}
}

func TestTheTableIsActive(t *testing.T) {
	out, err := client(t).DescribeTable(t.Context(), &sdk.DescribeTableInput{TableName: aws.String(table)})
	if err != nil || out.Table.TableStatus != types.TableStatusActive || len(out.Table.GlobalSecondaryIndexes) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := client(t).GetItem(t.Context(), &sdk.GetItemInput{TableName: aws.String("other"), Key: key("k")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("another table's name: %v", err)
	}
}
