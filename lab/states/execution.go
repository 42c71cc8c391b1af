package states

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Status is how an execution stands.
type Status string

// The statuses of an execution.
const (
	Running   Status = "RUNNING"
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
	TimedOut  Status = "TIMED_OUT"
	Aborted   Status = "ABORTED"
)

// Names of errors ("Handling errors in Step Functions workflows", AWS Step Functions
// Developer Guide).
const (
	errAll        = "States.ALL"
	errTimeout    = "States.Timeout"
	errTaskFailed = "States.TaskFailed"
	errRuntime    = "States.Runtime"
	errDataLimit  = "States.DataLimitExceeded"
	errNoChoice   = "States.NoChoiceMatched"
)

// Quotas of a Standard workflow ("Service quotas", AWS Step Functions Developer Guide).
const (
	maxEvents = 25_000  // of an execution's history
	maxData   = 256_000 // characters of a state's input or output; AWS says 256 KiB
)

// failure is an error of the language, with its name.
type failure struct{ name, cause string }

func (f *failure) Error() string { return f.name + ": " + f.cause }

func fatal(format string, args ...any) *failure {
	return &failure{errRuntime, fmt.Sprintf(format, args...)}
}

// What ends an execution from without: causes of its context.
var (
	errAborted  = errors.New("the execution was stopped")
	errTooLong  = errors.New("the execution ran for longer than its machine allows")
	errShutdown = errors.New("the lab is closing")
)

// execution is one execution. Its fields are the service's to lock.
type execution struct {
	name, arn, input string

	status       Status
	output       string
	err, cause   string
	started      time.Time
	stopped      time.Time
	events       int
	transitions  int
	invocations  int
	redrives     int
	path         []string // the states it entered
	interrupt    context.CancelCauseFunc
	state        string // which it is in, and with what input
	data         any
	ended        chan struct{} // closed when it is no longer running
	stopErr      string
	stopCause    string
	lastRedriven time.Time
}

// run carries an execution out from the state that it is in. It gives the output.
func (s *Service) run(ctx context.Context, e *execution) (any, error) {
	for {
		name, input, err := s.enter(e)
		if err != nil {
			return nil, err
		}
		state := s.definition.States[name]
		output, next, err := s.step(ctx, e, state, input)
		switch {
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case err != nil:
			return nil, err
		case len(encode(output)) > maxData:
			return nil, &failure{errDataLimit, fmt.Sprintf("the output of %s is longer than %d", name, maxData)}
		}
		if err := s.event(e); err != nil { // left
			return nil, err
		}
		if next == "" {
			return output, nil
		}
		s.goTo(e, next, output)
	}
}

// enter counts that the execution enters its state.
func (s *Service) enter(e *execution) (state string, input any, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.transitions++
	e.path = append(e.path, e.state)
	return e.state, e.data, e.happened()
}

func (s *Service) goTo(e *execution, state string, data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.state, e.data = state, data
}

// event counts one event of the history.
func (s *Service) event(e *execution) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return e.happened()
}

// happened counts one event. The caller holds the service's lock.
func (e *execution) happened() error {
	if e.events++; e.events >= maxEvents {
		return fatal("The execution reached the maximum number of history events (%d).", maxEvents)
	}
	return nil
}

// step carries one state out. No next state means that the execution has ended well.
func (s *Service) step(ctx context.Context, e *execution, state *State, input any) (output any, next string, err error) {
	switch state.Type {
	case "Task":
		return s.task(ctx, e, state, input)
	case "Choice":
		next, err = choose(state, input)
		return input, next, err
	case "Wait":
		return input, state.Next, s.wait(ctx, state, input)
	case "Fail":
		return nil, "", &failure{state.Error, state.Cause}
	}
	return input, "", nil // Succeed
}

func choose(state *State, input any) (string, error) {
	for _, c := range state.Choices {
		v, err := at(input, c.Variable)
		if err != nil {
			return "", fatal("Invalid path '%s': the choice state's condition path references an invalid value", c.Variable)
		}
		if is, ok := v.(bool); ok && is == *c.BooleanEquals {
			return c.Next, nil
		}
	}
	if state.Default == "" {
		return "", &failure{errNoChoice, "no rule of the choice matches"}
	}
	return state.Default, nil
}

// wait lets lab time pass.
func (s *Service) wait(ctx context.Context, state *State, input any) error {
	seconds := 0.0
	if state.Seconds != nil {
		seconds = float64(*state.Seconds)
	} else {
		v, err := at(input, state.SecondsPath)
		if err != nil {
			return fatal("%v", err)
		}
		whole, err := wholeNumber(v)
		if err != nil {
			return fatal("The SecondsPath parameter does not reference an integer value: %v", err)
		}
		seconds = float64(whole)
	}
	return s.sleep(ctx, time.Duration(seconds*float64(time.Second)))
}

// sleep gives what ended the execution, if anything did before the time was over.
func (s *Service) sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.cfg.Clock.After(d):
		return nil
	}
}

// matches says whether a Retry or Catch is for an error. States.ALL is not for what
// cannot be caught.
func matches(errs []string, f *failure) bool {
	return slices.ContainsFunc(errs, func(e string) bool {
		switch e {
		case errAll:
			return f.name != errRuntime && f.name != errDataLimit
		case errTaskFailed:
			return f.name != errTimeout && f.name != errRuntime && f.name != errDataLimit
		}
		return e == f.name
	})
}
