package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lab/fleet"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/vitals"
)

const hungID = "i-0a1b2c3d4e5f60718"

// execute runs the command as main does, but for the process around it.
func execute(t *testing.T, stdin string, args ...string) (stdout string, err error) {
	t.Helper()
	root := newRoot()
	var out bytes.Buffer
	root.SetArgs(args)
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&out)
	root.SetErr(io.Discard)
	err = root.ExecuteContext(t.Context())
	return out.String(), err
}

func request(id string) string {
	return `{"instanceIds":["` + id + `"],"reason":"checkout hangs"}`
}

func TestAWrongCallIsNeverTakenForAnother(t *testing.T) {
	for _, args := range [][]string{
		{"foo"},
		{"explain"},
		{"explain", "a", "b"},
		{"console"},
		{"console", "a", "b"},
	} {
		_, err := execute(t, request(hungID), args...)
		if _, usage := errors.AsType[usageError](err); !usage {
			t.Errorf("%v: %v, want a usage error", args, err)
		}
		if code := run(t.Context(), args); code != exitUsage {
			t.Errorf("%v: exit code %d, want %d", args, code, exitUsage)
		}
	}
}

func TestExplainSaysWhatAnEventAsksFor(t *testing.T) {
	file := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(file, []byte(request(hungID)), 0o600); err != nil {
		t.Fatal(err)
	}
	fromFile, err := execute(t, "", "explain", file)
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Records []struct {
			Trigger *struct {
				Kind    string
				Reason  string
				Targets []struct{ Instance, From string }
			}
		}
		Outcomes []any
	}
	if err := json.Unmarshal([]byte(fromFile), &e); err != nil {
		t.Fatalf("%s: %v", fromFile, err)
	}
	if len(e.Records) != 1 || e.Records[0].Trigger == nil || e.Records[0].Trigger.Kind != "direct" ||
		e.Records[0].Trigger.Targets[0].Instance != hungID || e.Outcomes != nil {
		t.Errorf("explained as %s", fromFile)
	}
}

func TestExplainTellsMalformedFromIgnored(t *testing.T) {
	for name, c := range map[string]struct {
		event  string
		reason string
		fails  bool
	}{
		"not JSON":            {`{"hello":`, "not-json", true},
		"a broken request":    {`{"instanceIds":[]}`, "malformed", true},
		"something else":      {`{"hello":"world"}`, "unknown-shape", false},
		"nothing at all":      {"", "not-json", true},
		"larger than allowed": {`"` + strings.Repeat("x", 7<<20) + `"`, "too-large", true},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := execute(t, c.event, "explain", "-")
			if (err != nil) != c.fails || !strings.Contains(out, `"reason": "`+c.reason+`"`) {
				t.Errorf("error %v, output %.300s", err, out)
			}
		})
	}
	if _, err := execute(t, "", "explain", filepath.Join(t.TempDir(), "missing.json")); err == nil {
		t.Error("a file that is not there is explained")
	}
}

// TestExplainLiveNeverChangesAnything asks the lab about a machine that would be
// interrupted, and about one that would not.
func TestExplainLiveNeverChangesAnything(t *testing.T) {
	l, err := lab.Start(lab.Options{Table: table})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	for k, v := range l.Env() {
		t.Setenv(k, v)
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv(envStack, config.StackName) // a variable that the function does not know
	if err := l.Fleet.Add(fleet.Spec{ID: hungID, Type: "m6i.large", Tags: map[string]string{"crashcart": "manual"}, LastPing: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if err := l.Fleet.Hang(hungID, fleet.Frozen, 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[string]string{"manual": "interrupted", "dry-run": "dry-run"} {
		out, err := execute(t, request(hungID), "explain", "-", "--live", "--mode", mode, "--json")
		if err != nil {
			t.Fatal(err)
		}
		var e explanation
		if err := json.Unmarshal([]byte(out), &e); err != nil || len(e.Outcomes) != 1 {
			t.Fatalf("%v: %s", err, out)
		}
		if o := e.Outcomes[0]; string(o.Outcome) != want || !strings.Contains(o.Why, "SSM ping") || len(o.Vitals) == 0 || o.Vitals[0].Says != vitals.Dead {
			t.Errorf("mode %s: %s", mode, out)
		}
		out, err = execute(t, request(hungID), "explain", "-", "--live", "--mode", mode)
		if err != nil || !strings.Contains(out, hungID+": "+want+"\n") || !strings.Contains(out, "\n  voice     ssm-ping            dead") {
			t.Errorf("mode %s: error %v\n%s", mode, err, out)
		}
	}
	out, err := execute(t, request("i-0ffffffffffffffff"), "explain", "-", "--live", "--table", l.TableName)
	if err != nil || !strings.Contains(out, "rule      known\n") || strings.Contains(out, "VITAL") {
		t.Errorf("%v: %s", err, out)
	}
	for _, c := range l.Calls() {
		if !strings.HasPrefix(c.Operation, "Describe") && !strings.HasPrefix(c.Operation, "Get") && c.Operation != "BatchGetItem" && c.Operation != "Query" {
			t.Errorf("explain called %s %s", c.Service, c.Operation)
		}
	}
	if len(l.Fleet.Interrupts()) != 0 || len(l.Queue.Messages()) != 0 {
		t.Error("explain changed something")
	}
}
