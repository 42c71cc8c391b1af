package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"

	"crashcart/lab/runtime"
)

// Limits of an invocation's payload ("Lambda quotas", AWS Lambda Developer Guide).
const (
	maxInvokePayload = 6 << 20
	maxAsyncPayload  = 1 << 20
)

// invokePath is that of the API's one operation which the lab has ("Invoke", AWS
// Lambda API Reference). The name may be an ARN.
var invokePath = regexp.MustCompile(`^/2015-03-31/functions/([^/]+)/invocations/?$`)

// lambdaAPI is the Lambda API in front of the deployed functions.
type lambdaAPI struct{ lab *Lab }

func (a lambdaAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := invokePath.FindStringSubmatch(r.URL.Path)
	if path == nil || r.Method != http.MethodPost {
		lambdaError(w, http.StatusNotImplemented, "UnknownOperationException", "the lab's Lambda does not know "+r.Method+" "+r.URL.Path)
		return
	}
	function := a.named(path[1])
	if function == nil {
		lambdaError(w, http.StatusNotFound, "ResourceNotFoundException",
			fmt.Sprintf("Function not found: arn:aws:lambda:%s:%s:function:%s", a.lab.Region, a.lab.Account, path[1]))
		return
	}
	kind, limit := r.Header.Get("X-Amz-Invocation-Type"), maxInvokePayload
	if kind == "Event" {
		limit = maxAsyncPayload
	}
	payload, err := io.ReadAll(io.LimitReader(r.Body, maxInvokePayload+1))
	switch {
	case err != nil:
		lambdaError(w, http.StatusBadRequest, "InvalidRequestContentException", err.Error())
	case len(payload) > limit:
		lambdaError(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException",
			fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", limit))
	case len(payload) > 0 && !json.Valid(payload):
		lambdaError(w, http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json")
	default:
		invoke(w, r, function, kind, payload)
	}
}

// named gives the deployed function of that name or ARN, nil if there is none.
func (a lambdaAPI) named(name string) *runtime.Function {
	for _, f := range a.lab.allFunctions() {
		if name == f.Name() || name == f.ARN() {
			return f
		}
	}
	return nil
}

// invoke runs the function, which gets an empty object for an empty payload.
func invoke(w http.ResponseWriter, r *http.Request, function *runtime.Function, kind string, payload []byte) {
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	switch kind {
	case "", "RequestResponse":
		result, err := function.Invoke(r.Context(), payload)
		if err != nil {
			serviceError(w, err)
			return
		}
		w.Header().Set("X-Amz-Executed-Version", "$LATEST")
		w.Header().Set("X-Amzn-Requestid", result.RequestID)
		if result.FunctionError != "" {
			w.Header().Set("X-Amz-Function-Error", result.FunctionError)
		}
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(result.Payload) // an error is the client's hang-up
	case "Event":
		id, err := function.InvokeAsync(payload)
		if err != nil {
			serviceError(w, err)
			return
		}
		w.Header().Set("X-Amzn-Requestid", id)
		w.WriteHeader(http.StatusAccepted)
	case "DryRun":
		w.WriteHeader(http.StatusNoContent)
	default:
		lambdaError(w, http.StatusBadRequest, "InvalidParameterValueException", "the lab's Lambda has no invocation type "+kind)
	}
}

func serviceError(w http.ResponseWriter, err error) {
	if errors.Is(err, runtime.ErrClosed) {
		err = errors.New("the lab is closing")
	}
	lambdaError(w, http.StatusInternalServerError, "ServiceException", err.Error())
}

// lambdaError answers in the API's form: the code in a header, the text in the body.
func lambdaError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Amzn-Errortype", code)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Type": "User", "Message": message})
}

// PIDs are the process ids of the intake queue's function, to freeze it as Lambda may.
func (l *Lab) PIDs() []int {
	f, err := l.deployed(l.Queue)
	if err != nil {
		return nil
	}
	return f.PIDs()
}
