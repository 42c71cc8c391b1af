package storm_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"crashcart/lab"
	"crashcart/lab/storm"
)

// few is how many instances the storms of these tests have. Package stormtest plays all
// of them.
const few = 60

// dir is the directory of this run of the tests.
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

// built are the real functions. They are built once, and not before a test asks for them:
// go test does not know what was read before m.Run, and would not run the storms again
// when a function has changed.
var built = sync.OnceValues(func() (storm.Options, error) {
	o := storm.Options{Bootstrap: filepath.Join(dir, "interrupt"), Followup: filepath.Join(dir, "followup")}
	return o, errors.Join(lab.Build(context.Background(), lab.Bootstrap, o.Bootstrap), lab.Build(context.Background(), lab.FollowupBootstrap, o.Followup))
})

// options are those of a run of one storm, which prints to out.
func options(t *testing.T, out io.Writer, s storm.Scenario) storm.Options {
	t.Helper()
	o, err := built()
	if err != nil {
		t.Fatal(err)
	}
	o.Out, o.Scenarios = out, []storm.Scenario{s}
	return o
}

func TestEveryScenarioIsThere(t *testing.T) {
	var names []string
	for _, s := range storm.Scenarios(storm.DefaultInstances) {
		names = append(names, s.Name)
		if s.Hosts != storm.DefaultInstances && !slices.Contains([]string{"race", "conflicts-race", "lost-answers", "killed", "followup-killed", "collect-killed", "dynamodb-down"}, s.Name) {
			t.Errorf("%s has %d hosts", s.Name, s.Hosts)
		}
	}
	want := []string{
		"default", "raised", "race", "clock-ahead", "clock-behind", "conflicts", "conflicts-race", "throttled-dynamodb",
		"lost-answers", "killed", "followup-killed", "collect-killed", "throttled-ec2", "paged", "new-ids", "dynamodb-down", "s3-down", "sns-down",
	}
	if !slices.Equal(names, want) {
		t.Errorf("scenarios %v", names)
	}
}

func TestAStormThatDoesNotHoldIsToldAndFails(t *testing.T) {
	s := storm.Scenarios(few)[0]
	s.Hosts, s.Expect.Claims, s.Expect.Rules = 20, 1, []string{"lever"}
	var out bytes.Buffer
	err := storm.Run(t.Context(), options(t, &out, s))
	if !errors.Is(err, storm.ErrBroken) || !strings.Contains(out.String(), "BROKEN: exactly the claims that were to be: 0, not 1") ||
		!strings.Contains(out.String(), "BROKEN: refused by the expected rules alone: ") {
		t.Errorf("%v\n%s", err, &out)
	}
}

func TestAnInterruptedStormEndsAtOnce(t *testing.T) {
	s := storm.Scenarios(few)[0]
	s.Env = map[string]string{"CRASHCART_TABLE": ""} // the function never starts, so nothing is ever decided
	o := options(t, &bytes.Buffer{}, s)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := storm.Run(ctx, o)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
}
