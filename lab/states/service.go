// Package states stands in for AWS Step Functions: one Standard state machine, its
// executions, and the part of the API that the follow-up calls.
//
// The machine is the very file that is deployed. Parse refuses whatever the interpreter
// does not carry out: a definition that runs here means the same at AWS.
//
// # Time
//
// Waits, the delays of a Retry and the execution's timeout pass in lab time. A task's
// timeout passes on the wall, since the function works there (see package runtime).
//
// # As unkind as AWS
//
// An execution that was closed keeps its name. Its history ends at 25,000 events, and the
// execution with it. A task that has timed out leaves its function running. With
// Config.Twice every task's function is invoked twice at the same time, and the answer
// that comes second is lost.
package states

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"crashcart/lab/clock"
)

// redrivable is for how long an ended execution can be started again ("Restarting state
// machine executions with redrive", AWS Step Functions Developer Guide).
const redrivable = 14 * 24 * time.Hour

// Answer is what a function answered. FunctionError is empty on success.
type Answer struct {
	Payload       []byte
	FunctionError string
}

// Refusal is an invocation that Lambda refused, by the code of its API.
type Refusal struct{ Code, Message string }

func (r *Refusal) Error() string { return r.Code + ": " + r.Message }

// Invoke calls a function, by its name or ARN. It is called from several goroutines.
type Invoke func(ctx context.Context, function string, payload []byte) (Answer, error)

// Config describes a state machine. Name, Clock and Invoke are required.
type Config struct {
	Name    string
	Region  string // default eu-central-1
	Account string // default 111122223333
	Clock   clock.Clock
	Invoke  Invoke
	Twice   bool // invoke every task's function twice at the same time
	Seed    uint64
}

// Service is one state machine with its executions. It is safe for concurrent use.
type Service struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	mu         sync.Mutex
	definition *Definition // nil until Create
	executions map[string]*execution
	order      []string // the executions' names, in the order of their start
	rng        *rand.Rand
}

// New prepares a state machine that does not exist yet. Close must be called.
func New(cfg Config) *Service {
	if cfg.Region == "" {
		cfg.Region = "eu-central-1"
	}
	if cfg.Account == "" {
		cfg.Account = "111122223333"
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Service{
		cfg: cfg, ctx: ctx, cancel: cancel, executions: map[string]*execution{},
		rng: rand.New(rand.NewPCG(cfg.Seed, cfg.Seed)), //nolint:gosec // must be the same in every run
	}
}

// ARN names the state machine.
func (s *Service) ARN() string { return s.arn("stateMachine", s.cfg.Name) }

func (s *Service) arn(parts ...string) string {
	return strings.Join(append([]string{"arn", "aws", "states", s.cfg.Region, s.cfg.Account}, parts...), ":")
}

// Create makes the state machine, or gives it another definition, which counts for the
// executions that start from now on and has no effect while others run.
func (s *Service) Create(d *Definition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.order, func(name string) bool { return s.executions[name].status == Running }) {
		return errors.New("the lab does not change a state machine while its executions run")
	}
	s.definition = d
	return nil
}

// Close ends every execution and waits until nothing of them is left.
func (s *Service) Close() {
	s.cancel(errShutdown)
	s.wg.Wait()
}

// Execution is how an execution stands, for the lab's own eyes.
type Execution struct {
	Name        string
	Status      Status
	Output      string
	Error       string
	Cause       string
	Started     time.Time // lab time
	Stopped     time.Time
	Events      int // of its history
	Transitions int // that AWS bills: one for the start, and for each state entered and each retry
	Invocations int // of functions
	Redrives    int
	Path        []string // the states that it entered
}

// Executions are all executions, in the order of their start.
func (s *Service) Executions() []Execution {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Execution
	for _, name := range s.order {
		e := s.executions[name]
		out = append(out, Execution{
			Name: e.name, Status: e.status, Output: e.output, Error: e.err, Cause: e.cause, Started: e.started, Stopped: e.stopped,
			Events: e.events, Transitions: e.transitions, Invocations: e.invocations, Redrives: e.redrives, Path: slices.Clone(e.path),
		})
	}
	return out
}

// Running is how many executions run.
func (s *Service) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, e := range s.executions {
		if e.status == Running {
			n++
		}
	}
	return n
}

// Await waits until the execution of that name has ended, or gives ctx's error.
func (s *Service) Await(ctx context.Context, name string) error {
	s.mu.Lock()
	e := s.executions[name]
	s.mu.Unlock()
	if e == nil {
		return fmt.Errorf("there is no execution %s", name)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ending(e):
		return nil
	}
}

func (s *Service) ending(e *execution) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return e.ended
}

// chance is a number from 0 up to 1.
func (s *Service) chance() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.Float64()
}

// launch lets an execution run from the state that it is in. The caller holds s.mu.
func (s *Service) launch(e *execution) {
	ctx, interrupt := context.WithCancelCause(s.ctx)
	e.status, e.interrupt, e.ended = Running, interrupt, make(chan struct{})
	e.transitions++
	over := make(<-chan time.Time)
	if limit := s.definition.TimeoutSeconds; limit > 0 {
		over = s.cfg.Clock.After(time.Duration(limit) * time.Second)
	}
	s.wg.Go(func() {
		select {
		case <-over:
			interrupt(errTooLong)
		case <-ctx.Done():
		}
	})
	s.wg.Go(func() {
		defer interrupt(nil)
		output, err := s.run(ctx, e)
		s.finish(e, output, err)
	})
}

// finish writes down how an execution has ended.
func (s *Service) finish(e *execution, output any, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(e.ended)
	e.events++
	e.stopped = s.cfg.Clock.Now()
	f, isFailure := errors.AsType[*failure](err)
	switch {
	case err == nil:
		e.status, e.output = Succeeded, string(encode(output))
	case isFailure:
		e.status, e.err, e.cause = Failed, f.name, f.cause
	case errors.Is(err, errTooLong):
		e.status = TimedOut
	default:
		e.status, e.err, e.cause = Aborted, e.stopErr, e.stopCause
	}
}
