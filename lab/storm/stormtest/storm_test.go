package stormtest

import (
	"bytes"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"crashcart/lab"
	"crashcart/lab/storm"
)

// few is how many instances the storms have.
const few = 60

var lastLine = regexp.MustCompile(`(?m)^storm: name=([a-z0-9-]+) claims=\d+ interrupts=\d+ lost=0 twice=0 seconds=\d+\.\d$`)

func TestEveryStormHolds(t *testing.T) {
	o := storm.Options{Bootstrap: filepath.Join(t.TempDir(), "interrupt"), Followup: filepath.Join(t.TempDir(), "followup")}
	for pkg, file := range map[string]string{lab.Bootstrap: o.Bootstrap, lab.FollowupBootstrap: o.Followup} {
		if err := lab.Build(t.Context(), pkg, file); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range storm.Scenarios(few) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel() // most of them wait most of the time
			holds(t, s, o)
		})
	}
}

// holds plays one storm. A machine that is too slow for it says nothing about the
// function, so that a slow storm is played again.
func holds(t *testing.T, s storm.Scenario, o storm.Options) {
	t.Helper()
	var out bytes.Buffer
	err := storm.ErrSlow
	for tries := 0; errors.Is(err, storm.ErrSlow) && tries < 3; tries++ {
		out.Reset()
		o.Out, o.Scenarios = &out, []storm.Scenario{s}
		err = storm.Run(t.Context(), o)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if m := lastLine.FindStringSubmatch(lines[len(lines)-1]); m == nil || m[1] != s.Name {
		t.Errorf("the last line is %q", lines[len(lines)-1])
	}
	for _, line := range lines {
		if len(line) > 100 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}
