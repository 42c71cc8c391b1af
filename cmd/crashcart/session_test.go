package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lab/fleet"
	"crashcart/lambda/domain/cases"
	"crashcart/lambda/domain/config"
)

// TestASessionReadsAsItShould is what the person on call does in a bad night, with
// everything that is printed, in a golden file.
func TestASessionReadsAsItShould(t *testing.T) {
	w := newWorld(t, 3, lab.Options{}, lab.Function{})
	if err := w.lab.Fleet.Add(fleet.Spec{ID: host(9), Type: "m6i.large", Tags: map[string]string{config.TagKey: config.TagAuto}, LastPing: time.Minute}); err != nil {
		t.Fatal(err)
	}
	first := cases.ID(host(0), "request/night-1")
	w.session("session.txt", []step{
		{0, []string{"status"}},
		{0, []string{"cases"}},
		{0, []string{"cases", "--open", "--overdue"}},
		{0, []string{"pause", "--reason", "deploying the kernel update"}},
		{0, []string{"pause", "--reason", "game day"}},
		{0, []string{"pause", "--reason", "game day", "--replace"}},
		{0, []string{"status"}},
		{1, []string{"interrupt", host(0), "--reason", "checkout hangs", "--yes"}},
		{0, []string{"resume"}},
		{0, []string{"resume"}},
		{0, []string{"interrupt", host(0), "--reason", "checkout hangs", "--dry-run", "--request-id", "night-0"}},
		{0, []string{"interrupt", host(0), "--reason", "checkout hangs", "--yes", "--request-id", "night-1"}},
		{1, []string{"interrupt", host(0), "--reason", "checkout hangs", "--yes", "--request-id", "night-1"}},
		{1, []string{"interrupt", host(1), host(9), "--reason", "so do these", "--yes", "--request-id", "night-2"}},
		{0, []string{"status"}},
		{0, []string{"cases", "--open"}},
		{0, []string{"cases", "--overdue"}},
		{0, []string{"cases", "--dry-runs"}},
		{0, []string{"case", first}},
		{0, []string{"case", "close", first, "--reason", "the dump is in the bucket"}},
		{0, []string{"case", "close", first, "--reason", "once more"}},
		{0, []string{"case", first}},
		{0, []string{"case", first, "--json"}},
		{0, []string{"cases", "--json", "--open"}},
		{0, []string{"cases"}},
	})
}

// step is a command of a session, and how it is to exit.
type step struct {
	code int
	args []string
}

// session runs the steps and compares all that is printed with a golden file.
func (w *world) session(name string, steps []step) {
	w.t.Helper()
	var transcript strings.Builder
	for _, step := range steps {
		args := step.args
		if slices.Contains(args, "--reason") {
			args = append(slices.Clone(args), "--as", "ops@desk") // not this machine's name
		}
		r := w.run(args...)
		if r.code != step.code {
			w.t.Errorf("crashcart %q: exit %d, want %d", step.args, r.code, step.code)
		}
		fmt.Fprintf(&transcript, "$ crashcart %s\n%s%s[%d]\n\n", quoted(step.args), r.stdout, r.stderr, r.code)
	}
	golden(w.t, name, timeless(transcript.String()))
}

func quoted(args []string) string {
	var out []string
	for _, a := range args {
		if strings.Contains(a, " ") {
			a = `"` + a + `"`
		}
		out = append(out, a)
	}
	return strings.Join(out, " ")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// Lines break where the figures of this run have them break.
	if a, b := strings.Fields(string(want)), strings.Fields(got); !slices.Equal(a, b) {
		t.Errorf("%s is not what is printed; if that is right, run the test with -update. Printed was:\n%s", file, got)
	}
}

func TestEveryHelpTextFitsAndHasAnExample(t *testing.T) {
	var all strings.Builder
	w := &world{t: t, env: map[string]string{"USER": "ops"}}
	for _, command := range []string{"explain", "console", "pause", "resume", "status", "cases", "case", "case close", "dump", "interrupt"} {
		r := w.run(append(strings.Fields(command), "--help")...)
		if r.code != 0 || !strings.Contains(r.stdout, "Examples:\n  crashcart "+command) || !strings.Contains(r.stdout, "exit code is 0") {
			t.Errorf("crashcart %s --help: exit %d, without an example or what it exits with:\n%s", command, r.code, r.stdout)
		}
		fmt.Fprintf(&all, "$ crashcart %s --help\n%s\n", command, r.stdout)
	}
	fmt.Fprintf(&all, "$ crashcart --help\n%s", w.want(0, "exit code is 0", "--help").stdout)
	golden(t, "help.txt", home.ReplaceAllString(all.String(), "ops@desk"))
}
