package mototest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"crashcart/infra/template"
	"crashcart/lab/clock"
	"crashcart/lab/states"
)

// course is what the function says from call to call, and what must come of it.
type course struct {
	name    string
	answers []string // an answer that begins with "!" is the function's error; the last one stays
	status  types.ExecutionStatus
	calls   int
}

// courses are one execution each. moto 5.2.1 has room for one in a Region
// (getmoto/moto#10077), so each has a Region of its own.
var courses = []struct {
	region string
	course
}{
	{"eu-central-1", course{"done at the third step", []string{waits, waits, done, finished}, types.ExecutionStatusSucceeded, 4}},
	{"eu-west-1", course{"done at once", []string{done, finished}, types.ExecutionStatusSucceeded, 2}},
	{"eu-west-2", course{"an advance fails twice", []string{broken, broken, done, finished}, types.ExecutionStatusSucceeded, 4}},
	{"eu-north-1", course{"an advance fails for good", []string{broken, broken, broken, broken, broken, broken, broken, finished}, types.ExecutionStatusSucceeded, 8}},
	{"us-east-1", course{"a finish fails once", []string{done, broken, finished}, types.ExecutionStatusSucceeded, 3}},
	{"us-west-2", course{"a finish fails for good", []string{done, broken}, types.ExecutionStatusFailed, 10}},
}

const (
	waits    = `{"caseId":"c-1","done":false,"waitSeconds":1}`
	done     = `{"caseId":"c-1","done":true,"waitSeconds":0}`
	finished = `{"caseId":"c-1","finding":"dumped"}`
	broken   = `!{"errorType":"errorString","errorMessage":"it went wrong"}`
	input    = `{"caseId":"c-1"}`
)

// function plays a course, and keeps what it was asked.
type function struct {
	mu    sync.Mutex
	of    course
	asked []string
}

func (f *function) answer(payload []byte) states.Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	said := f.of.answers[min(len(f.asked), len(f.of.answers)-1)]
	f.asked = append(f.asked, string(payload))
	if thrown, isError := strings.CutPrefix(said, "!"); isError {
		return states.Answer{Payload: []byte(thrown), FunctionError: "Unhandled"}
	}
	return states.Answer{Payload: []byte(said)}
}

// ServeHTTP is the Lambda API's Invoke, which moto calls.
func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(r.Body)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/invocations") {
		http.Error(w, "not an Invoke", http.StatusBadRequest)
		return
	}
	a := f.answer(payload)
	if a.FunctionError != "" {
		w.Header().Set("X-Amz-Function-Error", a.FunctionError)
	}
	w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	_, _ = w.Write(a.Payload) // an error is moto's hang-up
}

// definition is the file that is deployed, with delays of at most a second: moto's
// interpreter waits on the wall.
func definition(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(states.File)))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("${Partition}", template.Partition, "${Followup}", "crashcart-followup").Replace(string(raw))
	for _, slow := range []string{`"IntervalSeconds": 15`, `"IntervalSeconds": 5`} {
		if !strings.Contains(text, slow) {
			t.Fatalf("the machine has no %s, which this test makes shorter", slow)
		}
		text = strings.ReplaceAll(text, slow, `"IntervalSeconds": 1`)
	}
	for _, slow := range []string{`"MaxDelaySeconds": 300`, `"MaxDelaySeconds": 60`} {
		text = strings.ReplaceAll(text, slow, `"MaxDelaySeconds": 1`)
	}
	return strings.ReplaceAll(text, `"BackoffRate": 2`, `"BackoffRate": 1.0`)
}

// result is how an execution has ended.
type result struct {
	status types.ExecutionStatus
	output string
	err    string
	asked  []string
}

// inMoto plays a course in moto's interpreter, whose Lambda calls all go to the function.
func inMoto(t *testing.T, moto, region string, f *function) result {
	t.Helper()
	client := sfn.NewFromConfig(aws.Config{Region: region, BaseEndpoint: &moto, Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "moto", SecretAccessKey: "moto"}, nil
		})})
	machine, err := client.CreateStateMachine(t.Context(), &sfn.CreateStateMachineInput{
		Name: aws.String("crashcart-followup"), Definition: aws.String(definition(t)),
		RoleArn: aws.String(fmt.Sprintf("arn:aws:iam::%s:role/crashcart-followup", template.Account)),
	})
	if err != nil {
		t.Fatal(err)
	}
	started, err := client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: machine.StateMachineArn, Name: aws.String("c-1"), Input: aws.String(input)})
	if err != nil {
		t.Fatal(err)
	}
	for over := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) { // moto notifies nobody
		out, err := client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
		if err != nil {
			t.Fatal(err)
		}
		if out.Status != types.ExecutionStatusRunning {
			f.mu.Lock()
			defer f.mu.Unlock()
			return result{out.Status, aws.ToString(out.Output), aws.ToString(out.Error), f.asked}
		}
		if time.Now().After(over) {
			t.Fatalf("the execution still runs, after %d calls", len(f.asked))
		}
	}
}

// inLab plays a course in the lab's interpreter.
func inLab(t *testing.T, f *function) result {
	t.Helper()
	d, err := states.Parse([]byte(definition(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := states.New(states.Config{
		Name: "crashcart-followup", Account: template.Account, Clock: clock.NewScaled(1000),
		Invoke: func(_ context.Context, _ string, payload []byte) (states.Answer, error) {
			return f.answer(payload), nil
		},
	})
	defer s.Close()
	if err := s.Create(d); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	defer server.Close()
	client := sfn.NewFromConfig(aws.Config{Region: "eu-central-1", BaseEndpoint: &server.URL, Credentials: aws.AnonymousCredentials{}})
	if _, err := client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(s.ARN()), Name: aws.String("c-1"), Input: aws.String(input)}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Await(ctx, "c-1"); err != nil {
		t.Fatal(err)
	}
	e := s.Executions()[0]
	return result{types.ExecutionStatus(e.Status), e.Output, e.Error, f.asked}
}

func TestTheFollowupsMachineDoesInTheLabWhatItDoesInMoto(t *testing.T) {
	for _, c := range courses {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			there, here := &function{of: c.course}, &function{of: c.course}
			gateway := httptest.NewServer(there)
			t.Cleanup(gateway.Close)
			address, err := url.Parse(gateway.URL)
			if err != nil {
				t.Fatal(err)
			}
			moto := server(t, "MOTO_PORT="+address.Port())
			interpret(t, moto)
			want, got := inMoto(t, moto, c.region, there), inLab(t, here)
			if want.status != c.status || len(want.asked) != c.calls {
				t.Errorf("in moto it ends as %s after %d calls, want %s after %d", want.status, len(want.asked), c.status, c.calls)
			}
			if got.status != want.status || got.err != want.err || !sameText(got.output, want.output) {
				t.Errorf("in the lab it ends as %s %q %s, in moto as %s %q %s", got.status, got.err, got.output, want.status, want.err, want.output)
			}
			if !slices.EqualFunc(got.asked, want.asked, sameAsked) {
				t.Errorf("in the lab the function is asked %v, in moto %v", got.asked, want.asked)
			}
		})
	}
}

func sameText(a, b string) bool { return a == b || sameJSON(a, b) }

// sameAsked compares two payloads. The cause of a failure is a text of the service, which
// words it in its own way: it must be there, and nothing reads more of it.
func sameAsked(a, b string) bool {
	return sameJSON(withoutCause(a), withoutCause(b)) && strings.Contains(a, `"Cause"`) == strings.Contains(b, `"Cause"`)
}

func withoutCause(payload string) string {
	var asked map[string]map[string]any
	if json.Unmarshal([]byte(payload), &asked) != nil {
		return payload
	}
	if failure, ok := asked["finish"]["failure"].(map[string]any); ok {
		delete(failure, "Cause")
	}
	out, err := json.Marshal(asked)
	if err != nil {
		return payload
	}
	return string(out)
}

// interpret turns moto's interpreter on.
func interpret(t *testing.T, moto string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, moto+"/moto-api/config", strings.NewReader(`{"stepfunctions":{"execute_state_machine":true}}`))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		t.Fatalf("moto does not turn its interpreter on: %s", response.Status)
	}
}
