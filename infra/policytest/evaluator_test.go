package policytest_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/infra/node"
	"crashcart/infra/stack/stacktest"
	"crashcart/infra/template"
)

func TestMain(m *testing.M) {
	code := m.Run()
	stacktest.Close()
	os.Exit(code)
}

// row is one question and the answer that it must get.
type row struct {
	name string            // what must be, or must never be
	by   principal         // who asks
	does string            // the action, as IAM calls it
	on   string            // the resource's ARN
	in   string            // the account that the resource is in, when it is not the stack's
	with map[string]string // the request's context, besides what the principal brings
	want verdict
}

// verdict is what the evaluator says: allowed or denied, and by which statements.
type verdict string

// nothing allows it, and nothing has to deny it.
const nothing verdict = "no statement allows it"

func allowed(by ...string) verdict { return verdict("allowed by " + strings.Join(by, " and ")) }
func denied(by ...string) verdict  { return verdict("denied by " + strings.Join(by, " and ")) }

// principal is somebody who sends a request. No ARN is nobody in particular.
type principal struct {
	arn      string
	identity []string          // the documents of its identity policies
	boundary []string          // what it can never exceed
	brings   map[string]string // context keys that come with it
}

// service is a service of AWS that acts by itself, for the resource with that ARN
// in the account.
func service(name, account, source string) principal {
	p := principal{arn: name, brings: map[string]string{"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceNamesList": name}}
	if account != "" {
		p.brings["aws:SourceAccount"] = account
	}
	if source != "" {
		p.brings["aws:SourceArn"] = source
	}
	return p
}

// question is a row as evaluate.mjs has it.
type question struct {
	Principal string            `json:"principal"`
	Identity  []string          `json:"identity"`
	Boundary  []string          `json:"boundary"`
	Action    string            `json:"action"`
	Resource  string            `json:"resource"`
	Account   string            `json:"account"`
	On        string            `json:"on"`
	Context   map[string]string `json:"context"`
	Want      verdict           `json:"want"`
}

// trial asks the questions with these indices, after some policies were replaced.
type trial struct {
	Replaced map[string]any `json:"replaced"`
	Asked    []int          `json:"asked"`
	Until    bool           `json:"until"` // only until an answer is not the one that is wanted
}

type answer struct {
	Verdict verdict  `json:"verdict"`
	Ignored []string `json:"ignored"` // context keys that such a request never carries
	Error   string   `json:"error"`
}

// ask puts a row as a question to the policies that take part in it.
func ask(r row, docs documents) question {
	q := question{
		Principal: r.by.arn, Identity: r.by.identity, Boundary: r.by.boundary,
		Action: r.does, Resource: r.on, Account: r.in, On: docs.of(r.on), Want: r.want,
		Context: map[string]string{"aws:SecureTransport": "true", "aws:RequestedRegion": template.Region},
	}
	if q.Account == "" {
		q.Account = template.Account
	}
	maps.Copy(q.Context, r.by.brings)
	maps.Copy(q.Context, r.with)
	return q
}

const script = "evaluate.mjs"

// evaluate runs the evaluator, once for all trials.
func evaluate(t *testing.T, docs documents, rows []row, trials []trial) [][]answer {
	t.Helper()
	program := evaluator(t)
	questions := make([]question, len(rows))
	for i, r := range rows {
		questions[i] = ask(r, docs)
	}
	in, err := json.Marshal(map[string]any{"policies": docs, "questions": questions, "trials": trials})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, script)
	cmd.Stdin = bytes.NewReader(in)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, complaint.Bytes())
	}
	var answers [][]answer
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatalf("%s answers %q: %v", script, out, err)
	}
	return answers
}

// evaluator gives the program that runs it, or skips the test where there is none.
func evaluator(t *testing.T) string {
	t.Helper()
	program, err := node.Find()
	// The test reads both here, so that `go test` knows what its result depends on.
	for _, file := range []string{script, filepath.Join("..", "node_modules", "@cloud-copilot", "iam-simulate", "package.json")} {
		if err == nil {
			_, err = os.Stat(file)
		}
	}
	if err == nil {
		return program
	}
	const how = "the policies are not evaluated: that needs `npm ci --prefix infra`"
	if os.Getenv("CI") != "" {
		t.Fatalf("%s (%v)", how, err)
	}
	t.Skip(how)
	return ""
}

// every asks all of n questions.
func every(n int) []int {
	asked := make([]int, n)
	for i := range asked {
		asked[i] = i
	}
	return asked
}
