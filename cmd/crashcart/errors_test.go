package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"crashcart/lab"
	"crashcart/lab/fault"
)

func TestEveryWrongCallExitsWithTwoAndChangesNothing(t *testing.T) {
	w := newWorld(t, 1, lab.Options{}, lab.Function{})
	for says, args := range map[string][]string{
		"crashcart pause needs --reason":            {"pause"},
		"pause needs --reason: ":                    {"pause", "--reason", " \t"},
		"takes no arguments, but got \"now\"":       {"pause", "now", "--reason", "x"},
		"crashcart resume takes no arguments":       {"resume", "now"},
		"crashcart status takes no arguments":       {"status", "now"},
		"crashcart cases takes no arguments":        {"cases", "now"},
		"crashcart case takes the id of one":        {"case"},
		"crashcart case takes the id of":            {"case", "a", "b"},
		"crashcart case close takes the id":         {"case", "close", "--reason", "x"},
		"crashcart case close needs --reason":       {"case", "close", "a"},
		"interrupt needs --reason":                  {"interrupt", host(0), "--yes"},
		"needs at least one instance id":            {"interrupt", "--reason", "x", "--yes"},
		"is not an instance id":                     {"interrupt", "web-1", "--reason", "x", "--yes"},
		"write it in lower case":                    {"interrupt", strings.ToUpper(host(0)), "--reason", "x", "--yes"},
		"only unresponsive, cooldown and quiet can": {"interrupt", host(0), "--reason", "x", "--yes", "--force", "lever"},
		"requestId": {"interrupt", host(0), "--reason", "x", "--yes", "--request-id", "a b"},
		"give --yes, or --dry-run for a dry run;": {"interrupt", host(0), "--reason", "x"},
		"no dry run is ever overdue: give":        {"cases", "--dry-runs", "--overdue"},
		"unknown flag: --wrong":                   {"cases", "--wrong"},
	} {
		w.want(2, says, args...)
	}
	either := "the stack is not asked: give it or --stack, not both"
	for _, args := range [][]string{
		{"pause", "--reason", "x", "--table", table, "--stack", "Crashcart"},
		{"resume", "--table", table, "--stack", "Crashcart"},
		{"interrupt", host(0), "--reason", "x", "--yes", "--function", function, "--stack", "Crashcart"},
	} {
		w.want(2, either, args...)
	}
	// As a script has it whose variable is not set.
	for _, flag := range []string{"--table", "--stack"} {
		w.want(2, flag+" is empty: give it a value, or leave it out", "pause", "--reason", "x", flag, "")
		w.want(2, flag+" is empty", "explain", "testdata/session.txt", "--live", flag+"= ")
	}
	w.want(2, "--function is empty", "interrupt", host(0), "--reason", "x", "--yes", "--function", "")
	for _, name := range []string{"CRASHCART_TABLE", "CRASHCART_STACK"} {
		w.env[name] = ""
		w.want(2, name+" is empty: give it a value, or leave it out", "resume")
		delete(w.env, name)
	}
	delete(w.env, "AWS_REGION")
	delete(w.env, "AWS_DEFAULT_REGION")
	w.want(2, "the lever is as it was: no AWS Region: give --region", "pause", "--reason", "x")
	w.want(2, "nothing was sent: no AWS Region: give --region, or set AWS_REGION; a stack is found in its own Region only",
		"interrupt", host(0), "--reason", "x", "--yes")
	w.want(2, "no AWS Region", "explain", "testdata/session.txt", "--live")
	w.env["CRASHCART_BUDGET"] = "many"
	w.want(2, `CRASHCART_BUDGET="many" is not a whole number`, "status")
	if calls := w.lab.Calls(); len(calls) != 0 {
		t.Errorf("AWS was asked: %+v", calls)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	w := newWorld(t, 1, lab.Options{}, lab.Function{})
	ask := []string{"interrupt", host(0), "--reason", "x", "--yes"}
	w.want(1, "there is no table nowhere in eu-central-1: name your stack's casebook with --table or CRASHCART_TABLE", "pause", "--reason", "x", "--table", "nowhere")
	w.want(1, "there is no table nowhere in us-east-1", "status", "--table", "nowhere", "--region", "us-east-1")
	w.want(1, "there is no function nobody in eu-central-1: name your stack's with --function", append(ask, "--function", "nobody")...)
	w.want(1, "there is no such case: \"x\" in the table "+table+" in eu-central-1; `crashcart cases` lists", "case", "x")
	w.want(1, "there is no such case", "case", "close", "x", "--reason", "y")
	w.want(1, "missing-profile", "status", "--profile", "missing-profile")

	w.env["CRASHCART_TABLE"] = "elsewhere"
	w.want(1, "there is no table elsewhere", "cases")
	delete(w.env, "CRASHCART_TABLE")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		delete(w.env, name)
	}
	w.want(1, "no AWS credentials: give a --profile that has some", "resume")
	w.want(1, "no AWS credentials", ask...)
}

// refusing answers every call with an error of DynamoDB or Lambda, once the stack is
// found.
func (w *world) refusing(code, message string) {
	body := fmt.Sprintf(`{"__type":"com.amazon.coral.service#%s","message":%q}`, code, message)
	w.lab.Faults.Use(fault.Func(func(c fault.Call, next fault.Next) fault.Answer {
		if c.Service == "cloudformation" {
			return next(c)
		}
		if c.Service == "lambda" {
			return fault.Answer{Status: http.StatusForbidden, Header: http.Header{"X-Amzn-Errortype": {code}}, Body: []byte(`{"Message":"` + message + `"}`)}
		}
		return fault.Answer{Status: http.StatusBadRequest, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, Body: []byte(body)}
	}))
}

func TestADenialNamesTheAction(t *testing.T) {
	w := newWorld(t, 1, lab.Options{}, lab.Function{})
	w.refusing("AccessDeniedException", "User: arn:aws:iam::111122223333:user/ops is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:eu-central-1:111122223333:table/crashcart")
	w.want(1, "your credentials may not dynamodb:PutItem in eu-central-1: ask for that permission", "pause", "--reason", "x")
	w.refusing("AccessDeniedException", "User: arn:aws:iam::111122223333:user/ops is not authorized to perform: lambda:InvokeFunction on resource: x")
	w.want(1, "your credentials may not lambda:InvokeFunction in eu-central-1", "interrupt", host(0), "--reason", "x", "--yes")
	w.refusing("AccessDeniedException", "no")
	w.want(1, "your credentials may not DynamoDB BatchGetItem in", "resume")
	w.refusing("ExpiredTokenException", "The security token included in the request is expired")
	w.want(1, "AWS does not accept your credentials: renew them", "cases")
}

// A second invocation beside one that is still at work would be answered "duplicate",
// which hides what became of the first.
func TestAnInvokeIsNeverRepeatedUnlessLambdaSaysItDidNotRun(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		calls  int32
		says   string
	}{
		"a server error":  {func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }, 1, "--request-id night interrupts nothing twice"},
		"a bad gateway":   {func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }, 1, "--request-id night"},
		"no answer":       {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, 1, "--request-id night"},
		"a timeout there": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusGatewayTimeout) }, 1, "--request-id night"},
		"throttled": {func(w http.ResponseWriter) {
			w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(`{"Message":"Rate Exceeded."}`))
		}, 3, "Rate Exceeded"},
		"a function's error": {func(w http.ResponseWriter) {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			_, _ = w.Write([]byte("{\"errorMessage\":\"Task timed out\x1b[2J\"}"))
		}, 1, "the function failed (Unhandled), so it is not known what it did"},
		"somebody else's function": {func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"hello":"world"}`)) }, 1, "not an answer of Crashcart"},
		"nothing at all":           {func(http.ResponseWriter) {}, 1, "not an answer of Crashcart"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				c.answer(out)
			}))
			defer server.Close()
			here := *w
			here.t, here.env = t, maps.Clone(w.env)
			here.env["AWS_ENDPOINT_URL"] = server.URL
			here.want(1, c.says, "interrupt", host(0), "--reason", "x", "--yes", "--request-id", "night", "--function", function)
			if calls.Load() != c.calls {
				t.Errorf("%d calls, want %d", calls.Load(), c.calls)
			}
		})
	}
}

func TestAPauseThatIsPulledIsNeverCalledAFailure(t *testing.T) {
	w := newWorld(t, 0, lab.Options{}, lab.Function{})
	w.lab.Faults.Use(fault.Func(func(c fault.Call, next fault.Next) fault.Answer {
		if c.Operation != "Query" {
			return next(c)
		}
		return fault.Answer{Status: http.StatusBadRequest, Body: []byte(`{"__type":"AccessDeniedException","message":"no"}`)}
	}))
	r := w.want(0, "the lever is pulled, but what is on its way cannot be listed", "pause", "--reason", "enough")
	if !strings.Contains(r.stdout, "From now on no claim succeeds.") {
		t.Error(r.stdout)
	}
	w.want(1, "may not", "status")
}
