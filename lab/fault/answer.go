package fault

import (
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"
	"strings"
)

// DynamoDB's errors ("Error handling with DynamoDB", Amazon DynamoDB Developer
// Guide, and "TransactWriteItems", API Reference).
const (
	codeProvisioned = "ProvisionedThroughputExceededException"
	codeThrottling  = "ThrottlingException"
	codeCancelled   = "TransactionCanceledException"

	reasonNone      = "None"
	reasonConflict  = "TransactionConflict"
	reasonThrottled = "ThrottlingError"
)

// jsonError is an error of one of the AWS JSON protocols.
func jsonError(kind, shape string, more map[string]any) Answer {
	body := map[string]any{"__type": shape}
	maps.Copy(body, more)
	raw, err := json.Marshal(body)
	if err != nil { // strings, and lists of them, always marshal
		raw = []byte(`{}`)
	}
	return Answer{Status: http.StatusBadRequest, Header: http.Header{"Content-Type": {kind}}, Body: raw}
}

// dynamoError is an error of DynamoDB, with the namespace that the service puts
// before the code.
func dynamoError(code, message string) Answer {
	namespace := "com.amazonaws.dynamodb.v20120810#"
	if code == codeThrottling {
		namespace = "com.amazon.coral.availability#"
	}
	return jsonError("application/x-amz-json-1.0", namespace+code, map[string]any{"message": message})
}

type reason struct {
	Code    string `json:"Code"`
	Message string `json:"Message,omitempty"`
}

// cancelled is a transaction that was cancelled because of one of its n actions.
func cancelled(n, guilty int, code, message string) Answer {
	reasons, codes := make([]reason, n), make([]string, n)
	for i := range reasons {
		reasons[i] = reason{Code: reasonNone}
		if i == guilty {
			reasons[i] = reason{Code: code, Message: message}
		}
		codes[i] = reasons[i].Code
	}
	return jsonError("application/x-amz-json-1.0", "com.amazonaws.dynamodb.v20120810#"+codeCancelled, map[string]any{
		"Message":             "Transaction cancelled, please refer cancellation reasons for specific reasons [" + strings.Join(codes, ", ") + "]",
		"CancellationReasons": reasons,
	})
}

// actions is how many actions a TransactWriteItems has.
func actions(body []byte) int {
	var in struct{ TransactItems []json.RawMessage }
	if json.Unmarshal(body, &in) != nil {
		return 0
	}
	return len(in.TransactItems)
}

// ec2Error is an error of the EC2 query protocol.
func ec2Error(status int, code, message string) Answer {
	raw, err := xml.Marshal(struct {
		XMLName   xml.Name `xml:"Response"`
		Code      string   `xml:"Errors>Error>Code"`
		Message   string   `xml:"Errors>Error>Message"`
		RequestID string   `xml:"RequestID"`
	}{Code: code, Message: message, RequestID: "11112222-3333-4444-5555-666677778888"})
	if err != nil { // strings always marshal
		raw = nil
	}
	return Answer{Status: status, Header: http.Header{"Content-Type": {"text/xml;charset=UTF-8"}}, Body: raw}
}
