package lab_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"crashcart/lab"
	"crashcart/lab/runtime"
)

func TestTheFunctionIsInvokedThroughTheAPI(t *testing.T) {
	l := start(t, lab.Options{Speed: 600})
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	client := lambda.NewFromConfig(l.Config())
	invoke := func(name, payload string, kind types.InvocationType) (*lambda.InvokeOutput, error) {
		return client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String(name), Payload: []byte(payload), InvocationType: kind})
	}
	wantNone := func(name string) {
		t.Helper()
		_, err := invoke(name, "{}", "")
		if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
			t.Errorf("invoking %s: %v, want that it is not found", name, err)
		}
	}
	wantNone("crashcart-interrupt")
	if err := l.Deploy(lab.Function{Path: path}); err != nil {
		t.Fatal(err)
	}
	wantNone("crashcart")
	wantNone("arn:aws:lambda:us-east-1:111122223333:function:crashcart-interrupt")

	for _, name := range []string{"crashcart-interrupt", "arn:aws:lambda:eu-central-1:111122223333:function:crashcart-interrupt"} {
		out, err := invoke(name, "{}", "")
		if err != nil || out.StatusCode != 200 || string(out.Payload) != `"direct"` || out.FunctionError != nil || aws.ToString(out.ExecutedVersion) != "$LATEST" {
			t.Errorf("%s: %+v, %v", name, out, err)
		}
	}
	if out, err := invoke("crashcart-interrupt", "", types.InvocationTypeRequestResponse); err != nil || string(out.Payload) != `"direct"` {
		t.Errorf("an empty payload: %+v, %v", out, err)
	}
	out, err := invoke("crashcart-interrupt", "[1]", "") // which it cannot read
	if err != nil || out.StatusCode != 200 || aws.ToString(out.FunctionError) != "Unhandled" || !strings.Contains(string(out.Payload), "errorMessage") {
		t.Errorf("a function's error: %+v, %v", out, err)
	}
	if out, err = invoke("crashcart-interrupt", "{}", types.InvocationTypeDryRun); err != nil || out.StatusCode != 204 {
		t.Errorf("a dry run: %+v, %v", out, err)
	}
	for _, c := range l.Calls() {
		if c.Service != "lambda" || c.Operation != "Invoke" || (c.Status == 404) != (c.Code == "ResourceNotFoundException") {
			t.Errorf("recorded %+v", c)
		}
	}
}

func TestAnAsynchronousInvokeIsAnsweredAtOnceAndRepeatedWhenItFails(t *testing.T) {
	l := start(t, lab.Options{Speed: 600})
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Deploy(lab.Function{Path: path, Invoked: func([]byte, runtime.Result) {}}); err != nil {
		t.Fatal(err)
	}
	out, err := lambda.NewFromConfig(l.Config()).Invoke(t.Context(), &lambda.InvokeInput{
		FunctionName: aws.String("crashcart-interrupt"), Payload: []byte("[1]"), InvocationType: types.InvocationTypeEvent,
	})
	if err != nil || out.StatusCode != 202 || len(out.Payload) != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	for deadline := time.Now().Add(20 * time.Second); len(l.DeadLetters.Messages()) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("what failed three times is not among the dead letters")
		}
		time.Sleep(10 * time.Millisecond) // the queue has no event to wait for
	}
	if m := l.DeadLetters.Messages()[0]; m.Body != "[1]" {
		t.Errorf("dead letter %s", m.Body)
	}
}

func TestWhatLambdaRefusesNeverReachesTheFunction(t *testing.T) {
	l := start(t, lab.Options{})
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Deploy(lab.Function{Path: path}); err != nil {
		t.Fatal(err)
	}
	client := lambda.NewFromConfig(l.Config())
	text := func(n int) []byte { return append(append([]byte(`"`), bytes.Repeat([]byte("x"), n-2)...), '"') }
	for name, c := range map[string]struct {
		payload []byte
		kind    types.InvocationType
		code    string // "" for accepted
	}{
		"as large as may be":            {payload: text(6 << 20)},
		"larger":                        {payload: text(6<<20 + 1), code: "RequestTooLargeException"},
		"asynchronous, as large":        {payload: text(1 << 20), kind: types.InvocationTypeEvent},
		"asynchronous, larger":          {payload: text(1<<20 + 1), kind: types.InvocationTypeEvent, code: "RequestTooLargeException"},
		"not JSON":                      {payload: []byte("hello"), code: "InvalidRequestContentException"},
		"an invocation type of its own": {payload: []byte("{}"), kind: "Whatever", code: "InvalidParameterValueException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("crashcart-interrupt"), Payload: c.payload, InvocationType: c.kind})
			calls := l.Calls()
			if got := calls[len(calls)-1].Code; got != c.code || (err != nil) != (c.code != "") {
				t.Errorf("code %q, want %q; error %v", got, c.code, err)
			}
			if large, ok := errors.AsType[*types.RequestTooLargeException](err); (c.code == "RequestTooLargeException") != ok {
				t.Errorf("%v, %v", large, err)
			}
		})
	}
}
