package cloudwatch

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"

	"github.com/aws/smithy-go/encoding/cbor"
)

// maxBody bounds a request; 500 queries are far below.
const maxBody = 1 << 20

// apiError is an error of the service, by its shape's name.
type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

func invalid(format string, args ...any) *apiError {
	return &apiError{"ValidationError", fmt.Sprintf(format, args...)}
}

// ServeHTTP answers one request of the protocol "Smithy RPC v2 CBOR" (Smithy
// specification), the one that the SDK chooses for CloudWatch. The code of an
// error is in the older query protocol's header as well, where the SDK prefers it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := h.answer(r)
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	if err != nil {
		e, ok := errors.AsType[*apiError](err)
		if !ok {
			e = &apiError{"SerializationException", err.Error()}
		}
		w.Header().Set("X-Amzn-Query-Error", e.code+";Sender")
		w.WriteHeader(http.StatusBadRequest)
		out = cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#" + e.code), "message": cbor.String(e.message)}
	}
	_, _ = w.Write(cbor.Encode(out)) // an error is the client's hang-up
}

func (h *Handler) answer(r *http.Request) (cbor.Map, error) {
	if p := r.Header.Get("Smithy-Protocol"); p != "rpc-v2-cbor" {
		return nil, &apiError{"UnknownOperationException", fmt.Sprintf("the lab's CloudWatch does not speak %q", p)}
	}
	operations := map[string]func(cbor.Map) (cbor.Map, error){"DescribeAlarms": h.describe, "GetMetricData": h.data}
	operation := operations[path.Base(r.URL.Path)]
	if operation == nil {
		return nil, &apiError{"UnknownOperationException", "the lab's CloudWatch does not know " + path.Base(r.URL.Path)}
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	body := cbor.Map{}
	if len(raw) > 0 {
		value, err := cbor.Decode(raw)
		if err != nil {
			return nil, fmt.Errorf("decoding the request: %w", err)
		}
		var ok bool
		if body, ok = value.(cbor.Map); !ok {
			return nil, errors.New("the request is not a map")
		}
	}
	return operation(body)
}

func asText(v cbor.Value) (string, bool) {
	s, ok := v.(cbor.String)
	return string(s), ok
}

func asTexts(v cbor.Value) ([]string, bool) {
	in, ok := v.(cbor.List)
	out := make([]string, 0, len(in))
	for _, one := range in {
		s, isText := asText(one)
		out, ok = append(out, s), ok && isText
	}
	return out, ok
}
