package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"crashcart/lab"
	"crashcart/lab/fleet"
	"crashcart/lambda/domain/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// built is where the real binaries are: the command, and the function's bootstrap.
// Both are built once, by the first test that needs them.
var built struct {
	dir  string
	once sync.Once
	err  error
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "crashcart-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built.dir = dir
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func binary(t *testing.T, name string) string {
	t.Helper()
	built.once.Do(func() {
		built.err = errors.Join(
			lab.Build(context.Background(), "crashcart/cmd/crashcart", filepath.Join(built.dir, "crashcart")),
			lab.Build(context.Background(), lab.Bootstrap, filepath.Join(built.dir, "bootstrap")),
		)
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, name)
}

// host numbers the instances of a world.
func host(n int) string { return fmt.Sprintf("i-0a1b2c3d4e5f607%02x", n) }

// world is a lab with the function deployed, some hosts that hang, and the command.
type world struct {
	t   *testing.T
	lab *lab.Lab
	env map[string]string // of the command

	seen int // of the lab's calls, by asked
}

// table and function are names as CloudFormation makes them up, so that the command
// can know them from the stack's outputs only. (The stack as shipped names its function
// itself.)
const (
	table    = "Crashcart-CasebookF9DEBF62-KQ7ZV0XW2R4T"
	function = "Crashcart-InterruptD0BAE52E-pLw9sTqUvXyZ"
)

// newWorld has so many hosts that have been hanging for a quarter of an hour, tagged manual.
func newWorld(t *testing.T, hosts int, o lab.Options, f lab.Function) *world {
	t.Helper()
	o.Table, f.Name = table, function
	l, err := lab.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	for n := range hosts {
		err := l.Fleet.Add(fleet.Spec{ID: host(n), Type: "m6i.large", Tags: map[string]string{config.TagKey: config.TagManual}, LastPing: time.Minute})
		if err == nil {
			err = l.Fleet.Hang(host(n), fleet.Frozen, 15*time.Minute)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	f.Path = binary(t, "bootstrap")
	if f.Env == nil {
		f.Env = map[string]string{}
	}
	for k, v := range map[string]string{config.EnvMode: "manual", config.EnvRegionLimit: "1000"} {
		if f.Env[k] == "" {
			f.Env[k] = v
		}
	}
	if err := l.Deploy(f); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none")
	w := &world{t: t, lab: l, env: l.Env()}
	maps.Copy(w.env, map[string]string{
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_EC2_METADATA_DISABLED": "true", "USER": "ops", "HOME": t.TempDir(),
	})
	return w
}

// result is what a run of the command gave.
type result struct {
	stdout, stderr string
	code           int
}

func (w *world) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary(w.t, "crashcart"), args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	for k, v := range w.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	return cmd
}

// run runs the command, without a terminal, and checks what holds for all output.
func (w *world) run(args ...string) result {
	w.t.Helper()
	var out, errs bytes.Buffer
	cmd := w.command(w.t.Context(), args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		w.t.Fatal(err)
	}
	r := result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
	for text, lines := range map[string]string{"output": r.stdout, "error": r.stderr} {
		for line := range strings.SplitSeq(lines, "\n") {
			if strings.ContainsFunc(line, func(c rune) bool { return !unicode.IsPrint(c) }) || !utf8.ValidString(line) {
				w.t.Errorf("crashcart %q: the %s has what a terminal would act on: %q", args, text, line)
			}
			if n := utf8.RuneCountInString(line); n > 80 && !copied.MatchString(line) && !slices.Contains(args, "--json") {
				w.t.Errorf("crashcart %q: the %s has a line of %d columns: %s", args, text, n, line)
			}
		}
	}
	return r
}

// want runs the command and checks how it ends and what it says.
func (w *world) want(code int, says string, args ...string) result {
	w.t.Helper()
	r := w.run(args...)
	if r.code != code || !strings.Contains(r.stdout+r.stderr, says) {
		w.t.Errorf("crashcart %q: exit %d, want %d and %q\n%s%s", args, r.code, code, says, r.stdout, r.stderr)
	}
	return r
}

// copied are the lines that may be longer than others, because they are there to be
// copied: commands, addresses, errors.
var copied = regexp.MustCompile(`^    (aws|cd|makedumpfile) |^crashcart: |s3://|arn:`)

var (
	stamps = regexp.MustCompile(`\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d(\.\d+)?`)
	clocks = regexp.MustCompile(`\d\d:\d\d:\d\d UTC`)
	spans  = regexp.MustCompile(`\b\d+[smhd](\d+[smh])?\b`)
	counts = regexp.MustCompile(`\b[\d.]+(\s+(min\b|a\s+minute|[kMG]?B\b))`) // what a host writes and sends
	home   = regexp.MustCompile(`ops@[^\s":)]+`)
)

// timeless replaces what is not the same in the next run.
func timeless(text string) string {
	text = stamps.ReplaceAllString(text, "2026-03-02${1}04:05:06")
	text = clocks.ReplaceAllString(text, "04:05:06 UTC")
	text = spans.ReplaceAllString(text, "5s")
	text = counts.ReplaceAllString(text, "5${1}")
	return home.ReplaceAllString(text, "ops@desk")
}
