package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"crashcart/lab"
	"crashcart/lab/fleet"
	"crashcart/lab/runtime"
	"crashcart/lambda/domain/config"
)

// hung is the id of the nth instance that has shown no life for a quarter of an hour.
func hung(n int) string { return fmt.Sprintf("i-0a1b2c3d4e5f%05x", n) }

// well is how many instances that live each of the hung ones has beside it: as many as
// tell how often the agents ping.
const well = 10

// world is a lab with that many hung instances. So that its silence counts, each has a
// subnet and an instance profile to itself, with others that are well.
func world(o lab.Options, sick int) (*lab.Lab, error) {
	l, err := lab.Start(o)
	if err != nil {
		return nil, err
	}
	for i := range sick {
		err = errors.Join(err, l.Fleet.Add(beside(i, i)), l.Fleet.Hang(hung(i), fleet.Dead, 15*time.Minute))
		for n := range well {
			err = errors.Join(err, l.Fleet.Add(beside(i, sick+well*i+n)))
		}
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// beside is the nth instance, in the subnet and with the profile of a hung one.
func beside(sick, n int) fleet.Spec {
	return fleet.Spec{
		ID: hung(n), Type: "m6i.large", Tags: map[string]string{config.TagKey: config.TagAuto}, LastPing: time.Minute,
		IP: fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255), Subnet: fmt.Sprintf("subnet-0%016x", sick), Profile: fmt.Sprintf("profile-%d", sick),
	}
}

// wired is the environment of the function in a lab, without limits on how often
// it may interrupt.
func wired(l *lab.Lab) map[string]string {
	env := l.Env()
	maps.Copy(env, l.Settings())
	maps.Copy(env, map[string]string{
		config.EnvMode: string(config.ModeAuto), config.EnvBudget: "1000", config.EnvRegionLimit: "100000",
	})
	return env
}

func function(l *lab.Lab, c candidate) (*runtime.Function, error) {
	return runtime.New(runtime.Config{
		Log: trouble, Path: c.path, Args: c.args, Name: "crashcart-interrupt", Region: l.Region, Account: l.Account, Env: wired(l), Clock: l.Clock,
		Timeout: config.FunctionTimeout,
	})
}

// trouble shows what a function says besides its log.
func trouble(line string) {
	if !strings.HasPrefix(line, "{") {
		fmt.Fprintln(os.Stderr, line)
	}
}

// request is a direct invoke for one instance.
func request(id string) []byte {
	return fmt.Appendf(nil, `{"instanceIds":[%q],"reason":"bench"}`, id)
}

// openedCase is a lab whose first instance has an open case.
func openedCase(ctx context.Context, c candidate) (*lab.Lab, error) {
	l, err := world(lab.Options{}, 1)
	if err != nil {
		return nil, err
	}
	if err := interruptOne(ctx, l, c); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func interruptOne(ctx context.Context, l *lab.Lab, c candidate) error {
	f, err := function(l, c)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, want := range []string{"interrupted", "duplicate"} {
		r, err := ask(ctx, f, request(hung(0)))
		if err != nil {
			return err
		}
		if err := expect(r, want); err != nil {
			return err
		}
	}
	return nil
}

// expect checks the outcome of the one target of an answer: what is measured must
// be what is said.
func expect(r runtime.Result, outcome string) error {
	var answer struct {
		Outcomes []struct {
			Outcome string `json:"outcome"`
			Why     string `json:"why"`
		} `json:"outcomes"`
	}
	if err := json.Unmarshal(r.Payload, &answer); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if len(answer.Outcomes) != 1 || answer.Outcomes[0].Outcome != outcome {
		return fmt.Errorf("the answer is %+v, want %s", answer.Outcomes, outcome)
	}
	return nil
}

func closing(l *lab.Lab, err *error) { *err = errors.Join(*err, l.Close()) }

// peak is the most memory that the function's one process has had, in bytes: the
// kernel's VmHWM ("proc_pid_status", Linux manual pages), since a resource usage
// would count the memory of the process that started it. Zero is unknown.
func peak(f *runtime.Function) int64 {
	var most int64
	for _, pid := range f.PIDs() {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return 0
		}
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		var kilobytes int64
		if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
			return 0
		}
		most = max(most, kilobytes<<10)
	}
	return most
}
