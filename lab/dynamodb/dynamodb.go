// Package dynamodb stands in for Amazon DynamoDB: one table of Crashcart's own
// shape, served over the wire protocol that the AWS SDK speaks.
//
// Expressions are evaluated by github.com/truora/minidyn. This package keeps the
// items and is the layer in front of that engine that makes what the casebook
// depends on behave as AWS documents it, because the engine by itself would let
// wrong code pass:
//
//   - requests run one at a time, so that a transaction is isolated;
//   - REMOVE removes (the engine answers success and keeps the attribute), and a
//     removed index key takes the item out of the sparse index;
//   - a cancelled transaction has a reason per action, not just the first one,
//     and ReturnValuesOnConditionCheckFailure brings the item with it;
//   - a transaction whose second action is invalid leaves nothing of its first;
//   - a ClientRequestToken that was committed within ten minutes answers success
//     without applying anything, and IdempotentParameterMismatchException when it
//     comes with another payload;
//   - a reserved word as a bare attribute name, an overlapping path, an empty or
//     mistyped key and a consistent read of an index are refused;
//   - an empty list or map survives, and ReturnValues follows the request.
//
// What stays different from AWS: there is no TransactionConflict (nothing runs
// at once) and no throttling, unless package fault is asked for them, no size limit
// and no deletion by TTL (code must never count on it). A comparison of different
// types, or the size of an absent attribute, is refused where AWS says false. Operands
// of SET see earlier assignments of the same SET. REMOVE of a list element is refused.
// Numbers are floats inside the engine: a number that a float cannot hold is refused.
package dynamodb

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/truora/minidyn/server"
)

// The table's shape: two string keys and one sparse index of open cases.
const (
	// HashKey is the partition key's name.
	HashKey = "pk"
	// RangeKey is the sort key's name.
	RangeKey = "sk"
	// OpenIndex is the name of the sparse global secondary index.
	OpenIndex = "open"
	// OpenHashKey is the partition key of OpenIndex.
	OpenHashKey = "openKey"
	// OpenRangeKey is the sort key of OpenIndex.
	OpenRangeKey = "openedAt"
)

// maxBody bounds a request: AWS takes at most 16 MB in one BatchWriteItem.
const maxBody = 16 << 20

// value and item are the wire forms of an attribute value and of an item.
type (
	value = server.AttributeValue
	item  = map[string]*value
)

// Handler serves one table. It is safe for concurrent use.
type Handler struct {
	table string
	now   func() time.Time

	mu          sync.Mutex
	store       *store
	tokens      map[string]commit
	subscribers []func(Change)
	caller      string // whose request is carried out
}

// Option changes how a Handler is made.
type Option func(*Handler)

// WithNow sets the clock by which ClientRequestTokens expire. The default is time.Now.
func WithNow(now func() time.Time) Option { return func(h *Handler) { h.now = now } }

// New makes a handler with one empty, active table of that name, with the keys
// HashKey and RangeKey and the index OpenIndex.
func New(table string, opts ...Option) (*Handler, error) {
	h := &Handler{table: table, now: time.Now, store: newStore(), tokens: map[string]commit{}}
	for _, opt := range opts {
		opt(h)
	}
	_, err := h.engine() // no name that the engine refuses
	return h, err
}

func schema(table string) *server.CreateTableInput {
	attribute := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS}
	}
	keys := func(hash, sort string) []types.KeySchemaElement {
		return []types.KeySchemaElement{
			{AttributeName: aws.String(hash), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(sort), KeyType: types.KeyTypeRange},
		}
	}
	return &server.CreateTableInput{
		TableName:   aws.String(table),
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			attribute(HashKey), attribute(RangeKey), attribute(OpenHashKey), attribute(OpenRangeKey),
		},
		KeySchema: keys(HashKey, RangeKey),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String(OpenIndex),
			KeySchema:  keys(OpenHashKey, OpenRangeKey),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
	}
}

// ServeHTTP answers one DynamoDB request (AWS JSON 1.0, operation in X-Amz-Target).
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		write(w, nil, invalid("reading the request: %v", err))
		return
	}
	_, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	h.mu.Lock()
	defer h.mu.Unlock()
	h.caller = caller(r)
	out, err := h.dispatch(op, body)
	write(w, out, err)
}

// caller is the access key id in a request's signature ("Create a signed AWS API request",
// AWS Identity and Access Management User Guide).
func caller(r *http.Request) string {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(credential, "/")
	return key
}

func (h *Handler) dispatch(op string, body []byte) (any, error) {
	switch op {
	case "PutItem":
		return decoded(body, h.putItem)
	case "UpdateItem":
		return decoded(body, h.updateItem)
	case "DeleteItem":
		return decoded(body, h.deleteItem)
	case "TransactWriteItems":
		return h.transactWrite(body)
	case "GetItem":
		return decoded(body, h.getItem)
	case "Query":
		return decoded(body, h.query)
	case "Scan":
		return decoded(body, h.scan)
	case "BatchGetItem":
		return decoded(body, h.batchGet)
	case "TransactGetItems":
		return decoded(body, h.transactGet)
	case "DescribeTable":
		return decoded(body, h.describe)
	}
	return nil, &Error{Code: "UnknownOperationException", Message: "the lab's DynamoDB does not know " + op}
}

// decoded runs op on the body read as its input.
func decoded[In any](body []byte, op func(*In) (any, error)) (any, error) {
	var in In
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &Error{Code: "SerializationException", Message: err.Error()}
	}
	return op(&in)
}

func write(w http.ResponseWriter, out any, err error) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if err != nil {
		apiErr := asError(err)
		w.WriteHeader(apiErr.status())
		out = apiErr.wire()
	}
	// An error here is the client's hang-up; nobody is left to hear of it.
	_ = json.NewEncoder(w).Encode(out)
}

// asError gives any error its API form; the engine's own carry a code.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if coded, ok := errors.AsType[smithy.APIError](err); ok {
		return &Error{Code: coded.ErrorCode(), Message: coded.ErrorMessage()}
	}
	return &Error{Code: "InternalServerError", Message: err.Error()}
}
