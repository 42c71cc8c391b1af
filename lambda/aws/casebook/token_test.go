package casebook_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"crashcart/lambda/domain/cases"
)

const transactWrite = "DynamoDB_20120810.TransactWriteItems"

// tokens gives the ClientRequestToken of every transaction that was sent, as it goes on.
func (b *bench) tokens() func() []string {
	var sent []string
	b.wire.saw = func(op string, body []byte) {
		var in struct{ ClientRequestToken string }
		if op != transactWrite {
			return
		}
		if err := json.Unmarshal(body, &in); err != nil || in.ClientRequestToken == "" {
			b.t.Errorf("a transaction without a token: %s (%v)", body, err)
		}
		sent = append(sent, in.ClientRequestToken)
	}
	return func() []string { return sent }
}

// first answers the first transaction with an error, and carries out the others.
func (b *bench) first(status int, body string) {
	var n atomic.Int64
	b.wire.before = func(w http.ResponseWriter, op string) bool {
		if op != transactWrite || n.Add(1) > 1 {
			return false
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	}
}

// DynamoDB answers the same token with its first answer for ten minutes
// ("TransactWriteItems", Amazon DynamoDB API Reference). That is right while nobody knows
// what the first answer was, and wrong as soon as it is known that nothing was written.
func TestOnlyTheUnclearRepeatOfAClaimKeepsItsToken(t *testing.T) {
	code := func(name, rest string) string {
		return `{"__type":"com.amazonaws.dynamodb.v20120810#` + name + `"` + rest + `}`
	}
	canceled := func(reason string) string {
		return code("TransactionCanceledException", `,"CancellationReasons":[{"Code":"None"},{"Code":"None"},{"Code":"`+reason+`"},{"Code":"None"}]`)
	}
	for name, tt := range map[string]struct {
		spoil func(b *bench)
		keeps bool
	}{
		"no answer": {keeps: true, spoil: func(b *bench) {
			var n atomic.Int64
			b.wire.lose = func(op string) bool { return op == transactWrite && n.Add(1) == 1 }
		}},
		"a server's error":         {keeps: true, spoil: func(b *bench) { b.first(500, code("InternalServerError", "")) }},
		"the service away":         {keeps: true, spoil: func(b *bench) { b.first(503, code("ServiceUnavailable", "")) }},
		"the same one on its way":  {keeps: true, spoil: func(b *bench) { b.first(400, code("TransactionInProgressException", "")) }},
		"a conflict":               {spoil: func(b *bench) { b.first(400, canceled("TransactionConflict")) }},
		"a slot taken":             {spoil: func(b *bench) { b.first(400, canceled("ConditionalCheckFailed")) }},
		"a throttled item":         {spoil: func(b *bench) { b.first(400, canceled("ThrottlingError")) }},
		"throughput exceeded":      {spoil: func(b *bench) { b.first(400, code("ProvisionedThroughputExceededException", "")) }},
		"throttled":                {spoil: func(b *bench) { b.first(400, code("ThrottlingException", "")) }},
		"the request limit":        {spoil: func(b *bench) { b.first(400, code("RequestLimitExceeded", "")) }},
		"throttled, as a 5xx says": {spoil: func(b *bench) { b.first(503, code("RequestLimitExceeded", "")) }},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			sent := b.tokens()
			tt.spoil(b)
			r := request(host, "alarm")
			r.Seen = &cases.Seen{}
			b.claim(r)
			got := sent()
			if len(got) != 2 {
				t.Fatalf("%d transactions were sent, want the spoilt one and its repeat", len(got))
			}
			if kept := got[0] == got[1]; kept != tt.keeps {
				t.Errorf("the repeat keeps the token: %v, want %v", kept, tt.keeps)
			}
		})
	}
}

// Two claims never share a token, or the second would be answered with the first's success.
func TestNoTwoClaimsEverShareAToken(t *testing.T) {
	b := newBench(t)
	sent := b.tokens()
	for i := range 3 {
		b.claim(request(hostNumber(i), "alarm"))
	}
	got := slices.Sorted(slices.Values(sent()))
	if len(got) != 3 || len(slices.Compact(got)) != 3 || strings.TrimSpace(got[0]) == "" {
		t.Errorf("the tokens are %q, want three", got)
	}
}
