package states

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// Defaults of a Retry and of a Task ("Handling errors in Step Functions workflows" and
// "Task workflow state", AWS Step Functions Developer Guide).
const (
	defaultInterval = 1
	defaultBackoff  = 2.0
	defaultAttempts = 3
	maxTask         = 99999999
)

// task invokes the function until it answers, and gives what comes of it.
func (s *Service) task(ctx context.Context, e *execution, state *State, input any) (output any, next string, err error) {
	tried := make([]int, len(state.Retry))
	for {
		output, err = s.attempt(ctx, e, state, input)
		var f *failure
		switch {
		case ctx.Err() != nil:
			return nil, "", context.Cause(ctx)
		case err == nil:
			return output, state.Next, nil
		case !errors.As(err, &f):
			return nil, "", err
		}
		delay, again := s.delay(state, tried, f)
		if !again {
			return caught(state, input, f)
		}
		s.retried(e)
		if err := s.sleep(ctx, delay); err != nil {
			return nil, "", err
		}
	}
}

// retried counts a retry, which costs as much as entering a state.
func (s *Service) retried(e *execution) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.transitions++
}

// attempt is one invocation, with its three events: scheduled, started, and ended.
func (s *Service) attempt(ctx context.Context, e *execution, state *State, input any) (any, error) {
	for range 2 {
		if err := s.event(e); err != nil {
			return nil, err
		}
	}
	result, failed := s.invoke(ctx, e, state, input)
	if err := s.event(e); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, failed
	}
	output := result
	var err error
	if state.ResultPath != nil {
		if output, err = with(input, *state.ResultPath, result); err != nil {
			return nil, fatal("%v", err)
		}
	}
	if state.OutputPath != nil {
		if output, err = at(output, *state.OutputPath); err != nil {
			return nil, fatal("%v", err)
		}
	}
	return output, nil
}

// invoke calls the function. Its timeout is on the wall, since the function works there.
// A call that takes longer is given up and not ended, as at AWS.
func (s *Service) invoke(ctx context.Context, e *execution, state *State, input any) (any, error) {
	filled, err := fill(state.Parameters, input)
	if err != nil {
		return nil, fatal("%v", err)
	}
	parameters, isObject := filled.(map[string]any)
	name, isText := parameters["FunctionName"].(string)
	if !isObject || !isText {
		return nil, fatal("the function's name is no text")
	}
	seconds := state.TimeoutSeconds
	if seconds == 0 {
		seconds = maxTask
	}
	late := time.NewTimer(time.Duration(seconds) * time.Second)
	defer late.Stop()
	select {
	case a := <-s.call(e, name, encode(parameters["Payload"])):
		return a.result()
	case <-late.C:
		return nil, &failure{errTimeout, fmt.Sprintf("the task took longer than %d s", seconds)}
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// answered is what came of an invocation.
type answered struct {
	Answer
	err error
}

// call invokes the function in the background, for as long as the service is there. With
// Config.Twice it is invoked twice at the same time, and one of the answers is lost.
func (s *Service) call(e *execution, name string, payload []byte) <-chan answered {
	answers := make(chan answered, 2)
	times := 1
	if s.cfg.Twice {
		times = 2
	}
	s.mu.Lock()
	e.invocations += times
	s.mu.Unlock()
	for range times {
		s.wg.Go(func() {
			a, err := s.cfg.Invoke(s.ctx, name, payload)
			answers <- answered{a, err}
		})
	}
	return answers
}

// result is the task's result, in the form of the Lambda API's answer.
func (a answered) result() (any, error) {
	if a.err != nil {
		if r, ok := errors.AsType[*Refusal](a.err); ok {
			return nil, &failure{"Lambda." + r.Code, r.Message}
		}
		return nil, &failure{"Lambda.SdkClientException", a.err.Error()}
	}
	if a.FunctionError != "" {
		var thrown struct {
			ErrorType string `json:"errorType"`
		}
		if json.Unmarshal(a.Payload, &thrown) != nil || thrown.ErrorType == "" {
			thrown.ErrorType = "Lambda.Unknown"
		}
		return nil, &failure{thrown.ErrorType, string(a.Payload)}
	}
	payload, err := decode(a.Payload)
	if err != nil {
		return nil, fatal("the function's answer is no JSON: %v", err)
	}
	return map[string]any{"ExecutedVersion": "$LATEST", "StatusCode": json.Number("200"), "Payload": payload}, nil
}

// delay says whether the error is to be tried again, and after what time.
func (s *Service) delay(state *State, tried []int, f *failure) (time.Duration, bool) {
	for i, r := range state.Retry {
		if !matches(r.ErrorEquals, f) {
			continue
		}
		most := defaultAttempts
		if r.MaxAttempts != nil {
			most = *r.MaxAttempts
		}
		if tried[i] >= most {
			return 0, false
		}
		seconds, rate := float64(r.IntervalSeconds), r.BackoffRate
		if seconds == 0 {
			seconds = defaultInterval
		}
		if rate == 0 {
			rate = defaultBackoff
		}
		seconds *= math.Pow(rate, float64(tried[i]))
		if r.MaxDelaySeconds > 0 {
			seconds = min(seconds, float64(r.MaxDelaySeconds))
		}
		if r.JitterStrategy == "FULL" {
			seconds *= s.chance()
		}
		tried[i]++
		return time.Duration(seconds * float64(time.Second)), true
	}
	return 0, false
}

// caught is where an error leads that is not tried again.
func caught(state *State, input any, f *failure) (output any, next string, err error) {
	for _, c := range state.Catch {
		if !matches(c.ErrorEquals, f) {
			continue
		}
		path := c.ResultPath
		if path == "" {
			path = "$"
		}
		output, err = with(input, path, map[string]any{"Error": f.name, "Cause": f.cause})
		if err != nil {
			return nil, "", fatal("%v", err)
		}
		return output, c.Next, nil
	}
	return nil, "", f
}

// wholeNumber reads a number of seconds, which is not negative.
func wholeNumber(v any) (int64, error) {
	n, isNumber := v.(json.Number)
	if !isNumber {
		return 0, fmt.Errorf("%v is no number", v)
	}
	whole, err := n.Int64()
	if err != nil || whole < 0 || whole > maxTask {
		return 0, fmt.Errorf("%s is no number of seconds", n)
	}
	return whole, nil
}
