package states_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"crashcart/lab/clock"
	"crashcart/lab/states"
)

// world is a state machine whose function is the test's, and a client of its API.
type world struct {
	*states.Service
	client *sfn.Client
	t      *testing.T

	mu    sync.Mutex
	calls []string // the payloads of the function
}

// reply is what the test's function says to its nth call, from 0.
type reply func(n int, payload string) (states.Answer, error)

func says(answer string) (states.Answer, error) {
	return states.Answer{Payload: []byte(answer)}, nil
}

func throws(kind string) (states.Answer, error) {
	return states.Answer{Payload: []byte(`{"errorType":"` + kind + `","errorMessage":"it went wrong"}`), FunctionError: "Unhandled"}, nil
}

// values are what the lab puts in the place of ${...}.
var values = map[string]string{"Partition": "aws", "Followup": "crashcart-followup"}

// deployed is the definition that is deployed.
func deployed(t *testing.T) *states.Definition {
	t.Helper()
	d, err := states.Read(values)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// parsed is a definition of the test's own.
func parsed(t *testing.T, text string) *states.Definition {
	t.Helper()
	d, err := states.Parse([]byte(text), values)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// fast is a clock on which an hour passes in well under a second.
func fast() clock.Clock { return clock.NewScaled(20_000) }

func newWorld(t *testing.T, cfg states.Config, d *states.Definition, do reply) *world {
	t.Helper()
	w := &world{t: t}
	cfg.Name = "crashcart-followup"
	if cfg.Clock == nil {
		cfg.Clock = fast()
	}
	cfg.Invoke = func(_ context.Context, function string, payload []byte) (states.Answer, error) {
		if function != "crashcart-followup" {
			t.Errorf("the function %s was called", function)
		}
		w.mu.Lock()
		n := len(w.calls)
		w.calls = append(w.calls, string(payload))
		w.mu.Unlock()
		return do(n, string(payload))
	}
	w.Service = states.New(cfg)
	t.Cleanup(w.Close)
	if d != nil {
		if err := w.Create(d); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(w.Service)
	t.Cleanup(server.Close)
	w.client = sfn.NewFromConfig(aws.Config{Region: "eu-central-1", BaseEndpoint: &server.URL, Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "lab", SecretAccessKey: "lab"}, nil
		})})
	return w
}

// start starts an execution, and gives its ARN.
func (w *world) start(name, input string) (string, error) {
	out, err := w.client.StartExecution(w.t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(w.ARN()), Name: &name, Input: &input})
	if err != nil {
		return "", err
	}
	return *out.ExecutionArn, nil
}

// await waits until the execution has ended, and gives it.
func (w *world) await(name string) states.Execution {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	if err := w.Await(ctx, name); err != nil {
		w.t.Fatalf("execution %s does not end: %v", name, err)
	}
	for _, e := range w.Executions() {
		if e.Name == name {
			return e
		}
	}
	w.t.Fatalf("execution %s is gone", name)
	return states.Execution{}
}

// play runs one execution to its end.
func (w *world) play(input string) states.Execution {
	w.t.Helper()
	if _, err := w.start("case", input); err != nil {
		w.t.Fatal(err)
	}
	return w.await("case")
}

// called are the payloads that the function got.
func (w *world) called() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.calls...)
}

func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	p, err := json.Marshal(x)
	q, err2 := json.Marshal(y)
	return err == nil && err2 == nil && string(p) == string(q)
}
