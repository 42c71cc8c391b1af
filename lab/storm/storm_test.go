package storm_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lab/storm"
)

// few is how many instances the storms of the tests have.
const few = 60

// dir is of this run of the tests.
var dir string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if dir, err = os.MkdirTemp("", "storm-test-"); err != nil {
			println(err.Error())
			return 1
		}
		code := m.Run()
		if err := os.RemoveAll(dir); err != nil {
			println(err.Error())
			return 1
		}
		return code
	}())
}

// built is the real function, built once, and not before a test asks for it: what is
// looked at before m.Run, go test does not know of, and would not run the storms again
// when the function has changed.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(dir, "bootstrap")
	return path, lab.Build(context.Background(), lab.Bootstrap, path)
})

func bootstrap(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var lastLine = regexp.MustCompile(`(?m)^storm: name=([a-z0-9-]+) claims=\d+ interrupts=\d+ lost=0 twice=0 seconds=\d+\.\d$`)

// TestEveryStormHolds plays all of them, smaller than `make storm` does.
func TestEveryStormHolds(t *testing.T) {
	for _, s := range storm.Scenarios(few) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel() // most of them wait most of the time
			var out bytes.Buffer
			err := storm.ErrSlow
			for tries := 0; errors.Is(err, storm.ErrSlow) && tries < 3; tries++ {
				out.Reset()
				err = storm.Run(t.Context(), storm.Options{Out: &out, Scenarios: []storm.Scenario{s}, Bootstrap: bootstrap(t)})
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
		})
	}
}

func TestEveryScenarioIsThere(t *testing.T) {
	var names []string
	for _, s := range storm.Scenarios(storm.DefaultInstances) {
		names = append(names, s.Name)
		if s.Hosts != storm.DefaultInstances && !slices.Contains([]string{"race", "conflicts-race", "lost-answers", "killed", "dynamodb-down"}, s.Name) {
			t.Errorf("%s has %d hosts", s.Name, s.Hosts)
		}
	}
	want := []string{
		"default", "raised", "race", "clock-ahead", "clock-behind", "conflicts", "conflicts-race", "throttled-dynamodb",
		"lost-answers", "killed", "throttled-ec2", "paged", "new-ids", "dynamodb-down", "s3-down", "sns-down",
	}
	if !slices.Equal(names, want) {
		t.Errorf("scenarios %v", names)
	}
}

func TestAStormThatDoesNotHoldIsToldAndFails(t *testing.T) {
	s := storm.Scenarios(few)[0]
	s.Hosts, s.Expect.Claims, s.Expect.Rules = 20, 1, []string{"lever"}
	var out bytes.Buffer
	err := storm.Run(t.Context(), storm.Options{Out: &out, Scenarios: []storm.Scenario{s}, Bootstrap: bootstrap(t)})
	if !errors.Is(err, storm.ErrBroken) || !strings.Contains(out.String(), "BROKEN: exactly the claims that were to be: 0, not 1") ||
		!strings.Contains(out.String(), "BROKEN: refused by the expected rules alone: ") {
		t.Errorf("%v\n%s", err, &out)
	}
}

func TestAnInterruptedStormEndsAtOnce(t *testing.T) {
	s := storm.Scenarios(few)[0]
	s.Env = map[string]string{"CRASHCART_TABLE": ""} // the function never starts, so nothing is ever decided
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := storm.Run(ctx, storm.Options{Out: &bytes.Buffer{}, Scenarios: []storm.Scenario{s}, Bootstrap: bootstrap(t)})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
}
