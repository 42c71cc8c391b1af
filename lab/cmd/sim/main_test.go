package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"crashcart/lab/sim"
)

func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "scenario.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestABadCallIsNeverPlayed(t *testing.T) {
	for name, args := range map[string][]string{
		"an unknown flag":        {"--loud"},
		"an argument":            {"x"},
		"no such file":           {"--scenario", filepath.Join(t.TempDir(), "none")},
		"no JSON":                {"--scenario", file(t, "hello")},
		"an unknown key":         {"--scenario", file(t, `{"hosts":[{"fleet":"single","count":1}],"host":1}`)},
		"an unknown fleet":       {"--scenario", file(t, `{"hosts":[{"fleet":"doubles","count":1}]}`)},
		"no hosts":               {"--scenario", file(t, `{}`)},
		"a scope that is empty":  {"--scenario", file(t, `{"hosts":[{"fleet":"single","count":1}],"days":1,"faults":[{"cause":"bad-deploy","scope":"group","at":"1h","for":"5m"}]}`)},
		"no rates":               {"--rates", "0"},
		"a bad regexp":           {"--only", "("},
		"a replay of no moment":  {"--replay", "a@b"},
		"a duration of no unit":  {"--scenario", file(t, `{"hosts":[{"fleet":"single","count":1}],"faults":[{"cause":"egress","at":"3"}]}`)},
		"a negative count":       {"--scenario", file(t, `{"hosts":[{"fleet":"single","count":-1}]}`)},
		"a negative rate":        {"--scenario", file(t, `{"hosts":[{"fleet":"single","count":1}],"rates":{"egress":-1}}`)},
		"a cause of no rate":     {"--scenario", file(t, `{"hosts":[{"fleet":"single","count":1}],"rates":{"bad-luck":1}}`)},
		"an alarm that is none":  {"--scenario", file(t, `{"hosts":[{"fleet":"single","count":1}],"alarms":["smoke"]}`)},
		"a fault beyond the end": {"--scenario", file(t, `{"hosts":[{"fleet":"single","count":1}],"days":1,"faults":[{"cause":"nothing"}]}`)},
	} {
		var out bytes.Buffer
		if got := run(t.Context(), args, &out); got != 2 || out.Len() > 0 {
			t.Errorf("%s: exit %d, printed %q", name, got, out.String())
		}
	}
}

// The last line of a scenario is for machines, and everything that is promised is in it.
func TestAScenarioNeverEndsWithoutItsLine(t *testing.T) {
	var out bytes.Buffer
	name := file(t, `{"name":"small","seed":3,"days":1,"hosts":[{"fleet":"group6","count":12,"pingMinutes":5}],"faults":[{"cause":"frozen-root","at":"12h","for":"2h"}],"rates":{},"hangsPerHostYear":0}`)
	if got := run(t.Context(), []string{"--scenario", name}, &out); got != 0 {
		t.Fatalf("exit %d\n%s", got, out.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "sim: name=small host_days=12 exposed=") {
		t.Fatal(last)
	}
	for _, field := range []string{"wrong=0 ", "bound=", "hangs=1 ", "missed=", "median=", "p95=", "transient=", "sick="} {
		if !strings.Contains(last+" ", field) {
			t.Errorf("%s is missing in %s", field, last)
		}
	}
}

func TestAWrongInterruptNeverExitsWithZero(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want int
	}{
		{t.Context(), nil, 0},
		{t.Context(), fmt.Errorf("%w: 3", sim.ErrWrong), 1},
		{t.Context(), sim.ErrSurvived, 1},
		{t.Context(), sim.ErrTooFew, 1},
		{t.Context(), errors.New("anything else"), 1},
		{t.Context(), fmt.Errorf("x: %w", sim.ErrScenario), 2},
		{stopped, stopped.Err(), 130},
	} {
		if got := code(c.ctx, c.err); got != c.want {
			t.Errorf("%v: exit %d, want %d", c.err, got, c.want)
		}
	}
}
