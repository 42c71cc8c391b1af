package trial

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crashcart/infra/hosts"
	"crashcart/lab/ssm"
	"crashcart/lambda/domain/config"
	"crashcart/lambda/domain/dump"
)

// scripts are what the agent runs for a command of our document.
func scripts(t *testing.T, parameters map[string][]string) []ssm.Script {
	t.Helper()
	content, err := hosts.Collect()
	if err != nil {
		t.Fatal(err)
	}
	d, err := ssm.ParseDocument(content)
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Scripts(parameters)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNoSendingGoesUnmeasured(t *testing.T) {
	for step, sends := range map[string]bool{dump.StepSend: true, dump.StepSurvey: false} {
		s := scripts(t, map[string][]string{config.CollectStep: {step}, config.CollectSince: {"0"}})
		if got := sendsDump(s[0].Text); got != sends {
			t.Errorf("%s is measured: %t", step, got)
		}
	}
	if sendsDump(listDumps) {
		t.Error("another script is measured")
	}
}

// A script must not notice that it is measured, also where it cannot be.
func TestAMeasuredScriptIsNeverAnother(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cost")
	script := strings.ReplaceAll(measured(`printf '%s|' "it's $0" "$#"; echo "to err" >&2; exit 3`), costFile, file)
	out, err := sh(t.Context(), script)
	if err != nil || out.ExitCode != 3 || string(out.Stdout) != "it's /bin/sh|0|" || !strings.Contains(string(out.Stderr), "to err\n") {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestNoCostIsMadeUp(t *testing.T) {
	if c, err := costs(""); c != nil || err != nil {
		t.Errorf("nothing was sent: %+v, %v", c, err)
	}
	got, err := costs("1500000 33554432 81.25 84.50\n250000 4194304 90.00 91.00\n")
	want := Cost{Scripts: 2, Took: 4250 * time.Millisecond, CPU: 1750 * time.Millisecond, Memory: 33554432}
	if err != nil || *got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	for _, bad := range []string{"\n", " 33554432 81.25 84.50\n", "1500000  81.25 84.50\n", "1500000 33554432 81.25\n", "-1 2 3.0 4.0\n", "1 2 3.0 4.0 5\n"} {
		if c, err := costs(bad); err == nil {
			t.Errorf("%q: %+v", bad, c)
		}
	}
}
