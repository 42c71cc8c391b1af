package lab

import (
	"context"
	"errors"
	"maps"
	"slices"
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
	Queue       *sqs.Queue        // whose messages it gets; default Lab.Queue
	Settings    map[string]string // where things are in the lab; default Lab.Settings
	Env         map[string]string // besides Lab.Env, Settings and Lambda's own
	Timeout     time.Duration     // wall-clock; default config.FunctionTimeout
	MemoryMB    int
	Concurrency int               // processes, and batches of the queue under way; default 2
	Log         func(line string) // gets every line of output; may be nil
	// Invoked gets every answer of the function, to the queue and to Invoke alike,
	// with the event; may be nil. It is called from several goroutines.
	Invoked func(event []byte, result runtime.Result)
}

// deployment is a function with the queue that it takes its messages from.
type deployment struct {
	function *runtime.Function
	mapping  *sqs.Mapping
}

func (d deployment) close() {
	d.mapping.Close()
	d.function.Close()
}

// Deploy runs the bootstrap under the Lambda Runtime API and lets it take the messages of
// its queue. A queue has one function; deploying another one for it replaces the first.
// An asynchronous invocation that fails three times ends in the queue's dead letters.
func (l *Lab) Deploy(f Function) error {
	f = l.filled(f)
	l.mu.Lock()
	l.series++
	series := l.series
	l.mu.Unlock()
	function, err := runtime.New(runtime.Config{
		Path: f.Path, Args: f.Args, Name: f.Name, Region: l.Region, Account: l.Account, MemoryMB: f.MemoryMB, Series: series,
		Timeout: f.Timeout, Concurrency: f.Concurrency, Env: l.environment(f), Clock: l.Clock, Log: f.Log,
		Dropped: func(_ string, payload []byte, _ runtime.Result) { l.dead(f.Queue).Send(string(payload), nil, 0) },
	})
	if err != nil {
		return err
	}
	mapping := sqs.Map(f.Queue, f.Concurrency, func(ctx context.Context, event []byte) ([]byte, error) {
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
	old, replaced := l.functions[f.Queue]
	l.functions[f.Queue] = deployment{function, mapping}
	l.mu.Unlock()
	if f.Queue == l.Queue {
		l.Stacks.Put(l.stack(f.Name))
	}
	if replaced {
		old.close()
	}
	return nil
}

func (l *Lab) filled(f Function) Function {
	if f.Name == "" {
		f.Name = functionName
	}
	if f.Queue == nil {
		f.Queue = l.Queue
	}
	if f.Settings == nil {
		f.Settings = l.Settings()
	}
	if f.Concurrency == 0 {
		f.Concurrency = 2
	}
	if f.Timeout == 0 {
		f.Timeout = config.FunctionTimeout
	}
	return f
}

// environment is what a function finds in its environment, Lambda's own variables apart.
func (l *Lab) environment(f Function) map[string]string {
	env := l.Env()
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} {
		delete(env, name) // every process has its own
	}
	maps.Copy(env, f.Settings)
	maps.Copy(env, f.Env)
	return env
}

// dead is the dead-letter queue of a function's queue.
func (l *Lab) dead(queue *sqs.Queue) *sqs.Queue {
	if queue == l.FollowupQueue {
		return l.FollowupDead
	}
	return l.DeadLetters
}

// Invoke calls the intake queue's function as a person does with the Lambda API, and waits.
func (l *Lab) Invoke(ctx context.Context, payload []byte) (runtime.Result, error) {
	f, err := l.deployed(l.Queue)
	if err != nil {
		return runtime.Result{}, err
	}
	return f.Invoke(ctx, payload)
}

// InvokeAsync calls the intake queue's function as an alarm action does: queued, with at
// most two retries. It gives the request id.
func (l *Lab) InvokeAsync(payload []byte) (string, error) {
	f, err := l.deployed(l.Queue)
	if err != nil {
		return "", err
	}
	return f.InvokeAsync(payload)
}

// Busy is how many processes of the intake queue's function are starting or working on
// an event.
func (l *Lab) Busy() int {
	f, err := l.deployed(l.Queue)
	if err != nil {
		return 0
	}
	return f.Busy()
}

// Kill ends the process that calls AWS with that access key, whatever its function, by
// SIGKILL, in the midst of its work, and its session, with the URLs that it has signed. AWS
// does not say how long those last. It says whether there was such a process.
func (l *Lab) Kill(accessKey string) bool {
	l.mu.Lock()
	l.ended[accessKey] = time.Now()
	l.mu.Unlock()
	return slices.ContainsFunc(l.allFunctions(), func(f *runtime.Function) bool { return f.Kill(accessKey) })
}

// deployed is the function that gets a queue's messages.
func (l *Lab) deployed(queue *sqs.Queue) (*runtime.Function, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d, ok := l.functions[queue]
	if !ok {
		return nil, errors.New("no function is deployed for the lab's queue " + queue.Name())
	}
	return d.function, nil
}

// allFunctions are the functions that are deployed, in no order.
func (l *Lab) allFunctions() []*runtime.Function {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []*runtime.Function
	for _, d := range l.functions {
		out = append(out, d.function)
	}
	return out
}
