// Package runtime runs a Lambda bootstrap the way AWS Lambda does: as a process
// that asks the Runtime API for its next event and posts its answer back
// ("Using the Lambda runtime API for custom runtimes", AWS Lambda Developer
// Guide). The bootstrap is the very binary that is deployed; nothing in it knows
// of the lab.
//
// A Function keeps up to Config.Concurrency processes, each with a Runtime API
// endpoint of its own. A process takes one event at a time and is warm from the
// moment it asks for the next one, not from its answer: a bootstrap that panics
// reports an error and exits a moment later, and an event given to it in between
// would be lost. A process that misses its timeout is killed, as is one that
// neither asks nor exits. Every process has an access key of its own. Its AWS calls are
// known by that key, and Kill ends a process by it.
//
// Time here is wall-clock time, since the bootstrap lives in it: timeouts,
// deadlines, the ten seconds of init. Only the waits between the attempts of an
// asynchronous invocation are on the lab's clock.
package runtime

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"crashcart/lab/clock"
)

const (
	// initTimeout is what Lambda gives the init phase ("Understanding the Lambda
	// execution environment lifecycle", AWS Lambda Developer Guide).
	initTimeout = 10 * time.Second
	// lingerTimeout is how long a process that has answered may take to ask for
	// the next event or to exit. A bootstrap needs microseconds.
	lingerTimeout = 2 * time.Second
	// asyncAttempts and the waits between them: "How Lambda handles errors and
	// retries with asynchronous invocation", AWS Lambda Developer Guide.
	asyncAttempts = 3
)

var asyncWaits = []time.Duration{time.Minute, 2 * time.Minute}

// ErrClosed is given to invocations of a function that was closed.
var ErrClosed = errors.New("the function is closed")

// Config says what to run and how. Path and Name are required.
type Config struct {
	Path        string            // the bootstrap binary
	Args        []string          // its arguments; AWS passes none
	Name        string            // the function's name
	Region      string            // default eu-central-1
	Account     string            // default 111122223333
	MemoryMB    int               // default 128; the bootstrap reads it, nothing enforces it
	Timeout     time.Duration     // of one invocation, wall-clock; default 30 s
	Concurrency int               // processes at most; default 1
	Series      int               // of the processes' access keys, so that two functions have none in common
	Env         map[string]string // the function's environment
	Clock       clock.Clock       // for the waits of InvokeAsync; default real time
	Log         func(line string) // gets every line of the processes' output, one at a time; may be nil
	// Dropped gets the payload of an asynchronous invocation that failed for the
	// last time, as the failure destination would; may be nil.
	Dropped func(requestID string, payload []byte, last Result)
}

// Result is what an invocation gave. FunctionError is empty on success, else
// "Unhandled", as in Lambda's X-Amz-Function-Error header; Payload is then the
// error object.
type Result struct {
	Payload       []byte
	FunctionError string
	RequestID     string
	ColdStart     bool          // a process was started for it
	Init          time.Duration // spawn to first ask, on a cold start
	Duration      time.Duration // event handed over to answer
}

// Function is a deployed function. It is safe for concurrent use.
type Function struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup // processes, and asynchronous invocations

	logMu sync.Mutex

	mu        sync.Mutex
	idle      []*process
	alive     int
	spawned   int                 // since the beginning
	processes map[string]*process // those alive, by access key
	wake      chan struct{}       // closed and replaced when a process becomes idle or is gone
	closed    bool
}

// New prepares a function. No process runs before the first invocation. Close
// must be called.
func New(cfg Config) (*Function, error) {
	if cfg.Path == "" || cfg.Name == "" {
		return nil, errors.New("a function needs a path and a name")
	}
	cfg.Region = orDefault(cfg.Region, "eu-central-1")
	cfg.Account = orDefault(cfg.Account, "111122223333")
	cfg.MemoryMB = orDefault(cfg.MemoryMB, 128)
	cfg.Timeout = orDefault(cfg.Timeout, 30*time.Second)
	cfg.Concurrency = max(cfg.Concurrency, 1)
	if cfg.Clock == nil {
		cfg.Clock = clock.NewScaled(1)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Function{cfg: cfg, ctx: ctx, cancel: cancel, processes: map[string]*process{}, wake: make(chan struct{})}, nil
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Invoke runs the function once and gives its answer. The error is ctx's, or
// that the function could not be run at all; an error of the function is in the
// Result.
func (f *Function) Invoke(ctx context.Context, payload []byte) (Result, error) {
	return f.invoke(ctx, newRequestID(), payload)
}

// InvokeAsync queues an invocation as Lambda's Event type does, and gives its
// request id: at most two retries after function errors, one and two lab minutes
// apart, all under the same request id.
func (f *Function) InvokeAsync(payload []byte) (string, error) {
	id := newRequestID()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return "", ErrClosed
	}
	f.wg.Go(func() { f.attempts(id, slices.Clone(payload)) })
	return id, nil
}

func (f *Function) attempts(id string, payload []byte) {
	for n := range asyncAttempts {
		result, err := f.invoke(f.ctx, id, payload)
		if err == nil && result.FunctionError == "" {
			return
		}
		if n < len(asyncWaits) {
			if clock.Sleep(f.ctx, f.cfg.Clock, asyncWaits[n]) != nil {
				return
			}
		} else if f.cfg.Dropped != nil && f.ctx.Err() == nil {
			f.cfg.Dropped(id, payload, result)
		}
	}
}

func (f *Function) invoke(ctx context.Context, id string, payload []byte) (Result, error) {
	for {
		result, err := f.try(ctx, id, payload)
		if !errors.Is(err, errIdleDeath) {
			return result, err
		}
	}
}

// try is one attempt to have the event worked on.
func (f *Function) try(ctx context.Context, id string, payload []byte) (Result, error) {
	p, cold, err := f.acquire(ctx)
	if err != nil {
		return Result{}, err
	}
	result := Result{RequestID: id, ColdStart: cold}
	if cold {
		if failed := p.ready(ctx); failed != nil {
			result.Payload, result.FunctionError = failed, unhandled
			return result, ctx.Err()
		}
		result.Init = p.initTook
	}
	start := time.Now()
	result.Payload, result.FunctionError, err = p.run(ctx, id, payload)
	result.Duration = time.Since(start)
	return result, err
}

// acquire takes an idle process, or starts one if there is room, or waits.
func (f *Function) acquire(ctx context.Context) (p *process, cold bool, err error) {
	for {
		f.mu.Lock()
		if f.closed {
			f.mu.Unlock()
			return nil, false, ErrClosed
		}
		if n := len(f.idle); n > 0 {
			p, f.idle = f.idle[n-1], f.idle[:n-1]
			f.mu.Unlock()
			return p, false, nil
		}
		if f.alive < f.cfg.Concurrency {
			f.alive++
			p, err = f.start()
			if err != nil {
				f.alive--
			}
			f.mu.Unlock()
			return p, true, err
		}
		wake := f.wake
		f.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, false, fmt.Errorf("waiting for a free process of %s: %w", f.cfg.Name, ctx.Err())
		case <-f.ctx.Done():
			return nil, false, ErrClosed
		}
	}
}

// warm puts a process that asks for its next event where acquire finds it.
func (f *Function) warm(p *process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle = append(f.idle, p)
	f.stir()
}

// gone gives a process's place free.
func (f *Function) gone(p *process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle = slices.DeleteFunc(f.idle, func(q *process) bool { return q == p })
	delete(f.processes, p.key)
	f.alive--
	f.stir()
}

// stir wakes everything in acquire. The caller holds f.mu.
func (f *Function) stir() {
	close(f.wake)
	f.wake = make(chan struct{})
}

// newKey makes the access key of the next process, in the form of temporary
// credentials ("IAM identifiers", AWS Identity and Access Management User Guide:
// ASIA and sixteen more letters and digits). The caller holds f.mu.
func (f *Function) newKey() string {
	f.spawned++
	return fmt.Sprintf("%s%010d", f.keys(), f.spawned)
}

// keys is what the access keys of all the function's processes begin with.
func (f *Function) keys() string { return fmt.Sprintf("%s%03d", KeyPrefix, f.cfg.Series) }

// KeyPrefix is what the access keys of all processes of all functions begin with.
const KeyPrefix = "ASIALAB"

// Owns says whether that access key is of one of the function's processes, or was.
func (f *Function) Owns(accessKey string) bool { return strings.HasPrefix(accessKey, f.keys()) }

// Kill ends the process with that access key by SIGKILL, in the midst of its work, and
// returns when it is gone. It says whether there was such a process.
func (f *Function) Kill(accessKey string) bool {
	f.mu.Lock()
	p := f.processes[accessKey]
	delete(f.processes, accessKey)
	f.mu.Unlock()
	if p == nil {
		return false
	}
	p.kill()
	<-p.exited
	return true
}

// PIDs are the process ids of the processes that are alive.
func (f *Function) PIDs() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var pids []int
	for _, p := range f.processes {
		pids = append(pids, p.cmd.Process.Pid)
	}
	return pids
}

// Busy is how many processes are starting or working on an event.
func (f *Function) Busy() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.alive - len(f.idle)
}

// Close kills every process and waits until nothing of the function is left.
func (f *Function) Close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.cancel()
	f.wg.Wait()
}

// Name is the function's name.
func (f *Function) Name() string { return f.cfg.Name }

// ARN names the function in the whole of AWS.
func (f *Function) ARN() string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", f.cfg.Region, f.cfg.Account, f.cfg.Name)
}

func (f *Function) log(line string) {
	if f.cfg.Log == nil {
		return
	}
	f.logMu.Lock()
	defer f.logMu.Unlock()
	f.cfg.Log(strings.TrimRight(line, "\r\n"))
}

// newRequestID is a random UUID, the form of Lambda's request ids.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// unhandled is the only function error that an OS-only runtime gives.
const unhandled = "Unhandled"

// errorPayload is Lambda's error object for what the bootstrap cannot report itself.
func errorPayload(errorType, message string) []byte {
	b, err := json.Marshal(map[string]string{"errorType": errorType, "errorMessage": message})
	if err != nil { // two strings always marshal
		return []byte(`{}`)
	}
	return b
}
