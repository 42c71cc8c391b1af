package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"crashcart/lab/clock"
	"crashcart/lab/runtime"
)

// TestMain is the bootstrap under test when the lab runs this binary as one.
func TestMain(m *testing.M) {
	switch os.Getenv("LAB_BOOTSTRAP") {
	case "":
		os.Exit(m.Run())
	case "init-panics":
		panic("no configuration")
	case "init-exits":
		os.Exit(3)
	default:
		lambda.Start(bootstrap)
	}
}

type order struct{ Do, Say string }

type report struct {
	Say, ARN, Region, Endpoint, Proxy, Inherited, Key string
	PID                                               int
	Left                                              time.Duration
}

func bootstrap(ctx context.Context, o order) (report, error) {
	fmt.Println("a line on stdout:", o.Say)
	switch o.Do {
	case "fail":
		return report{}, errors.New("asked to fail")
	case "panic":
		panic("asked to panic")
	case "exit":
		os.Exit(7)
	case "hang":
		select {}
	}
	deadline, _ := ctx.Deadline()
	lc, _ := lambdacontext.FromContext(ctx)
	return report{
		Say: o.Say, ARN: lc.InvokedFunctionArn, Region: os.Getenv("AWS_REGION"), Endpoint: os.Getenv("AWS_ENDPOINT_URL"),
		Proxy: os.Getenv("HTTPS_PROXY"), Inherited: os.Getenv("AWS_PROFILE"), Key: os.Getenv("AWS_ACCESS_KEY_ID"), PID: os.Getpid(), Left: time.Until(deadline),
	}, nil
}

func deploy(t *testing.T, mode string, change func(*runtime.Config)) *runtime.Function {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := runtime.Config{
		Path: path, Name: "crashcart-interrupt", Timeout: 5 * time.Second,
		Env: map[string]string{"LAB_BOOTSTRAP": mode, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
	}
	if change != nil {
		change(&cfg)
	}
	f, err := runtime.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

func invoke(t *testing.T, f *runtime.Function, o order) (runtime.Result, report) {
	t.Helper()
	payload, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	result, err := f.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatalf("invoke: %v", err)
	}
	var out report
	if result.FunctionError == "" {
		if err := json.Unmarshal(result.Payload, &out); err != nil {
			t.Fatalf("%s: %v", result.Payload, err)
		}
	}
	return result, out
}

func TestABootstrapLivesInLambdasEnvironmentAndNoOther(t *testing.T) {
	t.Setenv("AWS_PROFILE", "someones-own")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	var lines []string
	f := deploy(t, "run", func(c *runtime.Config) { c.Log = func(l string) { lines = append(lines, l) } })
	first, got := invoke(t, f, order{Say: "hello"})
	if got.Say != "hello" || got.Region != "eu-central-1" || got.Endpoint != "http://127.0.0.1:9" ||
		got.ARN != "arn:aws:lambda:eu-central-1:111122223333:function:crashcart-interrupt" || got.Left <= 0 || got.Left > 5*time.Second {
		t.Errorf("the bootstrap saw %+v", got)
	}
	if got.Proxy != "" || got.Inherited != "" {
		t.Errorf("inherited proxy %q, profile %q", got.Proxy, got.Inherited)
	}
	second, again := invoke(t, f, order{})
	if !first.ColdStart || first.Init <= 0 || second.ColdStart || again.PID != got.PID {
		t.Errorf("cold %v then %v, pids %d and %d: want one process kept warm", first.ColdStart, second.ColdStart, got.PID, again.PID)
	}
	f.Close()
	if !strings.Contains(strings.Join(lines, "\n"), "a line on stdout: hello") {
		t.Errorf("log lines: %q", lines)
	}
}

func TestAFailureIsToldAndTheNextInvokeNeverWaitsForIt(t *testing.T) {
	f := deploy(t, "run", func(c *runtime.Config) { c.Timeout = time.Second })
	for _, c := range []struct{ do, want string }{
		{"fail", "asked to fail"}, {"panic", "asked to panic"}, {"exit", "exit status 7"}, {"hang", "Task timed out after 1.00 seconds"},
	} {
		t.Run(c.do, func(t *testing.T) {
			result, _ := invoke(t, f, order{Do: c.do})
			if result.FunctionError != "Unhandled" || !strings.Contains(string(result.Payload), c.want) {
				t.Errorf("%s %s, want %q", result.FunctionError, result.Payload, c.want)
			}
			// At once: a panicking bootstrap has reported its error but not exited.
			start := time.Now()
			if _, got := invoke(t, f, order{Say: "after"}); got.Say != "after" {
				t.Errorf("the next invoke gave %+v", got)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("the next invoke took %s", took)
			}
		})
	}
}

func TestAnInitThatFailsIsTheAnswer(t *testing.T) {
	for mode, want := range map[string]string{"init-panics": "exit status 2", "init-exits": "exit status 3"} {
		result, _ := invoke(t, deploy(t, mode, nil), order{})
		if result.FunctionError == "" || !strings.Contains(string(result.Payload), want) {
			t.Errorf("%s: %s %s", mode, result.FunctionError, result.Payload)
		}
	}
	f := deploy(t, "run", func(c *runtime.Config) { c.Path += "-missing" })
	if _, err := f.Invoke(t.Context(), []byte("{}")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing binary gave %v", err)
	}
}

func TestNeverMoreProcessesThanConcurrency(t *testing.T) {
	f := deploy(t, "run", func(c *runtime.Config) { c.Concurrency = 2 })
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		pids = map[int]int{}
	)
	for n := range 12 {
		wg.Go(func() {
			result, err := f.Invoke(t.Context(), fmt.Appendf(nil, `{"Say":"%d"}`, n))
			var got report
			if err != nil || json.Unmarshal(result.Payload, &got) != nil || got.Say != fmt.Sprint(n) {
				t.Errorf("invoke %d: %v, %s", n, err, result.Payload)
			}
			mu.Lock()
			pids[got.PID]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if len(pids) > 2 {
		t.Errorf("12 invokes ran in %d processes, want at most 2", len(pids))
	}
}

func TestAsyncTriesThreeTimesOnTheLabsClock(t *testing.T) {
	c := clock.NewManual(time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC))
	tries, dropped := make(chan string, 9), make(chan string, 1)
	f := deploy(t, "run", func(cfg *runtime.Config) {
		cfg.Clock = c
		cfg.Log = func(l string) {
			if strings.HasPrefix(l, "a line on stdout") { // not the runtime's own line about the error
				tries <- l
			}
		}
		cfg.Dropped = func(id string, _ []byte, last runtime.Result) { dropped <- id + " " + last.RequestID }
	})
	id, err := f.InvokeAsync([]byte(`{"Do":"fail","Say":"async"}`))
	if err != nil {
		t.Fatal(err)
	}
	for n, wait := range []time.Duration{time.Minute, 2 * time.Minute, 0} {
		if got := <-tries; !strings.Contains(got, "async") {
			t.Fatalf("try %d logged %q", n, got)
		}
		if wait == 0 {
			break
		}
		for c.Waiting() == 0 { // until the answer is in
			time.Sleep(time.Millisecond)
		}
		c.Advance(wait - time.Second)
		if len(tries) != 0 {
			t.Errorf("try %d came before its wait was over", n+1)
		}
		c.Advance(time.Second)
	}
	if got := <-dropped; got != id+" "+id {
		t.Errorf("dropped %q, want request id %s throughout", got, id)
	}
}

func TestCloseLeavesNoProcess(t *testing.T) {
	f := deploy(t, "run", nil)
	_, got := invoke(t, f, order{})
	f.Close()
	if err := syscall.Kill(got.PID, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d after Close: %v", got.PID, err)
	}
	if _, err := f.Invoke(t.Context(), []byte("{}")); !errors.Is(err, runtime.ErrClosed) {
		t.Errorf("invoke after Close: %v", err)
	}
	if _, err := f.InvokeAsync(nil); !errors.Is(err, runtime.ErrClosed) {
		t.Errorf("async invoke after Close: %v", err)
	}
}

func TestAnAbandonedInvokeKillsItsProcess(t *testing.T) {
	f := deploy(t, "run", nil)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := f.Invoke(ctx, []byte(`{"Do":"hang"}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
	if _, got := invoke(t, f, order{Say: "fresh"}); got.Say != "fresh" {
		t.Errorf("afterwards: %+v", got)
	}
}
