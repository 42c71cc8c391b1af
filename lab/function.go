package lab

import (
	"context"
	"errors"
	"maps"
	"time"

	"crashcart/lab/runtime"
	"crashcart/lab/sqs"
	"crashcart/lambda/domain/config"
)

// Function is a bootstrap to deploy. Path is required.
type Function struct {
	Path        string            // the binary
	Args        []string          // its arguments; AWS passes none
	Name        string            // default crashcart-interrupt
	Env         map[string]string // besides Lab.Env, Lab.Settings and Lambda's own
	Timeout     time.Duration     // wall-clock; default config.FunctionTimeout
	MemoryMB    int
	Concurrency int               // processes, and batches of the queue under way; default 2
	Log         func(line string) // gets every line of output; may be nil
	// Invoked gets every answer of the function, to the queue and to Invoke alike,
	// with the event; may be nil. It is called from several goroutines.
	Invoked func(event []byte, result runtime.Result)
}

// Deploy runs the bootstrap under the Lambda Runtime API and lets it take the
// queue's messages. A lab has one function; deploying again replaces it. An
// asynchronous invocation that fails three times ends in DeadLetters.
func (l *Lab) Deploy(f Function) error {
	env := l.Env()
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		delete(env, name) // every process has its own
	}
	maps.Copy(env, l.Settings())
	maps.Copy(env, f.Env)
	if f.Name == "" {
		f.Name = functionName
	}
	if f.Concurrency == 0 {
		f.Concurrency = 2
	}
	if f.Timeout == 0 {
		f.Timeout = config.FunctionTimeout
	}
	function, err := runtime.New(runtime.Config{
		Path: f.Path, Args: f.Args, Name: f.Name, Region: l.Region, Account: l.Account, MemoryMB: f.MemoryMB,
		Timeout: f.Timeout, Concurrency: f.Concurrency, Env: env, Clock: l.Clock, Log: f.Log,
		Dropped: func(_ string, payload []byte, _ runtime.Result) { l.DeadLetters.Send(string(payload), nil, 0) },
	})
	if err != nil {
		return err
	}
	mapping := sqs.Map(l.Queue, f.Concurrency, func(ctx context.Context, event []byte) ([]byte, error) {
		result, err := function.Invoke(ctx, event)
		if err != nil {
			return nil, err
		}
		if f.Invoked != nil {
			f.Invoked(event, result)
		}
		if result.FunctionError != "" {
			return nil, errors.New(string(result.Payload))
		}
		return result.Payload, nil
	})
	l.mu.Lock()
	oldMapping, oldFunction := l.mapping, l.function
	l.mapping, l.function = mapping, function
	l.mu.Unlock()
	l.Stacks.Put(l.stack(f.Name))
	if oldMapping != nil {
		oldMapping.Close()
		oldFunction.Close()
	}
	return nil
}

// Invoke calls the function as a person does with the Lambda API, and waits.
func (l *Lab) Invoke(ctx context.Context, payload []byte) (runtime.Result, error) {
	f, err := l.deployed()
	if err != nil {
		return runtime.Result{}, err
	}
	return f.Invoke(ctx, payload)
}

// InvokeAsync calls the function as an alarm action does: queued, with at most
// two retries. It gives the request id.
func (l *Lab) InvokeAsync(payload []byte) (string, error) {
	f, err := l.deployed()
	if err != nil {
		return "", err
	}
	return f.InvokeAsync(payload)
}

// Busy is how many of the function's processes are starting or working on an event.
func (l *Lab) Busy() int {
	f, err := l.deployed()
	if err != nil {
		return 0
	}
	return f.Busy()
}

// Kill ends the function's process that calls AWS with that access key, by SIGKILL, in
// the midst of its work. It says whether there was such a process.
func (l *Lab) Kill(accessKey string) bool {
	f, err := l.deployed()
	return err == nil && f.Kill(accessKey)
}

func (l *Lab) deployed() (*runtime.Function, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.function == nil {
		return nil, errors.New("no function is deployed in the lab")
	}
	return l.function, nil
}
