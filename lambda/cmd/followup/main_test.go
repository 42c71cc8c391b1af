package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
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
	"crashcart/lab/fleet"
)

const (
	pkg  = "crashcart/lambda/cmd/followup"
	name = "crashcart-followup"
)

// A case whose instance was terminated is the shortest that there is.
func TestTheBootstrapFollowsACaseToItsEnd(t *testing.T) {
	l, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	const host = "i-0a1b2c3d4e5f60718"
	if err := errors.Join(l.Fleet.Add(fleet.Spec{ID: host, Type: "m6i.large"}), l.Fleet.Terminate(host)); err != nil {
		t.Fatal(err)
	}
	book := casebook.New(dynamodb.NewFromConfig(l.Config()), l.TableName)
	c, err := book.Claim(t.Context(), cases.Request{
		InstanceID: host, Cooldown: 6 * time.Hour, Budget: 3, Origin: cases.Origin{SourceKey: "alarm", Kind: "alarm"},
	})
	if err == nil {
		err = book.Settle(t.Context(), c, cases.StateInterrupted, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	env := l.FollowupSettings()
	maps.Copy(env, l.Env())
	f := cmdtest.Deploy(t, pkg, name, env)

	var a struct {
		CaseID      string
		Done        bool
		WaitSeconds int
	}
	for range 5 {
		result := f.Invoke(t, fmt.Sprintf(`{"advance":{"caseId":%q}}`, c.ID))
		if err := json.Unmarshal(result.Payload, &a); err != nil || result.FunctionError != "" || a.CaseID != c.ID {
			t.Fatalf("%s %s, %v\n%s", result.FunctionError, result.Payload, err, f.Log())
		}
		if a.Done {
			break
		}
	}
	if !a.Done {
		t.Fatalf("%+v\n%s", a, f.Log())
	}
	result := f.Invoke(t, fmt.Sprintf(`{"finish":{"caseId":%q,"done":true,"waitSeconds":0}}`, c.ID))
	if want := fmt.Sprintf(`{"caseId":%q,"finding":"raced"}`, c.ID); result.FunctionError != "" || string(result.Payload) != want {
		t.Errorf("%s %s, want %s\n%s", result.FunctionError, result.Payload, want, f.Log())
	}
	if r, err := book.CaseByID(t.Context(), c.ID); err != nil || r.State != cases.StateClosed || r.ClosedBy != casebook.ByFollowup {
		t.Errorf("%+v, %v", r, err)
	}
	if result := f.Invoke(t, config.SweepEvent); result.FunctionError != "" || !strings.HasPrefix(string(result.Payload), `{"unclosed":0,`) {
		t.Errorf("the sweep: %s %s", result.FunctionError, result.Payload)
	}
	if result := f.Invoke(t, `{"instanceIds":["i-0a1b2c3d4e5f60718"],"reason":"hangs"}`); result.FunctionError == "" {
		t.Errorf("another event: %s", result.Payload)
	}
	said := f.Log()
	for _, want := range []string{`"msg":"end"`, `"Finding":"raced"`, `"Findings":1`, `"Namespace":"Crashcart"`} {
		if !strings.Contains(said, want) {
			t.Errorf("its log has no %s:\n%s", want, said)
		}
	}
}

func TestWithoutItsSettingsItNeverStarts(t *testing.T) {
	f := cmdtest.Deploy(t, pkg, name, map[string]string{config.EnvMode: "auto"})
	if result := f.Invoke(t, config.SweepEvent); result.FunctionError == "" {
		t.Errorf("%s", result.Payload)
	}
	said := f.Log()
	for _, want := range []string{"CRASHCART_TABLE is missing", "CRASHCART_STATE_MACHINE is missing", "CRASHCART_MODE is not a setting of the follow-up"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
}

// calls are all operations that the bootstrap may have. Each of them reads, or writes what
// is Crashcart's own; but for the command that asks a host for its dump, and the snapshot
// of a host that cannot give it.
var calls = []string{
	"autoscaling.DescribeAutoScalingInstances",
	"dynamodb.BatchGetItem", "dynamodb.DescribeEndpoints", "dynamodb.Query", "dynamodb.TransactWriteItems", "dynamodb.UpdateItem",
	"ec2.CreateSnapshots", "ec2.DescribeInstanceStatus", "ec2.DescribeInstances", "ec2.DescribeSnapshots", "ec2.GetConsoleOutput",
	"s3.AbortMultipartUpload", "s3.CompleteMultipartUpload", "s3.CreateMultipartUpload", "s3.CreateSession", "s3.GetObject", "s3.HeadObject",
	"s3.ListObjectsV2", "s3.ListParts", "s3.PutObject",
	"sfn.DescribeExecution", "sfn.RedriveExecution", "sfn.StartExecution",
	"sns.Publish",
	"ssm.DescribeInstanceInformation", "ssm.GetCommandInvocation", "ssm.SendCommand",
}

// Go leaves out methods that nothing can reach. What is not linked cannot be called.
func TestNothingThatCouldInterruptOrChangeAnInstanceIsEverLinked(t *testing.T) {
	program := filepath.Join(t.TempDir(), "bootstrap")
	run := func(name string, args ...string) string {
		out, err := exec.CommandContext(t.Context(), name, args...).Output()
		if err != nil {
			t.Fatalf("%s %s: %v", name, args, err)
		}
		return string(out)
	}
	for dep := range strings.FieldsSeq(run("go", "list", "-deps", pkg)) {
		for _, never := range []string{"lambda/aws/send", "lambda/aws/resolve", "lambda/domain/guard", "lambda/domain/trigger", "lambda/intake"} {
			if dep == "crashcart/"+never {
				t.Errorf("it links %s", dep)
			}
		}
	}
	run("go", "build", "-buildvcs=false", "-tags=lambda.norpc", "-o", program, pkg) // with its symbols, which the deployed one has not
	operation := regexp.MustCompile(`aws-sdk-go-v2/service/([a-z0-9]+)\.\(\*Client\)\.([A-Z][A-Za-z0-9]+)\n`)
	found := map[string]bool{}
	for _, m := range operation.FindAllStringSubmatch(run("go", "tool", "nm", program), -1) {
		if m[2] != "Options" {
			found[m[1]+"."+m[2]] = true
		}
	}
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, calls) {
		t.Errorf("linked:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(calls, "\n  "))
	}
}
