package ssm_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"

	"crashcart/lab/fleet"
	"crashcart/lab/ssm"
)

// collect is a document of two steps, one for each platform, and one for both.
const collect = `{
	"schemaVersion": "2.2", "description": "sends a dump away",
	"parameters": {
		"path": {"type": "String", "allowedPattern": "^/var/crash/[0-9]{12}$"},
		"urls": {"type": "StringList", "default": ["none"]},
		"mode": {"type": "String", "default": "gzip", "allowedValues": ["gzip", "plain"]},
		"seconds": {"type": "String", "default": "60"}
	},
	"mainSteps": [
		{"action": "aws:runShellScript", "name": "linux", "precondition": {"StringEquals": ["platformType", "Linux"]},
		 "inputs": {"runCommand": ["set -eu", "{{urls}}", "send {{ path }} {{ mode }} {{ urls }}"], "timeoutSeconds": "{{ seconds }}", "workingDirectory": "{{ path }}/it's"}},
		{"action": "aws:runPowerShellScript", "name": "windows", "precondition": {"StringEquals": ["platformType", "Windows"]},
		 "inputs": {"runCommand": "Send {{ path }}", "timeoutSeconds": 30}}
	]
}`

func TestADocumentIsFilledIn(t *testing.T) {
	d, err := ssm.ParseDocument([]byte(collect))
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := d.Scripts(map[string][]string{"path": {"/var/crash/202611220527"}, "urls": {"echo 1", "echo 2"}})
	if err != nil || len(scripts) != 2 {
		t.Fatalf("%+v, %v", scripts, err)
	}
	const want = "cd '/var/crash/202611220527/it'\\''s' || exit 1\nset -eu\necho 1\necho 2\nsend /var/crash/202611220527 gzip echo 1 echo 2\n"
	if s := scripts[0]; s.Text != want || s.Timeout != time.Minute {
		t.Errorf("%s: %q", s.Timeout, s.Text)
	}
	if s := scripts[1]; s.Text != "Send /var/crash/202611220527\n" || s.Timeout != 30*time.Second {
		t.Errorf("%s: %q", s.Timeout, s.Text)
	}
}

func TestAParameterIsNeverMoreThanItsDocumentAllows(t *testing.T) {
	d, err := ssm.ParseDocument([]byte(collect))
	if err != nil {
		t.Fatal(err)
	}
	for name, given := range map[string]map[string][]string{
		"missing":               {},
		"off its pattern":       {"path": {"/var/crash/202611220527; reboot"}},
		"no allowed value":      {"path": {"/var/crash/202611220527"}, "mode": {"xz"}},
		"unknown":               {"path": {"/var/crash/202611220527"}, "Path": {"x"}},
		"several for one":       {"path": {"/var/crash/202611220527", "/var/crash/202611220528"}},
		"none for one":          {"path": {}},
		"a time that is no one": {"path": {"/var/crash/202611220527"}, "seconds": {"1h"}},
	} {
		if scripts, err := d.Scripts(given); err == nil {
			t.Errorf("%s: %+v", name, scripts)
		}
	}
}

// malformed are documents that must not be taken, by what is wrong with them.
var malformed = map[string]string{
	"not JSON":                   `schemaVersion: "2.2"`,
	"another schema":             `{"schemaVersion": "1.2", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": "true"}}]}`,
	"no step":                    `{"schemaVersion": "2.2", "mainSteps": []}`,
	"no name":                    `{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "inputs": {"runCommand": "true"}}]}`,
	"a name twice":               `{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": "true"}}, {"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": "true"}}]}`,
	"no script":                  `{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {}}]}`,
	"another interpolation":      `{"schemaVersion": "2.2", "parameters": {"p": {"type": "String", "interpolationType": "SHELL"}}, "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": "true"}}]}`,
	"a list in the environment":  `{"schemaVersion": "2.2", "parameters": {"p": {"type": "StringList", "interpolationType": "ENV_VAR"}}, "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": "true"}}]}`,
	"another action":             `{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:configurePackage", "name": "a", "inputs": {"runCommand": "true"}}]}`,
	"an input of its own":        `{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "onFailure": "exit", "inputs": {"runCommand": "true"}}]}`,
	"another precondition":       `{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "precondition": {"StringEquals": ["{{ p }}", "x"]}, "inputs": {"runCommand": "true"}}]}`,
	"an undeclared name":         `{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": "rm {{ path }}"}}]}`,
	"another type":               `{"schemaVersion": "2.2", "parameters": {"p": {"type": "Boolean"}}, "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": "true"}}]}`,
	"a default of no list":       `{"schemaVersion": "2.2", "parameters": {"p": {"type": "StringList", "default": "x"}}, "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": "true"}}]}`,
	"a broken pattern":           `{"schemaVersion": "2.2", "parameters": {"p": {"type": "String", "allowedPattern": "("}}, "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": "true"}}]}`,
	"a script that is an object": `{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": {"a": 1}}}]}`,
	"something after it":         `{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": "true"}}]} {}`,
	"too long":                   `{"schemaVersion": "2.2", "description": "` + strings.Repeat("x", 64<<10) + `"}`,
}

func TestWhatTheLabDoesNotKnowOfADocumentIsNotLeftOut(t *testing.T) {
	for name, content := range malformed {
		if d, err := ssm.ParseDocument([]byte(content)); err == nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestADocumentOfOnesOwnRunsItsSteps(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		var ran []string
		w.Script = func(_ context.Context, script string) fleet.ProcessResult {
			ran = append(ran, script)
			return fleet.ProcessResult{ExitCode: len(ran)}
		}
		const again = `, {"action": "aws:runShellScript", "name": "always", "inputs": {"runCommand": "true"}}, {"action": "aws:runPowerShellScript", "name": "astray", "inputs": {"runCommand": "true"}}]}`
		if err := w.handler.AddDocument("crashcart-collect", []byte(strings.Replace(collect, "\n\t]\n}", again, 1))); err != nil {
			t.Fatal(err)
		}
		if err := w.handler.AddDocument("crashcart-collect", []byte("{}")); err == nil {
			t.Error("what is not a document is taken")
		}
		out, err := w.SendCommand(t.Context(), &sdk.SendCommandInput{
			DocumentName: aws.String("crashcart-collect"), InstanceIds: []string{machine, windows}, Parameters: map[string][]string{"path": {"/var/crash/202611220527"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.pass(time.Second)
		step := func(instance, name string) string {
			got, err := w.GetCommandInvocation(t.Context(), &sdk.GetCommandInvocationInput{CommandId: out.Command.CommandId, InstanceId: aws.String(instance), PluginName: aws.String(name)})
			if err != nil {
				return code(err)
			}
			return string(got.Status) + " " + aws.ToString(got.StandardOutputContent) + aws.ToString(got.StandardErrorContent)
		}
		const skipped = "Success Step execution skipped due to unsupported platform: "
		for _, c := range []struct{ instance, name, want string }{
			{machine, "linux", "Failed failed to run commands: exit status 1"},
			{machine, "windows", skipped + "Linux"},
			{machine, "always", "Failed failed to run commands: exit status 2"}, // a failed step stops none
			{machine, "astray", "Failed the lab's Linux guests have no PowerShell"},
			{windows, "linux", skipped + "Windows"},
			{windows, "windows", "Success Send /var/crash/202611220527\n"},
			{machine, "", "InvalidPluginName"},
			{machine, "mac", "InvalidPluginName"},
		} {
			if got := step(c.instance, c.name); got != c.want {
				t.Errorf("%s on %s: %q, want %q", c.name, c.instance, got, c.want)
			}
		}
		if expires := out.Command.ExpiresAfter.Sub(aws.ToTime(out.Command.RequestedDateTime)); expires != time.Hour+time.Minute+30*time.Second+2*time.Hour {
			t.Errorf("expires after %s", expires)
		}
	})
}

func TestALaterStepIsStartedHoweverLongTheFirstOneTook(t *testing.T) {
	commanded(t, func(t *testing.T, w *world) {
		const two = `{"schemaVersion": "2.2", "mainSteps": [{"action": "aws:runShellScript", "name": "a", "inputs": {"runCommand": "sleep 60"}},
			{"action": "aws:runShellScript", "name": "b", "inputs": {"runCommand": "true"}}]}`
		if err := w.handler.AddDocument("two", []byte(two)); err != nil {
			t.Fatal(err)
		}
		w.Script = func(_ context.Context, script string) fleet.ProcessResult {
			if strings.HasPrefix(script, "sleep") {
				<-w.clock.After(time.Minute)
			}
			return fleet.ProcessResult{}
		}
		out, err := w.SendCommand(t.Context(), &sdk.SendCommandInput{DocumentName: aws.String("two"), InstanceIds: []string{machine}, TimeoutSeconds: aws.Int32(30)})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		w.pass(time.Minute)
		list, err := w.ListCommandInvocations(t.Context(), &sdk.ListCommandInvocationsInput{CommandId: out.Command.CommandId})
		if err != nil || len(list.CommandInvocations) != 1 || list.CommandInvocations[0].Status != "Success" {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func FuzzDocument(f *testing.F) {
	f.Add(collect, "/var/crash/202611220527")
	for _, content := range malformed {
		f.Add(content, "x")
	}
	f.Fuzz(func(t *testing.T, content, text string) {
		d, err := ssm.ParseDocument([]byte(content))
		if err != nil {
			return
		}
		given := map[string][]string{}
		for name := range d.Parameters {
			given[name] = []string{text}
		}
		scripts, err := d.Scripts(given)
		if err != nil {
			return
		}
		if len(scripts) != len(d.Steps) {
			t.Errorf("%d scripts of %d steps", len(scripts), len(d.Steps))
		}
		for _, s := range scripts {
			if s.Timeout <= 0 || !strings.HasSuffix(s.Text, "\n") {
				t.Errorf("%+v", s)
			}
		}
	})
}

// A parameter of the interpolation ENV_VAR is data: nothing in it is read by a shell.
func TestAParameterOfTheEnvironmentIsNeverAPartOfTheScript(t *testing.T) {
	d, err := ssm.ParseDocument([]byte(`{
		"schemaVersion": "2.2",
		"parameters": {"url": {"type": "String", "interpolationType": "ENV_VAR"}, "mode": {"type": "String", "default": "gzip"}},
		"mainSteps": [
			{"action": "aws:runShellScript", "name": "linux", "inputs": {"runCommand": ["echo '{{ url }}' {{ mode }}"]}},
			{"action": "aws:runPowerShellScript", "name": "windows", "inputs": {"runCommand": ["echo $env:SSM_url"]}}
		]
	}`))
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := d.Scripts(map[string][]string{"url": {"it's; reboot"}})
	if err != nil {
		t.Fatal(err)
	}
	const linux = "export SSM_url='it'\\''s; reboot'\necho '{{ url }}' gzip\n"
	const windows = "$env:SSM_url = 'it''s; reboot'\necho $env:SSM_url\n"
	if scripts[0].Text != linux || scripts[1].Text != windows {
		t.Errorf("%q, %q", scripts[0].Text, scripts[1].Text)
	}
}
