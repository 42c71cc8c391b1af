package main_test

import (
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"crashcart/lambda/aws/casebook"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"

	"crashcart/lab"
	"crashcart/lab/cmdtest"
)

const (
	pkg  = "crashcart/lambda/cmd/count"
	name = "crashcart-count"
)

func TestTheBootstrapCounts(t *testing.T) {
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	book := casebook.New(dynamodb.NewFromConfig(l.Config()), l.TableName)
	for host, age := range map[string]time.Duration{"i-0a1b2c3d4e5f60718": config.OpenFor + time.Hour, "i-0a1b2c3d4e5f60719": time.Hour} {
		book.Now = func() time.Time { return time.Now().Add(-age) }
		c, err := book.Claim(t.Context(), cases.Request{
			InstanceID: host, Cooldown: 6 * time.Hour, Budget: 3, Origin: cases.Origin{SourceKey: "alarm", Kind: "alarm"},
		})
		if err == nil {
			err = book.Settle(t.Context(), c, cases.StateInterrupted, "")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{config.EnvTable: l.TableName}
	maps.Copy(env, l.Env())
	f := cmdtest.Deploy(t, pkg, name, env)
	before := len(l.Calls())

	result := f.Invoke(t, config.CountEvent)
	var found struct {
		Open, Overdue int
		OldestSeconds float64
		OverdueCases  []string
	}
	if err := json.Unmarshal(result.Payload, &found); err != nil || result.FunctionError != "" {
		t.Fatalf("%s %s, %v\n%s", result.FunctionError, result.Payload, err, f.Log())
	}
	overdue := cases.ID("i-0a1b2c3d4e5f60718", "alarm")
	if found.Open != 1 || found.Overdue != 1 || len(found.OverdueCases) != 1 || found.OverdueCases[0] != overdue || found.OldestSeconds < 49*3600 {
		t.Errorf("it answers %s", result.Payload)
	}
	if result := f.Invoke(t, `{"instanceIds":["i-0a1b2c3d4e5f60718"],"reason":"hangs"}`); result.FunctionError == "" || !strings.Contains(string(result.Payload), "and nothing else") {
		t.Errorf("another event: %s %s", result.FunctionError, result.Payload)
	}
	calls := l.Calls()[before:]
	if len(calls) != 1 || calls[0].Service != "dynamodb" || calls[0].Operation != "Query" {
		t.Errorf("it has called %+v, want one Query", calls)
	}
	said := f.Log()
	for _, want := range []string{`"OpenCases":1`, `"OverdueCases":1`, `"overdue":["` + overdue + `"]`, `"Namespace":"Crashcart","Dimensions":[[]]`} {
		if !strings.Contains(said, want) {
			t.Errorf("its log has no %s:\n%s", want, said)
		}
	}
}

func TestWithoutItsTableItNeverStarts(t *testing.T) {
	f := cmdtest.Deploy(t, pkg, name, map[string]string{config.EnvBucket: "evidence"})
	const ended = `{"errorMessage":"Error: Runtime exited with error: exit status 1","errorType":"Runtime.ExitError"}`
	if result := f.Invoke(t, config.CountEvent); result.FunctionError == "" || string(result.Payload) != ended {
		t.Errorf("%s %s, want it to end before it is ready: %s", result.FunctionError, result.Payload, ended)
	}
	said := f.Log()
	for _, want := range []string{"CRASHCART_TABLE is missing", "CRASHCART_BUCKET is not a setting of the count"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
}

// mayLink are the packages of lambda/ that the function is made of. Those below domain/ link
// no SDK. A case has what was seen of its host, hence the vitals and what they read.
var mayLink = []string{
	"aws/awsenv", "aws/awserr", "aws/call", "aws/casebook", "aws/emf",
	"cmd/count", "count", "domain/cases", "domain/config", "domain/console", "domain/dump", "domain/fact", "domain/instance", "domain/printable", "domain/vitals",
}

// What is not linked cannot be called.
func TestNothingThatCouldSendIsEverLinked(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 100 {
		t.Fatalf("%d packages: %q", len(deps), deps)
	}
	for _, dep := range deps {
		own := strings.TrimPrefix(dep, "crashcart/lambda/")
		_, service, aws := strings.Cut(dep, "/aws-sdk-go-v2/service/")
		switch {
		case own != dep && !slices.Contains(mayLink, own),
			aws && !strings.HasPrefix(service, "dynamodb") && !strings.HasPrefix(service, "internal/"):
			t.Errorf("it links %s", dep)
		}
	}
}
