package dynamodb

import (
	"fmt"
	"net/http"
	"strings"
)

// Error codes of Amazon DynamoDB's API reference.
const (
	codeValidation  = "ValidationException"
	codeCondition   = "ConditionalCheckFailedException"
	codeCancelled   = "TransactionCanceledException"
	codeMismatch    = "IdempotentParameterMismatchException"
	codeNotFound    = "ResourceNotFoundException"
	codeInternal    = "InternalServerError"
	reasonNone      = "None"
	reasonCondition = "ConditionalCheckFailed"
	failedCondition = "The conditional request failed"
)

// Error is an answer in DynamoDB's error shape.
type Error struct {
	Code    string
	Message string

	item    item     // of a failed condition, when the request asked for it
	reasons []reason // of a cancelled transaction, one per action
}

type reason struct {
	Code    string `json:"Code"`
	Message string `json:"Message,omitempty"`
	Item    any    `json:"Item,omitempty"`
}

// Error gives the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

func (e *Error) status() int {
	if e.Code == codeInternal {
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

func (e *Error) wire() map[string]any {
	out := map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#" + e.Code, "message": e.Message}
	if e.item != nil {
		out["Item"] = wireItem(e.item)
	}
	if e.reasons != nil {
		out["CancellationReasons"] = e.reasons
	}
	return out
}

func invalid(format string, args ...any) *Error {
	return &Error{Code: codeValidation, Message: fmt.Sprintf(format, args...)}
}

func cancelled(reasons []reason) *Error {
	codes := make([]string, len(reasons))
	for i, r := range reasons {
		codes[i] = r.Code
	}
	return &Error{
		Code: codeCancelled,
		Message: "Transaction cancelled, please refer cancellation reasons for specific reasons [" +
			strings.Join(codes, ", ") + "]",
		reasons: reasons,
	}
}
